import type { RecordedFrame, Recording } from "./recordings.js";

/** What belongs together on a connection. Between two lanes only the recorded causes count, not the moments. */
export type Lane = "hello" | "keepalive" | "integrity" | "extraValid" | "agentInfo" | "agentGroups" | "dapi" | "commands";

/** One whole message of a recorded connection: the parts of a divided one are joined. */
export interface RecordedMessage {
  readonly kind: "request" | "answer";
  /** For failures: `first-sync 13`, the position of its first frame. */
  readonly label: string;
  /** Position of its first frame in the recording. */
  readonly index: number;
  readonly lane: Lane;
  readonly sender: RecordedFrame["sender"];
  readonly counter: number;
  /** Of the last part. */
  readonly field: string;
  readonly command: string;
  /** The request's command; of an answer, the command that it answers. */
  readonly about: string;
  /** Absent where the recording left it out. */
  readonly payload?: Buffer;
  /** The encrypted payload as recorded. */
  readonly token?: Buffer;
}

/** Something that the replay does besides the recorded messages. */
export type Step =
  | RecordedMessage
  /** Runs between two messages: changes a tree, waits for the node. */
  | { readonly kind: "act"; readonly lane: Lane; readonly act: () => Promise<void> }
  /** Takes a permission request of the live node, runs `act`, and refuses: its next round sees what `act` did. */
  | { readonly kind: "refuse"; readonly lane: Lane; readonly command: string; readonly act: () => Promise<void> }
  /** Another answer of the live node to a request of the replay than the recorded one, or one where none is recorded. */
  | {
      readonly kind: "otherwise";
      readonly lane: Lane;
      readonly to: RecordedMessage;
      readonly field: string;
      readonly payload: string;
    }
  /** A request of the live node that the recorded one did not make, and its answer: a deliberate deviation. */
  | {
      readonly kind: "instead";
      readonly lane: Lane;
      readonly command: string;
      readonly payload: string;
      readonly answer: { readonly field: string; readonly payload: string };
    };

const ANSWERS = new Set(["ok", "err", "ok-m", "ok-c"]);
const FILE_COMMANDS = new Set(["new_file", "file_upd", "file_end"]);
const STRING_COMMANDS = new Set(["new_str", "str_upd"]);
const ANNOUNCEMENT = /^syn_(i|e|m)_.*_e$|^syn_m_c_e$/;

/** The messages of one connection of a recording, in order, each with its lane. */
export function messagesOf(recording: Recording, connection: number): RecordedMessage[] {
  const frames = recording.frames.filter((frame) => frame.connection === connection);
  const lanes = new LaneFinder(frames);
  const open = new Map<string, { readonly command: string; readonly lane: Lane }>();
  const starts = new Map<number, number>();
  const messages: RecordedMessage[] = [];
  for (const frame of frames) {
    const { sender, counter, command, payload, body, field } = frame;
    const start = starts.get(counter) ?? frame.index;
    if (frame.part === "part") {
      starts.set(counter, start);
      continue;
    }
    starts.delete(counter);
    const isAnswer = ANSWERS.has(command);
    const asked = open.get(`${otherSide(sender)} ${counter}`);
    if (isAnswer && asked === undefined)
      throw new Error(`${recording.name} ${frame.index} answers no recorded request`);
    const about = asked !== undefined && isAnswer ? asked.command : command;
    const lane = asked !== undefined && isAnswer ? asked.lane : lanes.of(frame);
    if (!isAnswer) open.set(`${sender} ${counter}`, { command, lane });
    messages.push({
      kind: isAnswer ? "answer" : "request",
      label: `${recording.name} ${start} (${isAnswer ? `answer to ${about}` : command})`,
      index: start,
      lane,
      sender,
      counter,
      field,
      command,
      about,
      ...(payload === undefined ? {} : { payload }),
      ...(body === undefined || frame.part !== "whole" ? {} : { token: body }),
    });
  }
  return messages;
}

/** Puts steps before the message at a frame's position. */
export function insertBefore(steps: readonly Step[], index: number, ...added: readonly Step[]): Step[] {
  return replaceRange(steps, index, index - 1, ...added);
}

/** Puts steps in the place of the messages from one frame's position to another's, both included. */
export function replaceRange(steps: readonly Step[], from: number, to: number, ...added: readonly Step[]): Step[] {
  const at = steps.findIndex((step) => "index" in step && step.index === from);
  if (at === -1) throw new Error(`the script has no frame ${from}`);
  const after = steps.findIndex((step, place) => place >= at && "index" in step && step.index > to);
  return [...steps.slice(0, at), ...added, ...(after === -1 ? [] : steps.slice(after))];
}

export function otherSide(sender: RecordedFrame["sender"]): RecordedFrame["sender"] {
  return sender === "worker" ? "master" : "worker";
}

/** Which process a command belongs to by its own name; undefined for parts of transfers. */
export function laneOfCommand(command: string): Lane | undefined {
  if (FILE_COMMANDS.has(command) || STRING_COMMANDS.has(command)) return undefined;
  if (command === "hello") return "hello";
  if (command === "echo-c") return "keepalive";
  if (command.startsWith("syn_a_") || command.startsWith("syn_m_a_")) return "agentInfo";
  if (command.startsWith("syn_i_") || command.startsWith("syn_m_c")) return "integrity";
  if (command.startsWith("syn_e_")) return "extraValid";
  if (/^syn_(g_|w_g|wgc)/.test(command)) return "agentGroups";
  if (command.startsWith("dapi") || command.startsWith("sends")) return "dapi";
  return "commands";
}

/** Finds the process behind a transfer: the one whose later request names the file or the string. */
class LaneFinder {
  readonly #lanes = new Map<string, Lane>();
  readonly #stringIds = new Map<string, string>();

  constructor(frames: readonly RecordedFrame[]) {
    const requests = new Map<string, RecordedFrame>();
    for (const frame of frames) {
      const { sender, counter, command, text = "" } = frame;
      if (ANSWERS.has(command)) {
        const asked = requests.get(`${otherSide(sender)} ${counter}`);
        if (asked?.command === "new_str") this.#stringIds.set(`${asked.sender} ${counter}`, text);
        continue;
      }
      requests.set(`${sender} ${counter}`, frame);
      const lane = laneOfCommand(command);
      if (lane === undefined) continue;
      const words = text.split(" ");
      if (ANNOUNCEMENT.test(command)) this.#lanes.set(`/${words[1] ?? ""}`, lane);
      else if (command === "syn_a_w_m" || command.startsWith("syn_g_m_w")) this.#lanes.set(text, lane);
      else if (command === "dapi_res" || command === "sendsyn_res") this.#lanes.set(words[1] ?? "", lane);
    }
  }

  of({ command, sender, counter, payload }: RecordedFrame): Lane {
    const known = laneOfCommand(command);
    if (known !== undefined) return known;
    // A divided message's payload is not recorded; only the first sync of a large file has one.
    if (payload === undefined) return "integrity";
    const name =
      command === "new_str" ? this.#stringIds.get(`${sender} ${counter}`) : payload.toString("latin1").split(" ")[0];
    return this.#lanes.get(Buffer.from(name ?? "", "latin1").toString("utf8")) ?? "commands";
  }
}
