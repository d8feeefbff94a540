import type { FileProblem } from "../../workers/jobs.js";
import { parseClientKeys, type ClientKey } from "./clientKeys.js";
import { confinedPath } from "./confinedPath.js";
import type { Disk } from "./Disk.js";
import { fileProblem } from "./fileProblem.js";
import { readWhole } from "./readWhole.js";
import { systemCodeOf } from "./systemCode.js";

/** Path of the file that lists the agents and their keys. */
export const CLIENT_KEYS = "etc/client.keys";

/** Largest `client.keys` in bytes that is read: some 700,000 agents. */
export const LARGEST_CLIENT_KEYS = 64 * 1024 * 1024;

/** Ids, names and addresses that may become part of a path; others have no leftovers of this node's making. */
const SAFE_ID = /^[0-9]{1,10}$/;
const SAFE_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;
const SAFE_ADDRESS = /^[A-Za-z0-9][A-Za-z0-9.:_-]{0,63}$/;

export interface RemovedAgents {
  /** Ids of agents that the new `client.keys` no longer lists, as the old one wrote them. */
  readonly ids: readonly string[];
  /** Leftovers that could not be removed. */
  readonly problems: readonly FileProblem[];
}

/**
 * To be called before a new `client.keys` replaces this node's own: finds the agents that vanished from
 * it and removes what they left behind (protocol.md 6): `queue/rootcheck/(<name>) <ip>->rootcheck`,
 * `queue/diff/<name>`, `queue/agent-groups/<id>`, `queue/rids/<id>`, `var/db/agents/<name>-<id>.db`.
 *
 * Nothing outside these five folders can be reached: an id, name or address with other characters than
 * theirs is passed over, and no link is followed. Their rows in the agent store are the caller's to remove.
 *
 * @param incoming absolute path of the new file.
 * @throws the system's error when one of the two files is there but cannot be read.
 */
export function removedAgents(disk: Disk, root: string, incoming: string): RemovedAgents {
  const listed = new Set(agentsOf(disk, incoming).map(({ id }) => id));
  const removed = agentsOf(disk, confinedPath(disk, root, CLIENT_KEYS)).filter(({ id }) => !listed.has(id));
  const problems: FileProblem[] = [];
  for (const agent of removed) {
    for (const path of leftoversOf(agent)) {
      try {
        removeLeftover(disk, root, path);
      } catch (error) {
        problems.push(fileProblem(path, error));
      }
    }
  }
  return { ids: [...new Set(removed.map(({ id }) => id))], problems };
}

/** Paths that an agent may have left behind; none for parts of its line that cannot safely be in a path. */
export function leftoversOf({ id, name, ip }: ClientKey): string[] {
  const safeId = SAFE_ID.test(id);
  const safeName = SAFE_NAME.test(name);
  return [
    ...(safeName && SAFE_ADDRESS.test(ip) ? [`queue/rootcheck/(${name}) ${ip}->rootcheck`] : []),
    ...(safeName ? [`queue/diff/${name}`] : []),
    ...(safeId ? [`queue/agent-groups/${id}`, `queue/rids/${id}`] : []),
    ...(safeName && safeId ? [`var/db/agents/${name}-${id}.db`] : []),
  ];
}

function agentsOf(disk: Disk, file: string): ClientKey[] {
  try {
    return parseClientKeys(readWhole(disk, file, LARGEST_CLIENT_KEYS).content.toString("utf8"));
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** A folder goes with all that is in it; a link goes itself. */
function removeLeftover(disk: Disk, root: string, path: string): void {
  if (disk.lstatSync(`${root}/${path}`, { throwIfNoEntry: false }) === undefined) return;
  disk.rmSync(confinedPath(disk, root, path), { recursive: true, force: true });
}
