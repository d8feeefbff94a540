import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

/** A bare TCP echo in a process of its own: what the machine does without a protocol. */
export async function startEcho(): Promise<{ readonly port: number; readonly stop: () => void }> {
  const child: ChildProcess = fork(import.meta.filename, ["serve"], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [port] = (await once(child, "message")) as [number];
  return { port, stop: () => child.kill() };
}

/** Echoes a second of messages of this size over one connection, so many in flight. */
export async function bareEchoRate(port: number, bytes: number, inFlight: number, milliseconds: number): Promise<number> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  const message = Buffer.alloc(bytes, 120);
  let received = 0;
  let answers = 0;
  const began = performance.now();
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.on("data", (data) => {
      received += data.length;
      for (; received >= bytes; received -= bytes) {
        answers += 1;
        if (performance.now() - began < milliseconds) socket.write(message);
        else resolve();
      }
    });
    for (let at = 0; at < inFlight; at += 1) socket.write(message);
  });
  socket.destroy();
  return (answers / (performance.now() - began)) * 1000;
}

if (process.argv[1] === import.meta.filename && process.argv[2] === "serve") {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}
