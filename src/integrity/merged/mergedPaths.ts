/** Where a worker's asked-for group files travel, merged, to the master (protocol.md 6). */
export function extraValidMergedPath(workerName: string): string {
  return `queue/cluster/${workerName}/agent-groups.merged`;
}

/** Where the master's differing group files travel, merged, to a worker (protocol.md 6). */
export function sharedMergedPath(workerName: string): string {
  return `queue/cluster/${workerName}/agent-groups-shared.merged`;
}
