import { open } from "node:fs/promises";
import type { Command } from "commander";
import { ALL_MACHINES } from "../../machines/allMachines.js";
import { parseTraceRecord } from "../node/trace/parseTraceRecord.js";
import { TraceCheck } from "../node/trace/TraceCheck.js";
import type { TraceRecord } from "../node/trace/TraceLine.js";
import type { CommandEnvironment } from "./CommandEnvironment.js";
import { CommandFailure } from "./CommandFailure.js";
import { traceSelection, type SelectionOptions } from "./trace/traceSelection.js";
import { changeText, headerText, processTable, spanText, stateTable } from "./trace/traceStory.js";
import { TraceSummary } from "./trace/TraceSummary.js";

/** Mistakes that are listed below the story; more are only counted. */
const LISTED_MISTAKES = 20;

interface TraceOptions extends SelectionOptions {
  readonly json: boolean;
}

/** `muster trace FILE` (interface.md): a recorded trace as a story, checked against the machines. */
export function register(program: Command, environment: CommandEnvironment): void {
  program
    .command("trace")
    .description("tell a recorded trace as a story, and check it against the machines; status 1 when it can't be true")
    .argument("<file>", "what `muster run --trace FILE` wrote")
    .option("--peer <name...>", "only what concerns these workers")
    .option("--machine <name...>", "only these machines")
    .option("--from <time>", "from here on: seconds since the trace began, or an instant")
    .option("--to <time>", "up to here")
    .option("--json", "one JSON object a line: each change of state with its time in the state before, mistakes, a summary", false)
    .addHelpText("after", "\nOptions select what is told; what is checked is always the whole trace.")
    .action((file: string, options: TraceOptions) => tell(file, options, environment));
}

interface Mistake {
  readonly line: number;
  readonly text: string;
}

async function tell(file: string, options: TraceOptions, { stdout }: CommandEnvironment): Promise<void> {
  const isWanted = traceSelection(options);
  const say = (text: string, json: object): void => {
    stdout.write(`${options.json ? JSON.stringify(json) : text}\n`);
  };
  const check = new TraceCheck(ALL_MACHINES);
  const summary = new TraceSummary();
  const mistakes: Mistake[] = [];
  let count = 0;
  let changes = 0;
  let ended = false;
  const fault = (text: string): void => {
    const mistake: Mistake = { line: count, text };
    if (mistakes.push(mistake) <= LISTED_MISTAKES) say(`Line ${count}: IMPOSSIBLE: ${text}.`, { mistake });
  };
  for await (const text of linesOf(file)) {
    count += 1;
    let record: TraceRecord;
    try {
      record = parseTraceRecord(text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (count === 1) throw new CommandFailure(`${file} is no trace of muster: line 1: ${reason}`, { cause: error });
      fault(`the line can't be read: ${reason}`);
      continue;
    }
    if (count === 1 && !("trace" in record)) {
      throw new CommandFailure(`${file} is no trace of muster: its first line is no header`);
    }
    if ("trace" in record) {
      if (count === 1) say(headerText(record), record);
      else fault("a second header");
    } else if ("dropped" in record) {
      check.gap();
      summary.gap();
      say(`${`+${spanText(record.elapsed)}`.padStart(12)}  ${record.dropped} changes of state are missing: the disk was too slow.`, record);
    } else if ("ended" in record) {
      ended = true;
      if (record.lines !== changes) fault(`the trace ends with ${record.lines} changes of state, and holds ${changes}`);
    } else {
      changes += 1;
      const stayed = summary.add(record);
      if (isWanted(record)) say(changeText(record, stayed), stayed === undefined ? record : { ...record, stayed });
      const impossible = check.judge(record);
      if (impossible !== undefined) fault(impossible);
    }
  }
  if (count === 0) throw new CommandFailure(`${file} is empty: no trace of muster`);
  const { processes, states } = summary;
  const tables = [processTable(processes), stateTable(states)].filter((table) => table !== "").map((table) => `\n${table}\n`);
  const closing = ended ? "" : " It has no end: the node was killed, or still runs.";
  say(
    `${tables.join("")}\n${changes} changes of state, ${mistakes.length} impossible.${closing}`,
    { changes, mistakes: mistakes.length, complete: ended, processes, states },
  );
  const [first] = mistakes;
  if (first !== undefined) {
    throw new CommandFailure(`${file} can't be true, line ${first.line}: ${first.text}${mistakes.length === 1 ? "" : `; ${mistakes.length} such lines in all`}`);
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const handle = await open(file).catch((error: unknown) => {
    throw new CommandFailure(`the trace ${file} can't be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  });
  try {
    yield* handle.readLines();
  } finally {
    await handle.close();
  }
}
