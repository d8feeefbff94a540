import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ReusedReading } from "../../../src/node/ports/ReusedReading.js";
import { waitUntil } from "../../support/waitUntil.js";

const server = createServer();
afterEach(() => new Promise((resolve) => server.close(resolve)));

test("what comes before anybody listens is one read at most, and is heard first; nothing is lost", async () => {
  const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
  server.on("connection", (socket) => socket.end(sent)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const reading = new ReusedReading();
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", onread: reading.onread });
  await once(socket, "connect");
  await waitUntil(() => socket.bytesRead > 0);
  const before = socket.bytesRead;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(socket.bytesRead).toBe(before);
  const heard: Buffer[] = [];
  reading.listen(socket, (bytes) => void heard.push(Buffer.from(bytes)));
  await once(socket, "close");
  expect(Buffer.concat(heard).equals(sent)).toBe(true);
});
