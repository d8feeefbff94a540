import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../fixtures/vectors/", import.meta.url);

/** The folder of a dialect's recordings is named after it. */
export type RecordedDialect = "4.3-zip" | "4.14";
export const RECORDED_DIALECTS: readonly RecordedDialect[] = ["4.3-zip", "4.14"];
const HEADER_BYTES = 20;

/** The key of the recorded cluster. */
export const RECORDED_CLUSTER_KEY = "9d273b53510fef702b54a92e9cffc82e";

/** Whether a frame is a whole message, or which part of a divided one. */
export type FramePart = "whole" | "part" | "lastPart";

/** One frame as it went over a link between real daemons. */
export interface RecordedFrame {
  /** Position among the recording's frames, from 0. */
  readonly index: number;
  /** Seconds since the recording began. */
  readonly time: number;
  /** Number of the connection within the recording. */
  readonly connection: number;
  /** `worker` and `master` spoke TCP, encrypted; `client` and `node` the local socket, in clear. */
  readonly sender: "worker" | "master" | "client" | "node";
  readonly encrypted: boolean;
  readonly counter: number;
  /** Bytes behind the header. */
  readonly length: number;
  /** The 12 characters of the command field. */
  readonly field: string;
  readonly command: string;
  readonly part: FramePart;
  /** The bytes behind the header; absent where the recording left a long token out. */
  readonly body?: Buffer;
  /** The clear payload of a whole message; absent where the recording left it out. */
  readonly payload?: Buffer;
  /** Bytes of the clear payload; on a last part, of the whole divided message. Absent on other parts. */
  readonly payloadLength?: number;
  /** The clear payload as text, where it is UTF-8. */
  readonly text?: string;
  /** The command that an answer answers, where the recording says so (`more/`). */
  readonly answers?: string;
}

/** Something other than a frame: a connection's opening, refusal or end, or a marker of its recorder. */
export interface RecordedEvent {
  readonly event: "open" | "eof" | "refused" | "marker";
  readonly connection?: number;
  /** At the end of a connection: whose direction ended. */
  readonly sender?: string;
  /** At the end of a connection: how many bytes that direction carried in all. */
  readonly bytes?: number;
}

export interface Recording {
  /** For example `first-sync` or `more/in-order`. */
  readonly name: string;
  readonly frames: readonly RecordedFrame[];
  readonly events: readonly RecordedEvent[];
}

/** A line of the plain format. */
interface PlainLine {
  t: number;
  conn: number;
  from: RecordedFrame["sender"];
  counter: number;
  length: number;
  field: string;
  command: string;
  token?: string;
  payload?: string;
  payloadLength?: number;
  text?: string;
  part?: true;
  lastPart?: true;
}

/** A line of the fuller format of `more/`. */
interface FullLine {
  t: number;
  conn: number;
  from: RecordedFrame["sender"];
  header: string;
  counter: number;
  length: number;
  field: string;
  cmd: string;
  raw: string;
  payload: string;
  payload_len: number;
  text?: string;
  re?: string;
}

interface EventLine {
  event: RecordedEvent["event"];
  conn?: number;
  from?: string;
  bytes?: number;
}

/** Names of all recordings of a dialect, sorted. */
export function recordingNames(dialect: RecordedDialect = "4.3-zip"): string[] {
  const names = readdirSync(new URL(`${dialect}/`, FOLDER), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => name.slice(0, -".jsonl".length))
    .sort();
}

/** Reads one recording, whichever format it has. */
export function readRecording(name: string, dialect: RecordedDialect = "4.3-zip"): Recording {
  const lines = readFileSync(new URL(`${dialect}/${name}.jsonl`, FOLDER), "utf8")
    .split("\n")
    .filter((line) => line !== "");
  const frames: RecordedFrame[] = [];
  const events: RecordedEvent[] = [];
  for (const line of lines) {
    const parsed = JSON.parse(line) as PlainLine | FullLine | EventLine;
    if ("event" in parsed) events.push(toEvent(parsed));
    else if ("raw" in parsed) frames.push(fromFull(parsed, frames.length));
    else frames.push(fromPlain(parsed, frames.length));
  }
  return { name, frames, events };
}

