import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { daemonSockets, DATAGRAM_TIMEOUT, LARGEST_MESSAGE } from "../../../../src/node/ports/daemonSockets.js";
import { sendUnixDatagram } from "../../../../src/node/ports/sendUnixDatagram.js";
import { systemClock } from "../../../../src/node/ports/systemClock.js";
import { DatagramReceiver } from "../../../support/DatagramReceiver.js";
import { ManualClock } from "../../../support/manualClock.js";
import { waitUntil } from "../../../support/waitUntil.js";
import { temporaryFolder } from "../nodeFixture.js";

const never = new AbortController().signal;

/** A daemon on `name` under a new root; each connection goes to `serve`. */
async function daemon(serve: (socket: Socket) => void, name = "com"): Promise<string> {
  const root = await temporaryFolder();
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.listen(join(root, name));
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return root;
}

function framed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([
    Buffer.from([bytes.length & 255, (bytes.length >> 8) & 255, (bytes.length >> 16) & 255, bytes.length >>> 24]),
    bytes,
  ]);
}

const ask = (root: string, message: string, maxBytes?: number, signal = never, path = "com"): Promise<string> =>
  daemonSockets(root, systemClock).exchange(path, message, { signal, ...(maxBytes === undefined ? {} : { maxBytes }) });

describe("exchange", () => {
  test("sends length and text, and gives the answer's text", async () => {
    const heard: Buffer[] = [];
    const root = await daemon((socket) => {
      socket.on("data", (bytes: Buffer) => {
        heard.push(bytes);
        socket.write(framed('{"error":0,"message":"Grüße"}'));
      });
    });
    expect(await ask(root, "check-manager-configuration ü")).toBe('{"error":0,"message":"Grüße"}');
    expect(Buffer.concat(heard)).toEqual(framed("check-manager-configuration ü"));
  });

  test("puts an answer together from single bytes", async () => {
    const root = await daemon((socket) => {
      socket.setNoDelay(true);
      for (const byte of framed("answer")) socket.write(Buffer.from([byte]));
    });
    expect(await ask(root, "x")).toBe("answer");
  });

  test("takes an empty answer, and nothing behind one", async () => {
    const empty = await daemon((socket) => void socket.write(framed("")));
    expect(await ask(empty, "x")).toBe("");
    const more = await daemon((socket) => void socket.write(Buffer.concat([framed("one"), framed("two")])));
    expect(await ask(more, "x")).toBe("one");
  });

  test("refuses an answer beyond its limit by its announced length", async () => {
    const root = await daemon((socket) => void socket.write(Buffer.from([255, 255, 255, 255])));
    await expect(ask(root, "x")).rejects.toMatchObject({ code: "EMSGSIZE" });
    const small = await daemon((socket) => void socket.write(framed("12345")));
    await expect(ask(small, "x", 4)).rejects.toMatchObject({ code: "EMSGSIZE" });
    expect(await ask(small, "x", 5)).toBe("12345");
  });

  test.each([Buffer.alloc(0), Buffer.from([5, 0]), framed("12345").subarray(0, 7)])(
    "tells a connection cut after %j",
    async (part) => {
      const root = await daemon((socket) => void socket.end(part));
      await expect(ask(root, "x")).rejects.toMatchObject({ code: "ECONNRESET" });
    },
  );

  test("ends with its signal, and closes the connection", async () => {
    const closed = new Promise<void>((resolve) => {
      void daemon((socket) => {
        socket.on("close", () => resolve());
        socket.on("data", () => controller.abort(new Error("deadline")));
      }).then((root) => ask(root, "x", undefined, controller.signal).catch((error: unknown) => failures.push(error)));
    });
    const controller = new AbortController();
    const failures: unknown[] = [];
    await closed;
    expect(failures).toEqual([new Error("deadline")]);
  });

  test("does not begin after its signal", async () => {
    const root = await temporaryFolder();
    await expect(ask(root, "x", undefined, AbortSignal.abort(new Error("over")))).rejects.toThrow("over");
  });

  test("refuses a request that no daemon takes", async () => {
    const root = await temporaryFolder();
    await expect(ask(root, "x".repeat(LARGEST_MESSAGE + 1))).rejects.toMatchObject({ code: "EMSGSIZE" });
  });

  test("tells that there is no socket, that it is none, and that nobody listens", async () => {
    const root = await temporaryFolder();
    await expect(ask(root, "x")).rejects.toMatchObject({ code: "ENOENT" });
    await writeFile(join(root, "com"), "");
    await expect(ask(root, "x")).rejects.toMatchObject({ code: "ENOTSOCK" });
    new DatagramReceiver(join(root, "dead")).close();
    await expect(ask(root, "x", undefined, never, "dead")).rejects.toMatchObject({
      code: expect.stringMatching(/^(ECONNREFUSED|EPROTOTYPE|ENOENT)$/) as unknown,
    });
  });

  test("follows no link out of the root", async () => {
    const outside = await daemon((socket) => void socket.write(framed("secret")));
    const root = await temporaryFolder();
    await symlink(join(outside, "com"), join(root, "com"));
    await expect(ask(root, "x")).rejects.toMatchObject({ code: "EACCES" });
    await expect(ask(root, "x", undefined, never, "../com")).rejects.toMatchObject({ code: "EACCES" });
  });
});

/** A bound datagram socket under a new root. */
async function receiver(): Promise<{
  readonly root: string;
  readonly next: () => Promise<Buffer>;
  readonly socket: DatagramReceiver;
}> {
  const root = await temporaryFolder();
  const socket = new DatagramReceiver(join(root, "execq"));
  onTestFinished(() => socket.close());
  return { root, next: () => socket.next(), socket };
}

