import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatRequest, newRequest } from "../../../src/dapi/encoding/requestJson.js";
import type { PeerLink } from "../../support/peer/PeerLink.js";
import { RawMaster } from "../../support/peer/RawMaster.js";
import { TEST_CLUSTER, TEST_KEY } from "../../support/TestCluster.js";
import { TestNode } from "../../support/TestNode.js";
import { waitUntil } from "../../support/waitUntil.js";

const HUGE = 4_000_000_000;
const KEYS = "001 a any 0\n";

/**
 * What a master that was taken over may try on its workers, besides odd archives (those are in sync/foreignMaster.test.ts).
 * What it may do is to give and take files of the items: that is its office.
 */
describe("a master that means no good", () => {
  let master: RawMaster;
  let worker: TestNode;

  beforeAll(async () => {
    master = await RawMaster.listen({ key: TEST_KEY });
    master.files.set("etc/client.keys", Buffer.from(KEYS));
    worker = await TestNode.create({ kind: "worker", name: "w1", port: master.port, key: TEST_KEY, cluster: TEST_CLUSTER });
    worker.start();
    await worker.inStep();
  });
  afterAll(async () => {
    await master?.close();
    await worker?.dispose();
  });

  const link = async (): Promise<PeerLink> => {
    await waitUntil(() => master.workers.has("w1"));
    const found = master.workers.get("w1");
    if (found === undefined) throw new Error("no connection");
    return found;
  };
  const isUnharmed = async (): Promise<void> => {
    expect(worker.process.end).toBeUndefined();
    expect(await worker.read("etc/client.keys")).toBe(KEYS);
    expect(await worker.read("etc/ossec.conf")).toContain("<cluster>");
  };

  test.each([
    "/etc/ossec.conf",
    "/etc/rules/stolen.xml",
    "/queue/cluster/other/x.zip",
    "/queue/cluster/w1/../other/x.zip",
    "/queue/cluster/c-internal.sock",
    "/queue/cluster/w1/deeper/x.zip",
    "/../x.zip",
    "//etc/x.zip",
  ])("can't write to %s", async (path) => {
    const peer = await link();
    expect((await peer.exchange("new_file", path)).command).toBe("err");
    expect((await peer.exchange("file_upd", `${path} evil`)).command).toBe("err");
    expect(await readdir(join(worker.root, "queue/cluster"))).not.toContain("other");
    await isUnharmed();
  });

  test.each(["etc/ossec.conf", "etc/client.keys", "queue/cluster/w1/../../../etc/client.keys", "../outside", "queue/cluster/w1/never-sent.zip"])(
    "can't have %s, which it has not sent, read or removed",
    async (path) => {
      const peer = await link();
      const opened = await peer.exchange("syn_m_c");
      const task = opened.payload.toString();
      expect((await peer.exchange("syn_m_c_e", `${task} ${path}`)).command).toBe("err");
      expect((await peer.exchange("syn_m_c_e", `00000000-0000-4000-8000-000000000000 ${path}`)).command).toBe("err");
      await peer.exchange("syn_m_c_r", `${task} {"__wazuh_exception__": {}}`);
      await isUnharmed();
    },
  );

  test.each([
    ["os", "system"],
    ["subprocess", "getoutput"],
    ["wazuh.core.utils", "execute"],
  ])("can't have %s.%s run", async (module, qualname) => {
    const peer = await link();
    const answer = await peer.exchange("dapi", `7 ${formatRequest(newRequest({ module, qualname, requestType: "local_any" }))}`);
    const told = (): string => [answer.payload, ...peer.seen.filter(({ command }) => command.startsWith("dapi")).map(({ payload }) => payload), ...peer.strings.values()].join("\n");
    await waitUntil(() => /is not (?:allowed|exposed)/.test(told()));
    await isUnharmed();
  });

  test.each([
    ["hello", `w1 ${TEST_CLUSTER} worker 4.3.0`],
    ["syn_i_w_m_p", ""],
    ["syn_i_w_m", ""],
    ["syn_a_w_m", "1"],
    ["dapi", "nospace"],
    ["dapi_res", "x"],
    ["syn_m_c_e", "noid"],
    ["syn_m_a_e", "{"],
    ["nonsense", ""],
  ])("is answered %s %j with an error, and nothing ends", async (command, payload) => {
    const peer = await link();
    expect((await peer.exchange(command, payload)).command).toBe("err");
    expect((await peer.ask("echo", "on")).toString()).toBe("on");
    await isUnharmed();
  });

  test("is left when it announces 4,000,000,000 bytes, and taken again", async () => {
    const peer = await link();
    const header = Buffer.alloc(20, "-");
    header.writeUInt32BE(7, 0);
    header.writeUInt32BE(HUGE, 4);
    header.write("echo ", 8);
    peer.socket.write(header);
    await peer.closed;
    await isUnharmed();
    await worker.inStep();
  });
});