export function allRecordings(dialect: RecordedDialect = "4.3-zip"): Recording[] {
  return recordingNames(dialect).map((name) => readRecording(name, dialect));
}

/**
 * The whole frame as it stood on the wire, put together here from the recorded fields and not by muster's
 * encoder. Throws for a frame whose body the recording left out.
 */
export function frameBytes(frame: RecordedFrame): Buffer {
  if (frame.body === undefined) throw new Error(`The recording holds no body for frame ${frame.index}`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(frame.counter, 0);
  header.writeUInt32BE(frame.length, 4);
  header.write(frame.field, 8, "latin1");
  return Buffer.concat([header, frame.body]);
}

/** One direction of one connection: its frames that have bodies, in order. */
export interface RecordedDirection {
  readonly recording: string;
  readonly connection: number;
  readonly sender: RecordedFrame["sender"];
  readonly frames: readonly RecordedFrame[];
}

/** All directions of a recording's connections, without the frames whose bodies were left out. */
export function directionsOf(recording: Recording): RecordedDirection[] {
  const directions = new Map<string, RecordedFrame[]>();
  for (const frame of recording.frames) {
    if (frame.body === undefined) continue;
    const key = `${frame.connection} ${frame.sender}`;
    const frames = directions.get(key) ?? [];
    frames.push(frame);
    directions.set(key, frames);
  }
  return [...directions.values()].flatMap((frames) => {
    const [first] = frames;
    if (first === undefined) return [];
    return [{ recording: recording.name, connection: first.connection, sender: first.sender, frames }];
  });
}

function isEncrypted(sender: RecordedFrame["sender"]): boolean {
  return sender === "worker" || sender === "master";
}

function fromPlain(line: PlainLine, index: number): RecordedFrame {
  const payload = line.payload === undefined ? undefined : Buffer.from(line.payload, "base64");
  const encrypted = isEncrypted(line.from);
  const body = encrypted ? (line.token === undefined ? undefined : Buffer.from(line.token, "latin1")) : payload;
  return {
    index,
    time: line.t,
    connection: line.conn,
    sender: line.from,
    encrypted,
    counter: line.counter,
    length: line.length,
    field: line.field,
    command: line.command,
    part: line.part === true ? "part" : line.lastPart === true ? "lastPart" : "whole",
    ...(body === undefined ? {} : { body }),
    ...(payload === undefined ? {} : { payload }),
    ...(line.payloadLength === undefined ? {} : { payloadLength: line.payloadLength }),
    ...(line.text === undefined ? {} : { text: line.text }),
  };
}

function fromFull(line: FullLine, index: number): RecordedFrame {
  const raw = Buffer.from(line.raw, "base64");
  if (raw.toString("hex", 0, HEADER_BYTES) !== line.header) throw new Error(`Frame ${index}: header and raw disagree`);
  return {
    index,
    time: line.t,
    connection: line.conn,
    sender: line.from,
    encrypted: isEncrypted(line.from),
    counter: line.counter,
    length: line.length,
    field: line.field,
    command: line.cmd,
    part: "whole",
    body: raw.subarray(HEADER_BYTES),
    payload: Buffer.from(line.payload, "base64"),
    payloadLength: line.payload_len,
    ...(line.text === undefined ? {} : { text: line.text }),
    ...(line.re === undefined ? {} : { answers: line.re }),
  };
}

function toEvent(line: EventLine): RecordedEvent {
  return {
    event: line.event,
    ...(line.conn === undefined ? {} : { connection: line.conn }),
    ...(line.from === undefined ? {} : { sender: line.from }),
    ...(line.bytes === undefined ? {} : { bytes: line.bytes }),
  };
}
