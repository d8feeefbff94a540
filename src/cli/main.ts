#!/usr/bin/env node
import { constants, tmpdir } from "node:os";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { commandLine } from "./commandLine.js";
import { readInput } from "./readInput.js";
import { reportFailure } from "./reportFailure.js";
import { runCli } from "./runCli.js";

const args = commandLine(process.argv, process.env);

const stop = new AbortController();
const stopNow = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) {
      stop.abort(new Error(`${signal} received`));
      return;
    }
    stopNow.abort(new Error(`${signal} received again`));
    process.exit(128 + constants.signals[signal]);
  });
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
  readInput: (mostBytes) => readInput(process.stdin, mostBytes),
  variables: process.env,
  wallTime: Date.now,
  stop: stop.signal,
  stopNow: stopNow.signal,
  onSignal: (signal, listener) => {
    process.on(signal, listener);
    return () => process.off(signal, listener);
  },
  temporaryFolder: tmpdir(),
  processId: process.pid,
};
// Also what no command could catch ends with a report and its status.
process.on("uncaughtException", (error) => process.exit(reportFailure(error, args, environment)));

process.exitCode = await runCli(args, environment);
