import { describe, expect, test } from "vitest";
import { dialectById } from "../../src/protocol/dialects/index.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { decryptToken, encryptToken, FernetKey } from "../../src/protocol/fernet.js";
import { FrameDecoder } from "../../src/protocol/FrameDecoder.js";
import type { ByteLink } from "../../src/protocol/ByteLink.js";
import { SendQueue } from "../../src/protocol/SendQueue.js";
import { zlib414 } from "../../src/protocol/dialects/zlib414.js";
import { encodeMessage, MessageAssembler } from "../../src/protocol/message.js";
import { allRecordings, frameBytes, RECORDED_CLUSTER_KEY, RECORDED_DIALECTS } from "../support/recordings.js";
import type { RecordedFrame, Recording } from "../support/recordings.js";

const key = FernetKey.fromClusterKey(RECORDED_CLUSTER_KEY);
const recordings = allRecordings();
const everyRecording = RECORDED_DIALECTS.flatMap((id) =>
  allRecordings(id).map((recording) => ({ ...recording, dialect: dialectById(id), title: `${id}: ${recording.name}` })),
);
const withBody = (recording: Recording): RecordedFrame[] => recording.frames.filter(({ body }) => body !== undefined);

/** The command as a sender hands it to the encoder: a blank follows it where the field has two. */
function commandToEncode(frame: RecordedFrame): string {
  return frame.field.startsWith(`${frame.command}  `) ? `${frame.command} ` : frame.command;
}

/** Time and IV of a token, read without muster's code. */
function timeAndIv(token: Buffer): { seconds: number; iv: Buffer } {
  const raw = Buffer.from(token.toString("latin1").replaceAll("-", "+").replaceAll("_", "/"), "base64");
  return { seconds: Number(raw.readBigUInt64BE(1)), iv: raw.subarray(9, 25) };
}

function decodeOne(frame: RecordedFrame) {
  const frames = new FrameDecoder({ maxBodyBytes: 10 * 1024 * 1024 }).push(frameBytes(frame));
  expect(frames).toHaveLength(1);
  const [decoded] = frames;
  if (decoded === undefined) throw new Error("nothing was decoded");
  return decoded;
}

test("the recordings hold what these tests are about", () => {
  expect(recordings.map(({ name, frames }) => [name, frames.length])).toEqual([
    ["first-sync", 450],
    ["local-master", 48],
    ["local-worker", 92],
    ["more/agent-info-many-chunks", 40],
    ["more/error-syn_i_w_m_r", 44],
    ["more/error-syn_m_c_r", 64],
    ["more/in-order", 18],
    ["more/reconnect", 56],
    ["more/sendsync", 44],
    ["second-worker", 171],
  ]);
  expect(allRecordings("4.14").map(({ name, frames }) => [name, frames.length])).toEqual([
    ["first-sync", 364],
    ["groups-full", 134],
    ["local-master", 50],
    ["local-worker", 56],
    ["second-worker", 134],
  ]);
});

describe.each(everyRecording)("$title", (recording) => {
  test("every header is decoded to the recorded counter, command and field", () => {
    for (const frame of withBody(recording)) {
      const decoded = decodeOne(frame);
      expect(decoded.counter).toBe(frame.counter);
      expect(decoded.command).toBe(frame.command);
      expect(decoded.field.toString("latin1")).toBe(frame.field);
      expect(decoded.divided).toBe(false);
      expect(decoded.body.equals(frame.body ?? Buffer.alloc(0))).toBe(true);
    }
  });

  test("every token is decrypted to the recorded payload", () => {
    const frames = withBody(recording).filter(({ encrypted }) => encrypted);
    for (const frame of frames) {
      const clear = decryptToken(key, decodeOne(frame).body);
      expect(frame.payload?.equals(clear)).toBe(true);
      expect(clear).toHaveLength(frame.payloadLength ?? -1);
    }
    expect(frames.length > 0).toBe(!recording.name.startsWith("local-"));
  });

  test("every payload encrypted at the token's time with its IV gives the recorded token", () => {
    for (const { body, payload, encrypted } of withBody(recording)) {
      if (!encrypted || body === undefined || payload === undefined) continue;
      const { seconds, iv } = timeAndIv(body);
      expect(encryptToken(key, payload, seconds, iv).toString("latin1")).toBe(body.toString("latin1"));
    }
  });

  test("every frame is encoded to the recorded bytes", () => {
    for (const frame of withBody(recording)) {
      const encoded = encodeMessage({
        counter: frame.counter,
        command: commandToEncode(frame),
        body: frame.body ?? Buffer.alloc(0),
        requestChunk: recording.dialect.requestChunk,
      });
      expect(encoded).toHaveLength(1);
      expect(encoded[0]?.toString("hex")).toBe(frameBytes(frame).toString("hex"));
    }
  });
});

