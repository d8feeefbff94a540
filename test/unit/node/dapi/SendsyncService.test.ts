import { expect, onTestFinished, test } from "vitest";
import { createActor } from "xstate";
import type { SendsyncQueueRef } from "../../../../machines/sendsyncQueue.js";
import { SendsyncService, type SendsyncAsker } from "../../../../src/node/dapi/SendsyncService.js";
import type { DaemonSockets } from "../../../../src/dapi/CatalogueFunction.js";
import { memoryLogger } from "../../../support/memoryLogger.js";

function service(exchange: DaemonSockets["exchange"]) {
  const refs: { queue?: SendsyncQueueRef } = {};
  const sendsync = new SendsyncService({
    daemons: { exchange, sendDatagram: () => Promise.reject(new Error("no datagram is sent")) },
    logger: memoryLogger(),
    queue: () => refs.queue,
  });
  refs.queue = createActor(sendsync.queueMachine(), { input: { concurrency: 1, capacity: 1 } }).start();
  onTestFinished(() => {
    refs.queue?.stop();
  });
  const ask = (message: object): Promise<string> =>
    new Promise((resolve, reject) => {
      const asker: SendsyncAsker = {
        origin: "w1",
        askerId: "c1",
        reply: (text) => Promise.resolve(resolve(`reply ${text}`)),
        fail: (text) => Promise.resolve(resolve(`fail ${text}`)),
      };
      try {
        sendsync.receive(JSON.stringify(message), asker);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  return { sendsync, ask };
}

const failure = (code: string): Error => Object.assign(new Error(code), { code });

test.each<[string, unknown, string]>([
  ["authd", { function: "add" }, 'queue/sockets/auth {"function": "add"}'],
  ["task-manager", "ping", "queue/tasks/task ping"],
  ["wazuh-db", "global sql", "queue/db/wdb global sql"],
])("a message to %s goes to its socket, and the reply comes back", async (daemonName, message, sent) => {
  const { ask } = service((socket, text) => Promise.resolve(`to ${socket} ${text}`));
  await expect(ask({ daemon_name: daemonName, message })).resolves.toBe(`reply to ${sent}`);
});

test.each<[string, Error, string]>([
  ["nope", new Error("not asked"), "Error 1014 - Error communicating with socket: 'nope'"],
  ["authd", failure("ENOENT"), "Error 1013 - Unable to connect with socket: [Errno 2] No such file or directory"],
  ["authd", failure("ECONNREFUSED"), "[Errno 111] Connection refused"],
  ["authd", failure("ETIMEDOUT"), "Error 1014 - Error communicating with socket: queue/sockets/auth: ETIMEDOUT"],
])("what goes wrong with %s (%s) is told in the reference's words", async (daemonName, error, said) => {
  const { ask } = service(() => Promise.reject(error));
  const text = await ask({ daemon_name: daemonName, message: "x" });
  expect(text).toContain(`fail Error in SendSync (parameters {'daemon_name': '${daemonName}', 'message': 'x'}): `);
  expect(text).toContain(said);
});

test("a queue that is full refuses, and a text that is no message is none", async () => {
  const { sendsync, ask } = service(() => new Promise<string>(() => undefined));
  void ask({ daemon_name: "authd", message: "works" });
  void ask({ daemon_name: "authd", message: "waits" });
  await expect(ask({ daemon_name: "authd", message: "too much" })).rejects.toMatchObject({ code: 3009 });
  sendsync.lose("c1");
  await expect(ask({})).rejects.toMatchObject({ code: 1000 });
});
