import { tmpdir } from "node:os";
import type { CommandEnvironment } from "../../../src/cli/CommandEnvironment.js";

/** A command's environment whose outputs are kept. */
export interface TestEnvironment extends CommandEnvironment {
  readonly out: () => string;
  readonly err: () => string;
}

export function testEnvironment(changes: Partial<CommandEnvironment> = {}): TestEnvironment {
  const written = { out: "", err: "" };
  const output = (name: "out" | "err") => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  return {
    stdout: output("out"),
    stderr: output("err"),
    readInput: () => Promise.resolve(""),
    variables: {},
    wallTime: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    stop: new AbortController().signal,
    stopNow: new AbortController().signal,
    onSignal: () => () => undefined,
    temporaryFolder: tmpdir(),
    processId: 4711,
    ...changes,
    out: () => written.out,
    err: () => written.err,
  };
}
