import type { Socket } from "node:net";
import type { Client } from "./measureLoad.js";
import { openSocket } from "./openSocket.js";

/** About as many bytes as a request has. */
const MESSAGE = Buffer.alloc(600, 120);

/** Asks a socket that sends back what it gets: what the machine can do. */
export class EchoClient implements Client {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(path: string): Promise<EchoClient> {
    return new EchoClient(await openSocket(path));
  }

  ask(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let received = 0;
      const take = (bytes: Buffer): void => {
        received += bytes.length;
        if (received < MESSAGE.length) return;
        socket.off("data", take);
        socket.off("close", reject);
        resolve();
      };
      socket.on("data", take);
      socket.once("close", reject);
      socket.write(MESSAGE);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
