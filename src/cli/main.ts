#!/usr/bin/env node
import { tmpdir } from "node:os";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { reportFailure } from "./reportFailure.js";
import { runCli } from "./runCli.js";

const args = process.argv.slice(2);

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => stop.abort(new Error(`${signal} received`)));
}
// A reader that has gone (`muster … | head`) is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const environment: CommandEnvironment = {
  stdout: process.stdout,
  stderr: process.stderr,
  variables: process.env,
  wallTime: Date.now,
  stop: stop.signal,
  temporaryFolder: tmpdir(),
  processId: process.pid,
};
// Also what no command could catch ends with a report and its status.
process.on("uncaughtException", (error) => process.exit(reportFailure(error, args, environment)));

process.exitCode = await runCli(args, environment);
