import { FrameDecoder } from "../../../src/protocol/FrameDecoder.js";
import { encodeMessage, MessageAssembler, type Message } from "../../../src/protocol/message.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { frameBytes } from "../../support/recordings.js";
import { must, mustEqual, type FuzzTarget } from "../FuzzTarget.js";
import { recordedFrames, samples } from "./recorded.js";

const FRAME_BYTES = 1024;
const MESSAGE_BYTES = 2048;
const DIVIDED = 3;

/** What a peer's bytes come to: its messages, and the error that ends its stream. */
function read(bytes: Buffer, pieceOf: (at: number) => number): { readonly messages: readonly Message[]; readonly error: number | undefined } {
  const decoder = new FrameDecoder({ maxBodyBytes: FRAME_BYTES });
  const assembler = new MessageAssembler({ messageBytes: MESSAGE_BYTES, dividedMessages: DIVIDED });
  const messages: Message[] = [];
  try {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + pieceOf(at));
      for (const frame of decoder.push(bytes.subarray(at, end))) {
        must(frame.body.length <= FRAME_BYTES, "a frame is longer than allowed");
        const message = assembler.accept(frame);
        must(assembler.openMessages <= DIVIDED, "more divided messages are open than allowed");
        if (message !== undefined) messages.push(message);
      }
      at = end;
    }
    return { messages, error: undefined };
  } catch (error) {
    if (error instanceof MusterError && (error.code === 3050 || error.code === 3051)) return { messages, error: error.code };
    throw error;
  }
}

/** Frames and divided messages: any cutting gives the same; what is read can be written and read again. */
export const frames: FuzzTarget = {
  name: "frames",
  corpus: () => {
    const recorded = recordedFrames().flatMap((frame) => (frame.body === undefined || frame.body.length > FRAME_BYTES ? [] : [frameBytes(frame)]));
    const divided = encodeMessage({ counter: 9, command: "syn_i_w_m", body: Buffer.alloc(100, "x"), requestChunk: 60 });
    return [...samples(recorded), Buffer.concat(recorded.slice(0, 4)), Buffer.concat(divided), Buffer.concat([...divided.slice(0, 1), ...recorded.slice(0, 1), ...divided.slice(1)])];
  },
  dictionary: ["ok ", "err ", "hello ", "syn_i_w_m_p ", "----d", "-----------d", "\0\0\0\x00", "\0\0\0\x01"],
  run: (input) => {
    const whole = read(input, () => input.length);
    const step = 1 + (input[0] ?? 0) % 37;
    const cut = read(input, (at) => 1 + ((at * 7 + step) % 41));
    // Frames of the piece that brings the error are lost with it: messages may be fewer, and an error in them is not met.
    mustEqual(cut.error === undefined, whole.error === undefined, "whether the stream ends depends on the cutting");
    if (whole.error === undefined) mustEqual(cut.messages, whole.messages, "the messages depend on the cutting");
    for (const message of cut.messages) {
      must(message.body.length <= MESSAGE_BYTES, "a message is longer than allowed");
      if (!/^[\x20-\x7e]{0,11}$/.test(message.command)) continue;
      const again = read(Buffer.concat(encodeMessage({ ...message, requestChunk: FRAME_BYTES })), () => 13);
      mustEqual(again.messages, [message], "a message is another one when it is written and read");
    }
  },
};