describe("sendDatagram", () => {
  test("gives a message whole to whoever listens", async () => {
    const { root, next } = await receiver();
    const message = Buffer.from(JSON.stringify({ version: 1, command: "restart-wazuh", text: "ü" }));
    await daemonSockets(root, systemClock).sendDatagram("execq", message);
    expect(await next()).toEqual(message);
  });

  test("keeps messages apart, and in order", async () => {
    const { root, next } = await receiver();
    const sockets = daemonSockets(root, systemClock);
    for (const text of ["one", "two"]) await sockets.sendDatagram("execq", Buffer.from(text));
    expect([String(await next()), String(await next())]).toEqual(["one", "two"]);
  });

  test("gives a large message, and refuses one that no daemon takes", async () => {
    const { root, next } = await receiver();
    const sockets = daemonSockets(root, systemClock);
    await sockets.sendDatagram("execq", Buffer.alloc(LARGEST_MESSAGE, 1));
    expect((await next()).equals(Buffer.alloc(LARGEST_MESSAGE, 1))).toBe(true);
    await expect(sockets.sendDatagram("execq", Buffer.alloc(LARGEST_MESSAGE + 1))).rejects.toMatchObject({
      code: "EMSGSIZE",
    });
  });

  test("tells that there is no socket", async () => {
    const root = await temporaryFolder();
    await expect(daemonSockets(root, systemClock).sendDatagram("execq", Buffer.from("x"))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });

  test("tells that a socket is of another kind", async () => {
    const root = await daemon(() => undefined, "execq");
    await expect(daemonSockets(root, systemClock).sendDatagram("execq", Buffer.from("x"))).rejects.toMatchObject({
      code: "EPROTOTYPE",
    });
  });

  test("follows no link out of the root", async () => {
    const outside = await receiver();
    const root = await temporaryFolder();
    await symlink(join(outside.root, "execq"), join(root, "execq"));
    await expect(daemonSockets(root, systemClock).sendDatagram("execq", Buffer.from("x"))).rejects.toMatchObject({
      code: "EACCES",
    });
  });

  test("leaves no timer behind", async () => {
    const { root, next } = await receiver();
    const clock = new ManualClock();
    await daemonSockets(root, clock).sendDatagram("execq", Buffer.from("x"));
    await next();
    expect(clock.pending).toBe(0);
  });
});

/** Moves the clock on in steps, and lets what becomes due happen between them. */
async function passTime(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 10) {
    clock.advance(Math.min(10, milliseconds - passed));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a full queue", () => {
  /** As many datagrams as the queue takes, and some more; what became of each is noted. */
  async function flood(extra: number) {
    const { root, socket } = await receiver();
    const clock = new ManualClock();
    const sockets = daemonSockets(root, clock);
    const longestQueue = Number(await readFile("/proc/sys/net/unix/max_dgram_qlen", "utf8"));
    const codes: unknown[] = [];
    const sends = Array.from({ length: longestQueue + 1 + extra }, () =>
      sockets.sendDatagram("execq", Buffer.from("x")).then(
        () => codes.push("sent"),
        (error: NodeJS.ErrnoException) => codes.push(error.code),
      ),
    );
    await waitUntil(() => codes.length > 0 && codes.length + clock.pending === sends.length);
    return { socket, clock, codes, sends };
  }

  test("is waited for, but only so long", async () => {
    const { clock, codes, sends } = await flood(5);
    await passTime(clock, DATAGRAM_TIMEOUT - 1);
    expect(codes).not.toContain("EAGAIN");
    await passTime(clock, 20);
    await Promise.all(sends);
    expect(new Set(codes)).toEqual(new Set(["sent", "EAGAIN"]));
    expect(clock.pending).toBe(0);
  });

  test("takes what waits once it is read again", async () => {
    const { socket, clock, codes, sends } = await flood(3);
    for (let taken = 0; taken < sends.length;) {
      if (socket.take() === undefined) await passTime(clock, 10);
      else taken += 1;
    }
    await passTime(clock, 10);
    await Promise.all(sends);
    expect(new Set(codes)).toEqual(new Set(["sent"]));
  });
});

describe("sendUnixDatagram", () => {
  const send = (path: string, text = "x"): Promise<void> =>
    sendUnixDatagram(path, Buffer.from(text), { clock: new ManualClock(), timeout: 1_000 });

  test("sends to a name in the abstract namespace", async () => {
    const name = `@muster-test-${String(process.pid)}`;
    const socket = new DatagramReceiver(name);
    onTestFinished(() => socket.close());
    await send(name, "abstract");
    expect(String(await socket.next())).toBe("abstract");
    await expect(send(`${name}-unknown`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("tells an unknown path, a socket that nobody has any more, and a file that is none", async () => {
    const root = await temporaryFolder();
    await expect(send(join(root, "none"))).rejects.toMatchObject({ code: "ENOENT" });
    new DatagramReceiver(join(root, "dead")).close();
    await expect(send(join(root, "dead"))).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await writeFile(join(root, "file"), "");
    await expect(send(join(root, "file"))).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("takes a path of the longest length, and refuses one byte more", async () => {
    const root = await temporaryFolder();
    const longest = join(root, "x".repeat(107 - root.length - 1));
    const socket = new DatagramReceiver(longest);
    onTestFinished(() => socket.close());
    await send(longest, "long");
    expect(String(await socket.next())).toBe("long");
    await expect(send(`${longest}x`)).rejects.toMatchObject({ code: "ENAMETOOLONG" });
  });
});