describe("the recorded divided message", () => {
  const first = recordings.find(({ name }) => name === "first-sync");
  const parts = first?.frames.filter(({ part }) => part !== "whole") ?? [];
  const last = parts.at(-1);
  const payload = Buffer.alloc(last?.payloadLength ?? 0, "muster");
  const token = encryptToken(key, payload, 1_795_458_272, Buffer.alloc(16, 7));
  const encoded = encodeMessage({
    counter: last?.counter ?? 0,
    command: last?.command ?? "",
    body: token,
    requestChunk: zip43.requestChunk,
  });

  test("has three parts, the last of which ends it", () => {
    expect(parts.map(({ part }) => part)).toEqual(["part", "part", "lastPart"]);
    expect(payload).toHaveLength(9_000_513);
  });

  test("a payload of its size is divided into frames with the same headers", () => {
    const headers = encoded.map((frame) => ({
      counter: frame.readUInt32BE(0),
      length: frame.readUInt32BE(4),
      field: frame.toString("latin1", 8, 20),
    }));
    expect(headers).toEqual(parts.map(({ counter, length, field }) => ({ counter, length, field })));
  });

  test("its frames are joined and decrypted to the payload", () => {
    const decoder = new FrameDecoder({ maxBodyBytes: zip43.requestChunk });
    const assembler = new MessageAssembler({ messageBytes: 16 * 1024 * 1024, dividedMessages: 1 });
    const messages = encoded.flatMap((frame) => decoder.push(frame)).map((frame) => assembler.accept(frame));
    expect(messages.slice(0, -1)).toEqual([undefined, undefined]);
    const message = messages.at(-1);
    expect(message?.command).toBe("file_upd");
    expect(decryptToken(key, message?.body ?? Buffer.alloc(0)).equals(payload)).toBe(true);
    expect(assembler.openMessages).toBe(0);
  });
});

test("in dialect 4.14 a payload of the largest size is one frame, whatever its token takes", () => {
  const long = allRecordings("4.14").flatMap(({ frames }) => frames).filter(({ payloadLength = 0 }) => payloadLength > 1_000_000);
  expect(long.map(({ payloadLength, part }) => [payloadLength, part])).toEqual([
    [zlib414.requestChunk, "whole"],
    [3_760_643, "whole"],
  ]);
  for (const { counter, command, field, length, payloadLength = 0 } of long) {
    const sent: Buffer[] = [];
    const link: ByteLink = { remoteAddress: "10.0.0.1", write: (bytes) => sent.push(Buffer.from(bytes)) > 0, pause: () => undefined, resume: () => undefined, end: () => undefined, destroy: () => undefined };
    const cipher = { seal: (payload: Uint8Array) => encryptToken(key, payload, 0, Buffer.alloc(16)), open: (body: Buffer) => body };
    const queue = new SendQueue({ link, cipher, dialect: zlib414, bound: Infinity, onEmpty: () => undefined });
    queue.enqueue({ counter, command, onRefused: (error) => expect.fail(String(error)) }, Buffer.alloc(payloadLength));
    expect(sent).toHaveLength(1);
    expect([sent[0]?.readUInt32BE(4), sent[0]?.toString("latin1", 8, 20)]).toEqual([length, field]);
  }
});

test("a token too long to be recorded has the recorded length", () => {
  const long = recordings.flatMap(({ frames }) => frames).filter(({ body, payload }) => !body && payload);
  expect(long).toHaveLength(1);
  for (const { payload, length } of long) {
    expect(encryptToken(key, payload ?? Buffer.alloc(0), 0, Buffer.alloc(16))).toHaveLength(length);
  }
});
