import { mkdtempSync, readFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ActorRefFrom } from "xstate";
import type { integrityIndexer } from "../../machines/integrityIndexer.js";
import type { PeerProcess, WorkerPeerRef } from "../../machines/workerPeer.js";
import { resolveNodeConfig } from "../../src/config/resolveNodeConfig.js";
import { startNode, type RunningNode } from "../../src/node/startNode.js";
import type { Dialect } from "../../src/protocol/dialects/Dialect.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { memoryLogger, type MemoryLogger } from "./memoryLogger.js";
import { makeRoot } from "./nodeRoot.js";
import { RECORDED_CLUSTER_KEY } from "./recordings.js";
import { RoundRecorder } from "./replayRounds.js";
import { readTar, type TarEntry } from "./tar.js";
import { waitUntil } from "./waitUntil.js";

/** Rounds that take fractions of a second, and waits long enough for a machine with other work. */
const QUICK = {
  intervals: {
    worker: {
      sync_integrity: 0.2,
      sync_agent_info: 0.2,
      sync_agent_info_ko_retry: 0.2,
      keep_alive: 0.2,
      connection_retry: 0.2,
    },
    master: {
      ...{ agent_group_start_delay: 0.1, sync_agent_groups: 0.1 },
      recalculate_integrity: 0.05, check_worker_lastkeepalive: 5, max_allowed_time_without_keepalive: 60,
    },
    communication: { timeout_cluster_request: 20, timeout_receiving_file: 30 },
  },
};
/** Never compared: they hold this run's port, or are made by the node itself. */
const OWN_FILES = new Set(["etc/ossec.conf", "etc/cluster.json"]);

/** A node of muster inside this process, on a root of its own. */
export interface ReplayNode extends RunningNode {
  readonly root: string;
  readonly logger: MemoryLogger;
  /** What its processes did. */
  readonly rounds: RoundRecorder;
  /** Stops the node and removes its root. */
  close(): Promise<void>;
}

export interface ReplayRootOptions {
  readonly kind: "master" | "worker";
  readonly name: string;
  readonly port: number;
  /** A recorded tree, for example `master-before`. */
  readonly tar?: string;
  /** Whose recordings these are. @default dialect 4.3-zip */
  readonly dialect?: Dialect;
}

/** Makes a root with the recorded cluster's key, and a recorded tree in it. Returns its path. */
export async function makeReplayRoot({ kind, name, port, tar, dialect = zip43 }: ReplayRootOptions): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), `muster-replay-${name}-`));
  if (tar !== undefined) await unpack(recordedTree(tar, dialect), root);
  return makeRoot({ kind, name, port, root, key: RECORDED_CLUSTER_KEY, cluster: "wazuh", clusterJson: QUICK });
}

/** Starts a node on a root; `close` removes the root. */
export async function startReplayNode(root: string, dialect: Dialect = zip43): Promise<ReplayNode> {
  const logger = memoryLogger();
  const { config } = resolveNodeConfig({ root, readFile: (path) => readFileSync(path, "utf8") });
  const node = await startNode({ config, dialect, logger, threads: 2 });
  return {
    ...node,
    root,
    logger,
    rounds: new RoundRecorder(node.actor),
    close: async () => {
      node.stop();
      await node.ended;
      await rm(root, { recursive: true, force: true });
    },
  };
}

export function recordedTree(name: string, { id }: Dialect = zip43): readonly TarEntry[] {
  return readTar(readFileSync(new URL(`../fixtures/vectors/${id}/${name}.tar`, import.meta.url)));
}

/** One entry of a tree: a folder, or a file's mode and content. */
export type TreeEntry = "folder" | { readonly mode: string; readonly content: string };

/** A recorded tree as `readNodeTree` gives one. */
export function treeOf(entries: readonly TarEntry[]): Record<string, TreeEntry> {
  return Object.fromEntries(
    entries
      .filter(({ path }) => !OWN_FILES.has(path))
      .map(({ path, kind, mode, content }) => [path, kind === "folder" ? "folder" : treeFile(mode, content)]),
  );
}

/** What stands in the parts of a root that the recorded trees hold, folders too. */
export async function readNodeTree(root: string, parts: readonly string[]): Promise<Record<string, TreeEntry>> {
  const tree: Record<string, TreeEntry> = {};
  const visit = async (path: string): Promise<void> => {
    const status = await stat(join(root, path)).catch(() => undefined);
    if (status === undefined || OWN_FILES.has(path)) return;
    tree[path] = status.isDirectory() ? "folder" : treeFile(status.mode & 0o7777, await readFile(join(root, path)));
    if (status.isDirectory()) for (const name of await readdir(join(root, path))) await visit(`${path}/${name}`);
  };
  for (const part of parts) await visit(part);
  return tree;
}

/** Files that transfers left in `queue/cluster`. */
export async function transferLeftovers(root: string): Promise<string[]> {
  const entries = await readdir(join(root, "queue/cluster"), { recursive: true, withFileTypes: true });
  // The local socket lives there as long as the node.
  return entries.filter((entry) => !entry.isDirectory() && !entry.isSocket()).map(({ name }) => name);
}

/** Waits until a master's index is of a pass that began after this call. */
export async function indexedAnew({ actor }: ReplayNode): Promise<void> {
  const now = Date.now();
  await waitUntil(
    () => {
      const { children } = actor.getSnapshot() as {
        children: { integrityIndexer?: ActorRefFrom<typeof integrityIndexer> };
      };
      return (children.integrityIndexer?.getSnapshot().context.record.lastSuccess?.startedAt ?? 0) > now;
    },
    10_000,
    "a new index",
  );
}

/** Waits until processes of a worker, those of dialect 4.3 by default, are free on the master, as they are long before a real worker asks again. */
export async function allFree(
  { actor }: ReplayNode,
  workerName: string,
  processes: readonly PeerProcess[] = ["integritySync", "extraValidSync", "agentInfoSync"],
): Promise<void> {
  await waitUntil(
    () => {
      const { children } = actor.getSnapshot() as { children: Record<string, WorkerPeerRef | undefined> };
      const peers = Object.entries(children).filter(([id]) => id.startsWith("peer-"));
      const peer = peers
        .map(([, child]) => child?.getSnapshot())
        .find((snapshot) => snapshot?.context.nodeName === workerName);
      return processes.every((process) => peer?.children[process]?.getSnapshot().value === "free");
    },
    10_000,
    `${processes.join(", ")} of ${workerName} free`,
  );
}

async function unpack(entries: readonly TarEntry[], root: string): Promise<void> {
  for (const { path, kind, mode, modTime, content } of entries) {
    const target = join(root, path);
    await mkdir(kind === "folder" ? target : dirname(target), { recursive: true });
    if (kind === "file") await writeFile(target, content);
    await chmod(target, mode);
    if (kind === "file") await utimes(target, modTime, modTime);
  }
}

function treeFile(mode: number, content: Buffer): TreeEntry {
  return { mode: mode.toString(8).padStart(4, "0"), content: content.toString("utf8") };
}
