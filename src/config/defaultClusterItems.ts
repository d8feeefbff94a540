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

/** A fresh copy of what holds without an `etc/cluster.json` (protocol.md 8; dialects.md 1.11, SEED). */
export function defaultClusterItems(): ClusterItems {
  return {
    files: {
      "etc/": item(0o640, ["client.keys"]),
      "etc/shared/": item(0o660, ["all"], { recursive: true, removeSubdirsIfEmpty: true }),
      "var/multigroups/": item(0o660, ["merged.mg"], { recursive: true, removeSubdirsIfEmpty: true }),
      "etc/rules/": item(0o660, ["all"], { recursive: true, restart: true }),
      "etc/decoders/": item(0o660, ["all"], { recursive: true, restart: true }),
      "etc/lists/": item(0o660, ["all"], { recursive: true, restart: true }),
      "queue/agent-groups/": item(0o660, ["all"], { recursive: true, extraValid: true }),
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
      },
      master: {
        recalculateIntegrity: 8,
        checkWorkerLastKeepalive: 60,
        maxAllowedTimeWithoutKeepalive: 120,
      },
      communication: {
        timeoutClusterRequest: 20,
        timeoutDapiRequest: 200,
        timeoutReceivingFile: 120,
      },
    },
    distributedApiEnabled: true,
  };
}
