import type { ApplyExtraValidJob, ApplyExtraValidResult, FileProblem } from "../../../workers/jobs.js";
import { ownershipFor, Placer } from "../applyPlacement.js";
import { formatOf } from "../archive/formats.js";
import { parseClientKeys } from "../clientKeys.js";
import { ConfinedFolders } from "../ConfinedFolders.js";
import type { Disk } from "../Disk.js";
import { FileFault, fileProblem } from "../fileProblem.js";
import { AGENT_GROUPS_ITEM } from "../items.js";
import { agentOfPart, placePart } from "../merged/placePart.js";
import { readMerged, type MergedPart } from "../merged/readMerged.js";
import { readWhole } from "../readWhole.js";
import { CLIENT_KEYS, LARGEST_CLIENT_KEYS } from "../removedAgents.js";
import { readExtraValid } from "./readExtraValid.js";

/**
 * Takes a worker's group files on the master (protocol.md 6, extra-valid): parts that were asked for, of
 * agents that `etc/client.keys` lists, and not older (in whole seconds) than the master's own file. Each
 * gets the item's mode and the whole second of its time. A part that cannot be taken is a problem; the
 * rest goes on. Everything is unpacked beside the archive, in `<archive>dir`; that folder and the
 * archive are gone at the end, also after an error.
 *
 * @throws MusterError 3007 when the archive brings a `client.keys`, 3000 when it is refused for another
 *   reason; the system's error when `client.keys` cannot be read.
 */
export async function applyExtraValid(disk: Disk, job: ApplyExtraValidJob): Promise<ApplyExtraValidResult> {
  const folder = `${job.archive}dir`;
  try {
    disk.mkdirSync(folder, { mode: 0o700 });
    const merged = `${folder}/merged`;
    const archive = formatOf(job.scope.dialect).open(disk, job.archive, job.scope);
    try {
      const hasFiles = await readExtraValid(disk, job.scope, archive, job.workerName, merged);
      if (!hasFiles) return { written: 0, older: 0, unknownAgents: [], problems: [] };
    } finally {
      archive.close();
    }
    return new GroupFiles(disk, job, folder).take(merged);
  } finally {
    disk.rmSync(folder, { recursive: true, force: true });
    disk.rmSync(job.archive, { force: true });
  }
}

/** The parts of one worker's merged file on their way into the master's tree. */
class GroupFiles {
  private readonly disk: Disk;
  private readonly job: ApplyExtraValidJob;
  private readonly scratch: string;
  private readonly placer: Placer;
  private readonly knownAgents: ReadonlySet<string>;
  private readonly asked: ReadonlySet<string>;
  private readonly problems: FileProblem[] = [];
  private readonly unknownAgents = new Set<string>();
  private written = 0;
  private older = 0;

  constructor(disk: Disk, job: ApplyExtraValidJob, folder: string) {
    const { root } = job.scope;
    this.disk = disk;
    this.job = job;
    this.scratch = `${folder}/part`;
    this.placer = new Placer(disk, new ConfinedFolders(disk, root), ownershipFor(disk, root, folder));
    this.knownAgents = new Set(knownAgents(disk, root));
    this.asked = new Set(job.asked);
  }

  take(merged: string): ApplyExtraValidResult {
    const { malformed } = readMerged(this.disk, merged, (part) => {
      try {
        this.takePart(part);
      } catch (error) {
        this.problems.push(fileProblem(AGENT_GROUPS_ITEM + part.name, error));
      }
    });
    if (malformed !== undefined) {
      this.problems.push({ path: AGENT_GROUPS_ITEM, code: "EBADMSG", message: `${malformed}: what follows it is not taken` });
    }
    return { written: this.written, older: this.older, unknownAgents: [...this.unknownAgents], problems: this.problems };
  }

  private takePart(part: MergedPart): void {
    const id = agentOfPart(part.name);
    const path = AGENT_GROUPS_ITEM + id;
    if (!this.asked.has(path)) throw new FileFault("EPERM", "this worker was not asked for it: it is not taken");
    if (!this.knownAgents.has(id)) {
      this.unknownAgents.add(id);
      return;
    }
    const modTime = Math.floor(part.modTime);
    const own = this.disk.lstatSync(`${this.job.scope.root}/${path}`, { throwIfNoEntry: false });
    if (own !== undefined && Math.floor(own.mtimeMs / 1000) > modTime) {
      this.older++;
      return;
    }
    placePart(this.disk, this.job.scope.items, this.placer, part, { scratch: this.scratch, modTime });
    this.written++;
  }
}

function knownAgents(disk: Disk, root: string): string[] {
  const file = new ConfinedFolders(disk, root).file(CLIENT_KEYS);
  if (disk.lstatSync(file, { throwIfNoEntry: false }) === undefined) return [];
  return parseClientKeys(readWhole(disk, file, LARGEST_CLIENT_KEYS).content.toString("utf8")).map(({ id }) => id);
}
