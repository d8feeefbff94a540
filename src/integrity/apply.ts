import type { ApplyJob, ApplyResult, FileProblem } from "../../workers/jobs.js";
import { Deleter } from "./applyDeletion.js";
import { ownershipFor, Placer } from "./applyPlacement.js";
import { applyTarget } from "./applyTarget.js";
import { unpackedFiles, type UnpackedFile } from "./archive/unpackedFiles.js";
import { ConfinedFolders, folderOf } from "./ConfinedFolders.js";
import type { Disk } from "./Disk.js";
import { FileFault, fileProblem } from "./fileProblem.js";
import { decodeDifferenceMetadata, METADATA_NAME, type DifferenceMetadata } from "./metadata.js";
import { AGENT_GROUPS_ITEM } from "./items.js";
import { placePart } from "./merged/placePart.js";
import { readMerged } from "./merged/readMerged.js";
import { CLIENT_KEYS, removedAgents } from "./removedAgents.js";

/** What is added to an archive's path for the folder that it is unpacked into (dialects.md 1.5). */
const FOLDER_ENDING = "dir";

/**
 * Applies a folder that `unpack` made to the tree (protocol.md 6): creates and overwrites by rename,
 * deletes extra files and the folders that this empties, takes merged group files apart, removes what
 * agents left behind that a new `client.keys` no longer lists. Each path is judged by this node's own
 * cluster.json. A file that cannot be applied is a problem; the rest goes on.
 *
 * At the end the folder and its archive are gone, also after an error.
 *
 * @throws the system's error, or MusterError 3000, when the folder itself cannot be read.
 */
export function apply(disk: Disk, job: ApplyJob): ApplyResult {
  try {
    const { items, dialect, limits } = job.scope;
    const metadata = decodeDifferenceMetadata(disk.readFileSync(`${job.folder}/${METADATA_NAME}`), items, dialect, limits);
    return new Application(disk, job, metadata).run();
  } finally {
    disk.rmSync(job.folder, { recursive: true, force: true });
    if (job.folder.endsWith(FOLDER_ENDING)) disk.rmSync(job.folder.slice(0, -FOLDER_ENDING.length), { force: true });
  }
}

/** One run of `apply`. */
class Application {
  private readonly disk: Disk;
  private readonly job: ApplyJob;
  private readonly metadata: DifferenceMetadata;
  private readonly placer: Placer;
  private readonly deleter: Deleter;
  private readonly problems: FileProblem[] = [];
  private readonly removedAgents: string[] = [];
  private rulesetChanged = false;
  private readonly counts = { created: 0, overwritten: 0, deleted: 0 };

  constructor(disk: Disk, job: ApplyJob, metadata: DifferenceMetadata) {
    const { root, items } = job.scope;
    const folders = new ConfinedFolders(disk, root);
    this.disk = disk;
    this.job = job;
    this.metadata = metadata;
    this.placer = new Placer(disk, folders, ownershipFor(disk, root, `${job.folder}/${METADATA_NAME}`));
    this.deleter = new Deleter(disk, root, items, folders);
  }

  run(): ApplyResult {
    const files = unpackedFiles(this.metadata, this.job.folder);
    const [blocking, others] = this.blockingExtras(files);
    this.deleteAll(blocking);
    for (const file of files) this.attempt(file.entry.path, () => this.bring(file));
    this.deleteAll(others);
    this.deleter.removeEmptiedFolders();
    return {
      ...this.counts,
      problems: this.problems,
      extraValid: this.metadata.extraValid.map(({ path }) => path),
      rulesetChanged: this.rulesetChanged,
      removedAgents: this.removedAgents,
    };
  }

  /** Extra files where a folder must be, or below a path where a file must be, have to go first. */
  private blockingExtras(files: readonly UnpackedFile[]): [blocking: string[], others: string[]] {
    const targets = new Set(files.map(({ entry }) => entry.path));
    const folders = new Set<string>();
    for (const path of targets) for (const folder of foldersAbove(path)) folders.add(folder);
    const blocking: string[] = [];
    const others: string[] = [];
    for (const { path } of this.metadata.extra) {
      const isBlocking = folders.has(path) || foldersAbove(path).some((folder) => targets.has(folder));
      (isBlocking ? blocking : others).push(path);
    }
    return [blocking, others];
  }

  private deleteAll(paths: readonly string[]): void {
    for (const path of paths) {
      this.attempt(path, () => {
        if (!this.deleter.remove(path)) return;
        this.counts.deleted++;
        this.rulesetChanged ||= Object.entries(this.job.scope.items.files).some(([key, { restart }]) => restart && path.startsWith(key));
      });
    }
  }

  private bring({ entry, file }: UnpackedFile): void {
    const { path } = entry;
    const target = applyTarget(this.job.scope, entry);
    if (target === undefined) throw new FileFault("EPERM", "no item of this node's cluster.json covers it: it is not written");
    if (this.disk.lstatSync(file, { throwIfNoEntry: false }) === undefined) {
      throw new FileFault("ENODATA", "the master's metadata lists it, but its archive does not hold it");
    }
    if (target.kind === "merged") {
      this.bringParts(file);
      return;
    }
    if (path === CLIENT_KEYS && this.job.scope.dialect.cleansRemovedAgents) this.removeLeftovers(file);
    const existing = this.disk.lstatSync(`${this.job.scope.root}/${path}`, { throwIfNoEntry: false });
    if (existing?.isDirectory() === true) this.deleter.removeHollowTree(path);
    this.counts[this.placer.place(file, path, target.item)]++;
    this.rulesetChanged ||= target.item.restart;
  }

  /** Takes a merged file apart; each bad part is a problem of its own. */
  private bringParts(file: string): void {
    const scratch = `${this.job.folder}/part`;
    const { malformed } = readMerged(this.disk, file, (part) => {
      this.attempt(AGENT_GROUPS_ITEM + part.name, () => {
        this.counts[placePart(this.disk, this.job.scope.items, this.placer, part, { scratch })]++;
      });
    });
    if (malformed !== undefined) throw new FileFault("EBADMSG", `${malformed}: what follows it is not applied`);
  }

  private removeLeftovers(incoming: string): void {
    const { ids, problems } = removedAgents(this.disk, this.job.scope.root, incoming);
    this.removedAgents.push(...ids);
    this.problems.push(...problems);
  }

  private attempt(path: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.problems.push(fileProblem(path, error));
    }
  }
}

/** All folders on the way to a path, the outermost first. */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let folder = folderOf(path); folder !== ""; folder = folderOf(folder)) folders.unshift(folder);
  return folders;
}
