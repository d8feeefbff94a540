import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AnyStateMachine } from "xstate";
import type { ProcessRecord } from "../../machines/process.js";
import type { MachineRun } from "./machineRun.js";
import { structureText } from "./machineStructure.js";
import { movesOf, replay, walk, type WalkOptions, type WalkResult } from "./machineWalk.js";

export interface ChartOptions<Machine extends AnyStateMachine> extends WalkOptions<Machine> {
  /** States in which a machine may stay when nothing more happens; from any other it comes to one of these. */
  readonly resting: readonly string[];
  /** Simulated milliseconds within which it does. */
  readonly patience: number;
  /** Rounds besides the present one that fail with it, because they wait. @default none */
  readonly waitingRounds?: (context: Readonly<Record<string, unknown>>) => number;
  /** Random ways that are tried, each of at most `RANDOM_MOVES` moves. @default 40 */
  readonly randomWays?: number;
}

const RANDOM_MOVES = 30;
/** Milliseconds: the first of these tests walks the whole machine, which takes a busy computer its time. */
const WALK_TIMEOUT = 120_000;

/** The tests of a machine as a model: its structure, all of its situations, and what becomes of each. */
export function chartTests<Machine extends AnyStateMachine>(machine: Machine, options: ChartOptions<Machine>): void {
  const { start, resting, patience, randomWays = 40, waitingRounds = () => 0 } = options;
  let walked: Promise<WalkResult<Machine>> | undefined;
  const walkOnce = (): Promise<WalkResult<Machine>> => (walked ??= walk(options));

  describe("as a chart", () => {
    test("has the structure that its snapshot shows", () => {
      expect(structureText(machine)).toMatchSnapshot();
    });

    test("every state is reached and every transition is taken, and every rule is kept on the way", async () => {
      const { unvisited, untaken } = await walkOnce();
      expect({ unvisited, untaken }).toEqual({ unvisited: [], untaken: [] });
    }, WALK_TIMEOUT);

    test("silence leads from every situation to a resting state in bounded time", async () => {
      for (const path of (await walkOnce()).paths) {
        const { run } = await replay(start, path);
        await expectRest(run, { resting, patience, waitingRounds, end: (waiting) => waiting.nextTimer() });
      }
    }, WALK_TIMEOUT);

    test("failing work leads from every situation to a resting state in bounded time", async () => {
      for (const path of (await walkOnce()).paths) {
        const { run } = await replay(start, path);
        const end = async (waiting: MachineRun<Machine>): Promise<unknown> => {
          const [work] = waiting.open;
          return work === undefined ? waiting.nextTimer() : waiting.reject(`${work.owner.id}/${work.name}`);
        };
        await expectRest(run, { resting, patience, waitingRounds, end });
      }
    }, WALK_TIMEOUT);

    test("any long way keeps the rules", () => expectRulesOnAnyWay(options, { ways: randomWays }));
  });
}

/** Random ways through a machine: the run checks the rules after each move, and any broken one fails the test. */
export async function expectRulesOnAnyWay<Machine extends AnyStateMachine>(
  options: WalkOptions<Machine>,
  { ways, moves: longest = RANDOM_MOVES }: { readonly ways: number; readonly moves?: number },
): Promise<void> {
  const choices = fc.array(fc.nat(), { minLength: 10, maxLength: longest });
  const way = fc.asyncProperty(choices, async (picks) => {
    const run = options.start();
    for (const pick of picks) {
      const moves = movesOf(run, options);
      const move = moves[pick % Math.max(1, moves.length)];
      if (move === undefined) return;
      await move.make(run);
    }
  });
  await fc.assert(way, { numRuns: ways });
}

interface RestOptions<Machine extends AnyStateMachine> {
  readonly resting: readonly string[];
  readonly patience: number;
  readonly waitingRounds: (context: Readonly<Record<string, unknown>>) => number;
  /** Makes the next thing happen that can end the waiting. */
  readonly end: (run: MachineRun<Machine>) => Promise<unknown>;
}

async function expectRest<Machine extends AnyStateMachine>(
  run: MachineRun<Machine>,
  { resting, patience, waitingRounds, end }: RestOptions<Machine>,
): Promise<void> {
  const from = run.state;
  const before = recordOf(run);
  const waiting = waitingRounds(run.context);
  const startedAt = run.time.now();
  while (!resting.includes(run.state)) {
    if (run.time.now() - startedAt > patience) throw new Error(`${from} is not left: after a long time ${run.state}`);
    await end(run);
  }
  const after = recordOf(run);
  if (before === undefined || after === undefined || resting.includes(from)) return;
  expect(after.lastError, `the failure in ${from} is kept`).not.toBeNull();
  expect(after.failures - before.failures, `the failure in ${from} is counted once`).toBe((isReporting(from) ? 0 : 1) + waiting);
  expect(after.lastSuccess, `the round that failed in ${from} is no success`).toEqual(before.lastSuccess);
}

/** A process in this state has counted its failure already. */
function isReporting(state: string): boolean {
  return state === "reportingError";
}

function recordOf<Machine extends AnyStateMachine>(run: MachineRun<Machine>): ProcessRecord | undefined {
  return run.context["record"] as ProcessRecord | undefined;
}
