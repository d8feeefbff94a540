import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigurationError, createMaster, createWorker } from "../../../src/index.js";
import type { MasterOptions } from "../../../src/index.js";
import { freePort } from "../../support/freePort.js";
import { memoryLogger } from "../../support/memoryLogger.js";
import { writeTree } from "../../support/nodeRoot.js";

const KEY = "0123456789abcdefghijklmnopqrstuv";

describe("the library", () => {
  let folder = "";
  let count = 0;
  const options = async (more: Partial<MasterOptions> = {}): Promise<MasterOptions> => ({
    root: join(folder, `root-${(count += 1)}`),
    name: "m1",
    key: KEY,
    port: await freePort(),
    bindAddress: "127.0.0.1",
    threads: 2,
    ...more,
  });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "muster-library-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("tells every mistake of the options at once", async () => {
    const mistakes = createMaster(await options({ key: "short", name: "../m1", port: 80 }));
    await expect(mistakes).rejects.toBeInstanceOf(ConfigurationError);
    const { problems } = (await mistakes.catch((error: unknown) => error)) as ConfigurationError;
    const text = problems.map(({ detail }) => detail).join("\n");
    for (const option of ["key", "name", "port"]) expect(text).toMatch(new RegExp(option, "i"));
    expect(text).not.toContain("short");
    await expect(createMaster(await options({ set: { "intervals.worker.none": 1 } }))).rejects.toThrow("there is no value called intervals.worker.none");
  });

  test("takes what the options don't say from the root's files", async () => {
    const given = await options();
    await writeTree(given.root, {
      "etc/ossec.conf": { content: "<ossec_config><cluster><name>field</name><node_name>other</node_name><disabled>yes</disabled></cluster></ossec_config>", mode: 0o640 },
      "etc/muster.yaml": "limits: {openFiles: 7}\n",
    });
    const { config } = await createMaster(given);
    expect(config.cluster).toMatchObject({ name: "field", nodeName: "m1", nodeType: "master", disabled: false });
    expect(config.limits.openFiles).toBe(7);
  });

  test("a node lives once: calls out of turn say how it is", async () => {
    const log = memoryLogger();
    const node = await createMaster(await options({ logger: log }));
    expect(node.life).toBe("new");
    expect(() => node.snapshot()).toThrow("snapshot() needs a node that is running; this one is new");
    await node.start();
    expect(node.life).toBe("running");
    expect(node.snapshot()).toMatchObject({ machine: "master", state: "running" });
    await expect(node.start()).rejects.toThrow("start() needs a node that is new; this one is running");
    expect(await node.stop()).toEqual({ error: null });
    expect(await node.ended).toEqual({ error: null });
    expect(node.life).toBe("ended");
    await expect(node.ask({ module: "wazuh.cluster", qualname: "get_nodes_info" })).rejects.toThrow("this one is ended");
    expect(await node.stop()).toEqual({ error: null });
    expect(log.messages().join("\n")).toContain("Serving on");
  });

  test("a node that never began can be stopped", async () => {
    const node = await createWorker({ ...(await options()), master: "127.0.0.1" });
    expect(await node.stop()).toEqual({ error: null });
    await expect(node.start()).rejects.toThrow("this one is ended");
  });

  test("a master whose port is taken fails to start, and leaves its root free", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const given = await options({ port });
    const node = await createMaster(given);
    await expect(node.start()).rejects.toThrow("the port is in use");
    expect((await node.ended).error?.message).toContain("the port is in use");
    await new Promise((resolve) => other.close(resolve));
    const second = await createMaster(given);
    await second.start();
    await expect(createMaster(given).then((third) => third.start())).rejects.toThrow("a node runs in");
    await second.stop();
  });

  test("changes of state are told until they are not wanted any more", async () => {
    const given = await options();
    const node = await createMaster(given);
    const seen: string[] = [];
    const unwatch = node.watch(({ machine, state }) => seen.push(`${machine} ${state}`));
    await node.start();
    await expect.poll(() => seen, { timeout: 20_000 }).toContain("integrityIndexer waiting");
    unwatch();
    const before = seen.length;
    await node.stop();
    expect(seen).toHaveLength(before);
    expect(await readFile(join(given.root, "var/run/muster.lock"), "utf8")).toContain(String(process.pid));
  });
});
