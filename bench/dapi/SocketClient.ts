import type { Socket } from "node:net";
import { FrameDecoder } from "../../src/protocol/FrameDecoder.js";
import { encodeFrame, type Frame } from "../../src/protocol/frame.js";
import type { Client } from "./measureLoad.js";
import { openSocket } from "./openSocket.js";

const LARGEST_FRAME = 10 * 1024 * 1024;
const OK = Buffer.from("ok");

/**
 * A client of the local socket that does no more than the conversation needs: the request, the string that the answer
 * comes in, `dapi_res`. The nodes are measured, not their client.
 */
export class SocketClient implements Client {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #decoder = new FrameDecoder({ maxBodyBytes: LARGEST_FRAME });
  #counter = 1;
  #text: Buffer[] = [];
  #end: { resolve: () => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket, requestJson: string) {
    this.#socket = socket;
    this.#request = Buffer.from(requestJson);
    socket.on("data", (bytes: Buffer) => {
      const answers = this.#decoder.push(bytes).flatMap((frame) => this.#answer(frame));
      if (answers.length > 0) socket.write(answers.length === 1 ? (answers[0] ?? OK) : Buffer.concat(answers));
    });
    socket.on("close", () => this.#end?.reject(new Error("the node closed the connection")));
  }

  static async open(path: string, requestJson: string): Promise<SocketClient> {
    return new SocketClient(await openSocket(path), requestJson);
  }

  ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
      this.#counter += 1;
      this.#text = [];
      this.#socket.write(encodeFrame(this.#counter, "dapi", this.#request));
    });
  }

  close(): void {
    this.#end = undefined;
    this.#socket.destroy();
  }

  #answer({ counter, command, body }: Frame): readonly Buffer[] {
    switch (command) {
      case "ok":
        return [];
      case "new_str":
        return [encodeFrame(counter, "ok ", Buffer.from("1"))];
      case "str_upd":
        this.#text.push(body.subarray(body.indexOf(" ") + 1));
        return [encodeFrame(counter, "ok ", OK)];
      case "dapi_res": {
        const text = Buffer.concat(this.#text).toString();
        const isWhole = text.includes('"total_affected_items": ') && text.includes('"total_failed_items": 0');
        if (isWhole) this.#end?.resolve();
        else this.#end?.reject(new Error(`the node answered ${text}`));
        return [encodeFrame(counter, "ok ", OK)];
      }
      default:
        this.#end?.reject(new Error(`the node sent ${command} ${body.toString()}`));
        return [];
    }
  }
}
