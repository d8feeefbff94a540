import { randomBytes } from "node:crypto";
import { access, mkdir, readFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIALECTS } from "../../../src/protocol/dialects/index.js";
import { TestCluster } from "../../support/TestCluster.js";

/** Fewer where another test has shown the many. */
const FILES: Readonly<Record<string, number>> = { "4.3-zip": 2_000, "4.14": 300 };
const LARGE_BYTES = 12 * 1024 * 1024;
const NAMES = [
  (n: number): string => `etc/rules/rule ${n} with spaces.xml`,
  (n: number): string => `etc/decoders/décodeur-${n}-日本語-😀.xml`,
  (n: number): string => `etc/lists/deep/a/b/c/d/e/f/g/h/${n % 10}/list-${n}`,
  (n: number): string => `etc/shared/group ${n % 20}/agent-${n}.conf`,
  (n: number): string => `var/multigroups/${n.toString(16).padStart(8, "0")}/merged.mg`,
];

/** Every tenth file is empty, others hold up to 4 KiB. */
function manyFiles(count: number): Record<string, Uint8Array> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => {
      const name = NAMES[n % NAMES.length] ?? String;
      return [name(n), n % 10 === 0 ? Buffer.alloc(0) : randomBytes(1 + ((n * 37) % 4096))];
    }),
  );
}

/** What stays where it is, on either side. */
const UNTOUCHED = {
  "etc/shared/ar.conf": "excluded by name",
  "etc/rules/a.xml~": "excluded by ending",
  "etc/rules/b.tmp": "excluded by ending",
  "etc/lists/c.lock": "excluded by ending",
  "etc/decoders/.d.swp": "excluded by ending",
  "etc/local_internal_options.conf": "no item names it",
  "var/multigroups/x/other.mg": "the item takes merged.mg only",
  "logs/other.log": "no item covers it",
};

describe.each(DIALECTS)("the first synchronisation in dialect $id", (dialect) => {
  const count = FILES[dialect.id] ?? 300;
  let cluster: TestCluster;
  let large: Buffer;

  beforeAll(async () => {
    cluster = await TestCluster.create({ workers: ["w1", "w2"], dialect });
    large = randomBytes(LARGE_BYTES);
    await cluster.master.write({
      ...manyFiles(count),
      "etc/lists/large": large,
      "etc/lists/ends.with.merged": "a name, no merge",
      "etc/lists/old": { content: "from before 1980", modTime: 200_000_000 },
      "etc/rules/new\nline.xml": "<group/>",
      "etc/rules/executable.sh": { content: "#!/bin/sh\n", mode: 0o660 },
      "etc/client.keys": { content: "001 web01 any 0011\n", mode: 0o640 },
      "queue/agent-groups/001": "default",
      ...Object.fromEntries(Object.keys(UNTOUCHED).map((path) => [path, "the master's own"])),
    });
    for (const worker of cluster.workers) {
      await worker.write({
        "etc/rules/stale.xml": "the master has no such file",
        "etc/rules/rule 0 with spaces.xml": "another content",
        "etc/shared/stale group/agent.conf": "goes with its folder",
        ...Object.fromEntries(Object.entries(UNTOUCHED).map(([path, content]) => [path, content])),
      });
      await mkdir(join(worker.root, "etc/rules/empty and old"), { recursive: true });
    }
    await cluster.start();
    await cluster.settled();
  });
  afterAll(async () => {
    await cluster?.dispose();
  });

  test(`brings ${count} files of all kinds of names to two workers at once`, async () => {
    const wanted = await cluster.master.tree();
    expect(Object.keys(wanted).length).toBeGreaterThan(count);
    for (const worker of cluster.workers) expect(await worker.tree()).toEqual(wanted);
  });

  test("brings a file of 12 MB whole", async () => {
    for (const { root } of cluster.workers) {
      expect((await readFile(join(root, "etc/lists/large"))).equals(large)).toBe(true);
    }
  });

  test("gives each file its item's mode", async () => {
    const modeOf = async (path: string): Promise<string> =>
      ((await stat(join(cluster.worker.root, path))).mode & 0o7777).toString(8);
    expect(await modeOf("etc/client.keys")).toBe("640");
    expect(await modeOf("etc/rules/executable.sh")).toBe("660");
    expect(await modeOf("etc/lists/deep/a/b/c/d/e/f/g/h/2/list-2")).toBe("660");
    if (dialect.rules.agentGroups === "files") expect(await modeOf("queue/agent-groups/001")).toBe("660");
    else await expect(modeOf("queue/agent-groups/001")).rejects.toThrow("ENOENT");
  });

  test("removes what the master does not have, and the folder that this empties in etc/shared", async () => {
    for (const { root } of cluster.workers) {
      await expect(access(join(root, "etc/rules/stale.xml"))).rejects.toThrow("ENOENT");
      await expect(access(join(root, "etc/shared/stale group"))).rejects.toThrow("ENOENT");
    }
  });

  test("leaves excluded and uncovered files alone, on both sides", async () => {
    for (const [path, content] of Object.entries(UNTOUCHED)) {
      for (const worker of cluster.workers) expect(await worker.read(path)).toBe(content);
      expect(await cluster.master.read(path)).toBe("the master's own");
    }
  });

  test("leaves etc/ossec.conf alone", async () => {
    expect(await cluster.worker.read("etc/ossec.conf")).toContain("<node_name>w1</node_name>");
    expect(await cluster.master.read("etc/ossec.conf")).toContain("<node_type>master</node_type>");
  });

  test("is not repeated: later rounds find nothing to do, whatever the names", async () => {
    const before = cluster.workers.map((worker) => worker.process.logs.length);
    for (const worker of cluster.workers) await worker.inStep();
    cluster.workers.forEach(({ process }, n) => {
      expect(process.logs.slice(before[n]).filter(({ message }) => message.includes("Sync required"))).toEqual([]);
    });
  });

  test("takes a file with a new time and the old content for unchanged", async () => {
    const { process, root } = cluster.worker;
    await utimes(join(root, "etc/rules/executable.sh"), 1_500_000_000, 1_500_000_000);
    const from = process.logs.length;
    await cluster.worker.inStep();
    await cluster.worker.inStep();
    expect(process.logs.slice(from).some(({ message }) => message.includes("Sync required"))).toBe(false);
  });
});
