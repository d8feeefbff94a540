import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { metadataOf, type PeerDifference } from "../../support/peer/peerFiles.js";
import type { PeerMessage } from "../../support/peer/PeerLink.js";
import { archiveOfMissing, RawMaster } from "../../support/peer/RawMaster.js";
import { TEST_CLUSTER, TEST_KEY } from "../../support/TestCluster.js";
import { TestNode } from "../../support/TestNode.js";
import { waitUntil } from "../../support/waitUntil.js";

/** The shortest times in which a test can see each of them pass. */
const HASTY = {
  intervals: {
    worker: {
      sync_integrity: 0.1,
      sync_agent_info: 0.5,
      keep_alive: 0.3,
      connection_retry: 0.1,
      max_failed_keepalive_attempts: 2,
    },
    communication: { timeout_cluster_request: 0.6, timeout_receiving_file: 2.5 },
  },
};
const LARGE_BYTES = 12 * 1024 * 1024;

/** One worker of muster's own under a master of the tests' own, which each test makes behave as it needs. */
describe("a worker under a master that others have written", () => {
  let master: RawMaster;
  let worker: TestNode;
  /** A command that the master does not answer. */
  let muted = "";
  /** Called for each request of the worker. */
  let onRequest: ((message: PeerMessage) => void) | undefined;

  beforeAll(async () => {
    master = await RawMaster.listen({
      key: TEST_KEY,
      handle: (message) => {
        onRequest?.(message);
        return message.command === muted ? "nothing" : undefined;
      },
    });
    const common = { port: master.port, key: TEST_KEY, cluster: TEST_CLUSTER, clusterJson: HASTY };
    worker = await TestNode.create({ kind: "worker", name: "w1", ...common });
    worker.start();
    await worker.inStep();
  });
  beforeEach(() => {
    master.craft = undefined;
    muted = "";
    onRequest = undefined;
  });
  afterAll(async () => {
    await master?.close();
    await worker?.dispose();
  });

  const errors = (from: number): string[] =>
    worker.process.logs
      .slice(from)
      .filter(({ level }) => level === "error")
      .map(({ message }) => message);

  test("gets its files, its merged group files, and sends its own", async () => {
    master.files.set("etc/rules/ä b.xml", Buffer.from("<rule/>"));
    master.files.set("etc/shared/empty", Buffer.alloc(0));
    master.files.set("etc/lists/large", Buffer.alloc(LARGE_BYTES, "large "));
    master.files.set("queue/agent-groups/001", Buffer.from("the master's"));
    await worker.write({
      "queue/agent-groups/001": "the worker's",
      "queue/agent-groups/002": "web",
      "etc/rules/extra.xml": "goes",
    });
    await waitUntil(() => master.groupParts.length > 0);
    await worker.inStep();
    expect(await worker.read("etc/rules/ä b.xml")).toBe("<rule/>");
    expect(await worker.read("etc/shared/empty")).toBe("");
    expect((await worker.read("etc/lists/large")).length).toBe(LARGE_BYTES);
    expect(await worker.read("queue/agent-groups/001")).toBe("the master's");
    await expect(worker.read("etc/rules/extra.xml")).rejects.toThrow("ENOENT");
    expect(master.groupParts.map(({ name, content }) => [name, content.toString()])).toEqual([["002", "web"]]);
    await worker.cleared();
    expect(master.refusals).toEqual([]);
  });

  test("asks again when it is not given permission", async () => {
    master.permits = false;
    await worker.process.waitForLog("Master didn't grant permission to start a new integrity check");
    master.permits = true;
    await worker.inStep();
  });

  test.each([
    ["the configuration", "etc/ossec.conf"],
    ["a file of no item", "etc/local_internal_options.conf"],
    ["a file outside the root", "../escaped"],
    ["a file outside by a detour", "etc/rules/../../../escaped"],
    ["an absolute file", "/tmp/muster-escaped"],
    ["a backslash's trick", "etc\\rules\\..\\..\\escaped"],
    ["an excluded name", "etc/shared/ar.conf"],
    ["an excluded ending", "etc/rules/x.tmp"],
    ["another node's transfers", "queue/cluster/other/agent-groups-shared.merged"],
  ])("does not write %s, says so, and is free again", async (_, path) => {
    const target = `${path.startsWith("/") ? "../".repeat(20) : ""}${path}`;
    const before = await worker.read(target).catch(() => "none");
    const tree = await worker.tree();
    const from = worker.process.logs.length;
    master.craft = () => archiveOfMissing(path, "evil");
    master.files.set("etc/rules/difference.xml", Buffer.from(path));
    await worker.process.waitForLog(({ level }) => level === "error", { from });
    expect(await worker.read(target).catch(() => "none")).toBe(before);
    expect(await worker.tree()).toEqual(tree);
    master.craft = undefined;
    await worker.inStep();
    expect(await worker.read("etc/rules/difference.xml")).toBe(path);
    await worker.cleared();
  });

  test("does not delete what no item covers, and deletes the rest", async () => {
    await worker.write({ "etc/rules/extra.xml": "goes", "etc/local_internal_options.conf": "stays" });
    const doomed = ["etc/rules/extra.xml", "etc/local_internal_options.conf", "etc/ossec.conf"];
    const from = worker.process.logs.length;
    master.craft = (difference: PeerDifference) => {
      master.craft = undefined;
      const extra = Object.fromEntries(doomed.map((path) => [path, metadataOf(path, Buffer.alloc(0))]));
      return new Map([["files_metadata.json", Buffer.from(JSON.stringify({ ...difference, extra }))]]);
    };
    await waitUntil(() => errors(from).length > 0);
    await worker.inStep();
    expect(await worker.read("etc/local_internal_options.conf")).toBe("stays");
    expect(await worker.read("etc/ossec.conf")).toContain("<cluster>");
    await expect(worker.read("etc/rules/extra.xml")).rejects.toThrow("ENOENT");
  });

  test.each([
    ["no entry", new Map<string, Uint8Array>()],
    ["no metadata", new Map([["etc/rules/a.xml", Buffer.from("a")]])],
    ["metadata that is no JSON", new Map([["files_metadata.json", Buffer.from("{")]])],
    ["metadata of another form", new Map([["files_metadata.json", Buffer.from('{"missing": 5}')]])],
  ])("reports an archive with %s, and goes on", async (_, entries) => {
    master.reportedErrors.length = 0;
    const reported: string[] = [];
    onRequest = ({ command, payload }) => {
      if (command === "syn_i_w_m_r") reported.push(payload.toString());
    };
    master.craft = () => entries;
    master.files.set("etc/rules/difference.xml", Buffer.from(JSON.stringify([...entries])));
    await waitUntil(() => reported.length > 0);
    expect(reported[0]).toMatch(/^\S+ \{"__wazuh_exception__": /);
    master.craft = undefined;
    await worker.inStep();
    await worker.cleared();
  });

  test.each([
    ["asks for permission", "syn_i_w_m_p"],
    ["opens its task", "syn_i_w_m"],
    ["begins its file", "new_file"],
    ["ends its file", "file_end"],
    ["announces its file", "syn_i_w_m_e"],
  ])("is free again when the master does not answer as it %s", async (_, command) => {
    const from = worker.process.logs.length;
    muted = command;
    await worker.process.waitForLog(({ level, subtag }) => level === "error" && subtag === "Integrity check", { from });
    muted = "";
    await worker.inStep();
    await worker.cleared();
  });

  test("is free again when the master takes its file and never says what comes of it", async () => {
    const from = worker.process.logs.length;
    master.withholdsVerdict = true;
    await worker.process.waitForLog("did not happen in time", { from });
    master.withholdsVerdict = false;
    await worker.inStep();
    await worker.cleared();
  });

  test("leaves a master that answers no keepalive, and comes back", async () => {
    const from = worker.process.logs.length;
    muted = "echo-c";
    await worker.process.waitForLog(/lost.*keepalive/, { from });
    muted = "";
    await worker.process.waitForLog("Successfully connected", { from: worker.process.logs.length });
    await worker.inStep();
  });

  test.each(["hello", "syn_i_w_m_p", "syn_i_w_m", "new_file", "file_upd", "file_end", "syn_i_w_m_e"])(
    "cut as it sends %s, it comes back and into step",
    async (command) => {
      if (command === "hello") master.workers.get("w1")?.close();
      else master.files.set("etc/rules/difference.xml", Buffer.from(command));
      await new Promise<void>((resolve) => {
        onRequest = (message) => {
          if (message.command !== command) return;
          onRequest = undefined;
          setImmediate(() => {
            master.cut();
            resolve();
          });
        };
      });
      await worker.inStep();
      await waitUntil(async () => {
        expect(await worker.read("etc/rules/difference.xml")).toBe(
          master.files.get("etc/rules/difference.xml")?.toString(),
        );
        return true;
      });
      await worker.cleared();
    },
  );

  test.each(["syn_m_c", "new_file", "file_upd", "file_end", "syn_m_c_e"])(
    "cut as its master has sent %s, it comes back and into step",
    async (command) => {
      master.files.set("etc/rules/difference.xml", Buffer.from(`sent ${command}`));
      master.cutAfterSending = command;
      await waitUntil(() => master.cutAfterSending === undefined);
      await worker.inStep();
      await waitUntil(async () => (await worker.read("etc/rules/difference.xml")) === `sent ${command}`);
      await worker.cleared();
    },
  );
});
