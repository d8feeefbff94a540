import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The parts of a root that travel by the protocol's default items (protocol.md 8), files and folders. */
const SYNCED_PARTS = [
  "etc/client.keys",
  "etc/shared",
  "etc/rules",
  "etc/decoders",
  "etc/lists",
  "var/multigroups",
  "queue/agent-groups",
];
/** Excluded names and endings, and what is not merged.mg below var/multigroups. */
const EXCLUDED = /(^|\/)(ar\.conf|ossec\.conf)$|(~|\.tmp|\.lock|\.swp)$|^var\/multigroups\/(?!(.*\/)?merged\.mg$)/;

/** A cluster.json whose rounds take fractions of a second instead of ten, for tests that wait for them. */
export const QUICK_CLUSTER_JSON = {
  intervals: {
    worker: {
      sync_integrity: 0.3,
      sync_agent_info: 0.3,
      sync_agent_info_ko_retry: 0.2,
      keep_alive: 1,
      connection_retry: 0.3,
    },
    master: {
      recalculate_integrity: 0.2,
      check_worker_lastkeepalive: 1,
      max_allowed_time_without_keepalive: 5,
      agent_group_start_delay: 0.2,
      sync_agent_groups: 0.3,
    },
    communication: { timeout_cluster_request: 5, timeout_receiving_file: 20 },
  },
};

export interface RootOptions {
  readonly kind: "master" | "worker";
  readonly name: string;
  /** The master's port, in a worker's configuration too. */
  readonly port: number;
  /** 32 characters. */
  readonly key: string;
  /** The cluster's name. */
  readonly cluster: string;
  /** Written to etc/cluster.json. @default rounds in fractions of a second; null writes no such file */
  readonly clusterJson?: object | null;
  /** The master's address. @default 127.0.0.1 */
  readonly master?: string;
  /** The folder to fill, absolute. @default a new one in the system's folder for temporary files */
  readonly root?: string;
}

/** Makes a node's root with its configuration and nothing else. Returns its absolute path; the caller removes it. */
export async function makeRoot(options: RootOptions): Promise<string> {
  const { kind, name, port, key, cluster, clusterJson = QUICK_CLUSTER_JSON, master = "127.0.0.1" } = options;
  const root = options.root ?? (await mkdtemp(join(tmpdir(), `muster-${name}-`)));
  const conf = `<ossec_config>
  <cluster>
    <name>${cluster}</name>
    <node_name>${name}</node_name>
    <node_type>${kind}</node_type>
    <key>${key}</key>
    <port>${port}</port>
    <bind_addr>127.0.0.1</bind_addr>
    <nodes>
      <node>${master}</node>
    </nodes>
    <hidden>no</hidden>
    <disabled>no</disabled>
  </cluster>
</ossec_config>
`;
  await writeTree(root, { "etc/ossec.conf": { content: conf, mode: 0o640 } });
  if (clusterJson !== null) await writeTree(root, { "etc/cluster.json": JSON.stringify(clusterJson, null, 2) });
  return root;
}

export interface TreeFile {
  readonly content: string | Uint8Array;
  /** @default 0o660 */
  readonly mode?: number;
  /** Seconds since the Unix epoch. */
  readonly modTime?: number;
}

/** Writes files below `root`, making folders as needed. Names are relative to it. */
export async function writeTree(
  root: string,
  files: Readonly<Record<string, string | Uint8Array | TreeFile>>,
): Promise<void> {
  for (const [name, given] of Object.entries(files)) {
    const file: TreeFile = typeof given === "string" || given instanceof Uint8Array ? { content: given } : given;
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o770 });
    await writeFile(path, file.content);
    await chmod(path, file.mode ?? 0o660);
    if (file.modTime !== undefined) await utimes(path, file.modTime, file.modTime);
  }
}

export interface ReadTreeOptions {
  /** Files and folders below the root to read. @default what the protocol's default items let travel */
  readonly parts?: readonly string[];
  /** Puts each file's mode before its hash. @default false */
  readonly modes?: boolean;
}

/**
 * What stands in a root, to be compared with what stands in another one: path → SHA-256, or `0660 <SHA-256>`
 * with `modes`. Names that never travel are left out. Sorted by path, so that a difference reads well.
 */
export async function readTree(root: string, options: ReadTreeOptions = {}): Promise<Record<string, string>> {
  const { parts = SYNCED_PARTS, modes = false } = options;
  const paths = (await Promise.all(parts.map((part) => filesBelow(root, part)))).flat();
  const entries = await Promise.all(
    paths
      .filter((path) => !EXCLUDED.test(path))
      .sort()
      .map(async (path) => {
        const hash = createHash("sha256")
          .update(await readFile(join(root, path)))
          .digest("hex");
        const mode = ((await stat(join(root, path))).mode & 0o7777).toString(8).padStart(4, "0");
        return [path, modes ? `${mode} ${hash}` : hash] as const;
      }),
  );
  return Object.fromEntries(entries);
}

async function filesBelow(root: string, part: string): Promise<string[]> {
  const status = await lstat(join(root, part)).catch(() => undefined);
  if (status === undefined) return [];
  if (status.isFile()) return [part];
  if (!status.isDirectory()) return [];
  const names = await readdir(join(root, part));
  return (await Promise.all(names.map((name) => filesBelow(root, `${part}/${name}`)))).flat();
}
