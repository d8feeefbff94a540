import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ClusterItems, FileItem } from "../../../../src/config/ClusterItems.js";
import { DEFAULT_LIMITS, type Limits } from "../../../../src/config/Limits.js";
import type { Dialect } from "../../../../src/protocol/dialects/Dialect.js";
import { zip43 } from "../../../../src/protocol/dialects/zip43.js";
import type { NodeScope } from "../../../../workers/jobs.js";

function item(permissions: number, options: Partial<FileItem> = {}): FileItem {
  return { permissions, files: ["all"], recursive: true, restart: false, removeSubdirsIfEmpty: false, extraValid: false, ...options };
}

/** cluster.json's defaults, written down once more from protocol.md 8. */
export const ITEMS: ClusterItems = {
  files: {
    "etc/": item(0o640, { files: ["client.keys"], recursive: false }),
    "etc/shared/": item(0o660, { removeSubdirsIfEmpty: true }),
    "var/multigroups/": item(0o660, { files: ["merged.mg"], removeSubdirsIfEmpty: true }),
    "etc/rules/": item(0o660, { restart: true }),
    "etc/decoders/": item(0o660, { restart: true }),
    "etc/lists/": item(0o660, { restart: true }),
    "queue/agent-groups/": item(0o660, { extraValid: true }),
  },
  excludedFiles: ["ar.conf", "ossec.conf"],
  excludedExtensions: ["~", ".tmp", ".lock", ".swp"],
  intervals: {
    worker: {
      syncIntegrity: 9,
      syncAgentInfo: 10,
      syncAgentInfoKoRetry: 1,
      keepAlive: 60,
      connectionRetry: 10,
      maxFailedKeepaliveAttempts: 2,
      timeoutAgentGroups: 40,
      agentGroupsMismatchLimit: 5,
    },
    master: {
      recalculateIntegrity: 8,
      checkWorkerLastKeepalive: 60,
      maxAllowedTimeWithoutKeepalive: 120,
      syncAgentGroups: 10,
      agentGroupStartDelay: 30,
      maxLockedIntegrityTime: 1000,
    },
    communication: {
      timeoutClusterRequest: 20,
      timeoutDapiRequest: 200,
      timeoutReceivingFile: 120,
      maxZipSize: 1_073_741_824,
      minZipSize: 31_457_280,
      compressLevel: 1,
      zipLimitTolerance: 0.2,
    },
  },
  distributedApiEnabled: true,
};

/** A node's folder on the real disk. */
export class NodeTree {
  readonly root: string;
  readonly nodeName: string;

  constructor(nodeName = "worker1") {
    this.nodeName = nodeName;
    this.root = mkdtempSync(join(tmpdir(), "muster-tree-"));
    for (const folder of ["etc/shared", "etc/rules", "etc/decoders", "etc/lists", "queue/agent-groups", `queue/cluster/${nodeName}`, "var/multigroups"]) {
      mkdirSync(this.at(folder), { recursive: true });
    }
  }

  at(path: string): string {
    return join(this.root, path);
  }

  scope(limits: Partial<Limits> = {}, items: ClusterItems = ITEMS, dialect: Dialect = zip43): NodeScope {
    return { root: this.root, nodeName: this.nodeName, items, dialect, limits: { ...DEFAULT_LIMITS, ...limits } };
  }

  write(path: string, content: string | Buffer = "", options: { mode?: number; modTime?: number } = {}): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
    if (options.mode !== undefined) chmodSync(this.at(path), options.mode);
    if (options.modTime !== undefined) utimesSync(this.at(path), options.modTime, options.modTime);
  }

  read(path: string): string | undefined {
    return this.has(path) ? readFileSync(this.at(path), "utf8") : undefined;
  }

  has(path: string): boolean {
    return lstatSync(this.at(path), { throwIfNoEntry: false }) !== undefined;
  }

  mode(path: string): number {
    return lstatSync(this.at(path)).mode & 0o7777;
  }

  modTime(path: string): number {
    return lstatSync(this.at(path)).mtimeMs / 1000;
  }

  /** All paths below the root, folders with a trailing slash, sorted. */
  paths(below = ""): string[] {
    return readdirSync(this.at(below), { withFileTypes: true })
      .flatMap((entry) => {
        const path = below === "" ? entry.name : `${below}/${entry.name}`;
        return entry.isDirectory() ? [`${path}/`, ...this.paths(path)] : [path];
      })
      .sort();
  }

  /** Path → content of all files. */
  contents(): Record<string, string> {
    const files = this.paths().filter((path) => !path.endsWith("/"));
    return Object.fromEntries(files.map((path) => [path, readFileSync(this.at(path), "utf8")]));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
