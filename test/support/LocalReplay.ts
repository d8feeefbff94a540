import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrameDecoder } from "../../src/protocol/FrameDecoder.js";
import { encodeFrame, type Frame } from "../../src/protocol/frame.js";
import type { RecordedFrame } from "./recordings.js";

const LARGEST_FRAME = 10 * 1024 * 1024;
/** Milliseconds for all frames of one client. */
const DEADLINE = 25_000;

/** A frame of the node, as far as replays compare it. */
export interface NodeFrame {
  readonly command: string;
  readonly text: string;
}

/** What a node must be asked to hear the end of a conversation: commands after which nothing follows. */
const LAST_COMMANDS: ReadonlySet<string> = new Set(["control_res", "dapi_res", "send_f_res"]);
/** Immediate answers after which the real answer follows. */
const ACKNOWLEDGED = /^(Sent request to master node|Added request to |Request forwarded to worker node|Forwarding file to )/;

/**
 * Sends the requests that a recorded client of the local socket sent to a running node, byte for byte, and answers the
 * node's own requests as the recorded client did. Gives the node's frames up to the end of the conversation.
 *
 * @param payloadOf a request's payload where this node's differs from the recorded one: paths
 */
export async function replayClient(
  socketPath: string,
  frames: readonly RecordedFrame[],
  payloadOf: (frame: RecordedFrame) => Buffer = ({ payload }) => payload ?? Buffer.alloc(0),
): Promise<readonly NodeFrame[]> {
  const socket = connect(socketPath);
  await once(socket, "connect");
  try {
    const request = frames.find(({ sender, command }) => sender === "client" && !["ok", "err"].includes(command));
    if (request === undefined) throw new Error("this client asked nothing");
    socket.write(encodeFrame(request.counter, request.command, payloadOf(request)));
    return await listen(socket);
  } finally {
    socket.destroy();
  }
}

function listen(socket: Socket): Promise<readonly NodeFrame[]> {
  const decoder = new FrameDecoder({ maxBodyBytes: LARGEST_FRAME });
  const heard: NodeFrame[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`the node said no more than ${JSON.stringify(heard)}`));
    }, DEADLINE);
    const take = ({ counter, command, body }: Frame): void => {
      const text = body.toString("utf8");
      heard.push({ command, text });
      if (command === "new_str") socket.write(encodeFrame(counter, "ok ", Buffer.from("4711")));
      if (command === "str_upd") socket.write(encodeFrame(counter, "ok ", Buffer.from("String updated")));
      const isEnd = LAST_COMMANDS.has(command) || command === "err" || (command === "ok" && !ACKNOWLEDGED.test(text));
      if (!isEnd) return;
      clearTimeout(timer);
      resolve(heard);
    };
    socket.on("data", (bytes: Buffer) => {
      for (const frame of decoder.push(bytes)) take(frame);
    });
    socket.once("close", () => {
      reject(new Error("the node closed the connection"));
    });
  });
}
