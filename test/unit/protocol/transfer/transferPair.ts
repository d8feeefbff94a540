import { CommonCommands, unknownCommandText } from "../../../../src/protocol/CommonCommands.js";
import type { Answer } from "../../../../src/protocol/CommonCommands.js";
import { IncomingFiles } from "../../../../src/protocol/transfer/IncomingFiles.js";
import { IncomingStrings } from "../../../../src/protocol/transfer/IncomingStrings.js";
import { DEFAULT_LIMITS } from "../../../../src/config/Limits.js";
import { seededRandom } from "../../../support/seededRandom.js";
import type { MemoryPairOptions } from "../../../support/memoryLink.js";
import { channelPair } from "../channel/channelPair.js";
import type { EndOptions } from "../channel/channelPair.js";
import { MemoryFiles } from "./memoryFiles.js";

/** What a peer answers instead of the product's answer; undefined leaves it. */
export type Intercept = (command: string, payload: Buffer) => Answer | "silence" | undefined;

/** A sender, and a receiver that answers the common commands into memory. */
export function transferPair(
  options: {
    link?: MemoryPairOptions;
    first?: EndOptions;
    second?: EndOptions;
    intercept?: Intercept;
    limits?: Partial<typeof DEFAULT_LIMITS>;
  } = {},
) {
  const disk = new MemoryFiles();
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const files = new IncomingFiles({ sinks: disk, allow: (path) => path.startsWith("queue/cluster/"), limits });
  const strings = new IncomingStrings({ random: seededRandom(5), limits });
  const common = new CommonCommands({ files, strings });
  const seen: { command: string; payload: Buffer }[] = [];
  const pair = channelPair({
    ...(options.link ? { link: options.link } : {}),
    first: { ...options.first },
    second: {
      onRequest: async ({ counter, command, payload }, channel) => {
        seen.push({ command, payload });
        const instead = options.intercept?.(command, payload);
        if (instead === "silence") return;
        const answer = instead ??
          (await common.answer(command, payload)) ?? { command: "err", payload: unknownCommandText(command) };
        channel.answer(counter, answer.command, answer.payload);
      },
      ...options.second,
    },
  });
  return { ...pair, disk, files, strings, seen };
}

/** The commands that arrived, repetitions counted: `["new_file", "file_upd*3", "file_end"]`. */
export function commandsOf(seen: readonly { command: string }[]): string[] {
  const runs: { command: string; count: number }[] = [];
  for (const { command } of seen) {
    const last = runs.at(-1);
    if (last?.command === command) last.count += 1;
    else runs.push({ command, count: 1 });
  }
  return runs.map(({ command, count }) => (count === 1 ? command : `${command}*${count}`));
}

export async function* piecesOf(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}
