import type { Dialect } from "../protocol/dialects/Dialect.js";
import { zip43 } from "../protocol/dialects/zip43.js";
import type { ClusterItems, FileItem } from "./ClusterItems.js";

const item = (permissions: number, files: readonly string[], flags: Partial<FileItem> = {}): FileItem => ({
  permissions,
  files,
  recursive: false,
  restart: false,
  removeSubdirsIfEmpty: false,
  extraValid: false,
  ...flags,
});

/** The items of every dialect (dialects.md 1.11). */
const ITEMS: Readonly<Record<string, FileItem>> = Object.freeze({
  "etc/": item(0o640, ["client.keys"]),
  "etc/shared/": item(0o660, ["all"], { recursive: true, removeSubdirsIfEmpty: true }),
  "var/multigroups/": item(0o660, ["merged.mg"], { recursive: true, removeSubdirsIfEmpty: true }),
  "etc/rules/": item(0o660, ["all"], { recursive: true, restart: true }),
  "etc/decoders/": item(0o660, ["all"], { recursive: true, restart: true }),
  "etc/lists/": item(0o660, ["all"], { recursive: true, restart: true }),
  "queue/agent-groups/": item(0o660, ["all"], { recursive: true, extraValid: true }),
});

/** A fresh copy of what holds without an `etc/cluster.json` (protocol.md 8; dialects.md 1.11). */
export function defaultClusterItems({ clusterJson }: Pick<Dialect, "clusterJson"> = zip43): ClusterItems {
  return {
    files: Object.fromEntries(Object.entries(ITEMS).filter(([key]) => clusterJson.items.includes(key)).map(([key, value]) => [key, { ...value }])),
    excludedFiles: ["ar.conf", "ossec.conf"],
    excludedExtensions: ["~", ".tmp", ".lock", ".swp"],
    intervals: {
      worker: {
        syncIntegrity: 9,
        syncAgentInfo: 10,
        syncAgentInfoKoRetry: clusterJson.syncAgentInfoKoRetry,
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
        maxZipSize: 1024 * 1024 * 1024,
        minZipSize: 30 * 1024 * 1024,
        compressLevel: 1,
        zipLimitTolerance: 0.2,
      },
    },
    distributedApiEnabled: true,
  };
}
