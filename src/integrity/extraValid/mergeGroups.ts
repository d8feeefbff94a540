import type { FileProblem, MergeGroupsJob, MergeGroupsResult } from "../../../workers/jobs.js";
import { ConfinedFolders } from "../ConfinedFolders.js";
import type { Disk } from "../Disk.js";
import { fileProblem } from "../fileProblem.js";
import { agentOfGroupFile, classify } from "../items.js";
import { mergeFiles, type MergeSource } from "../merged/mergeFiles.js";

/**
 * Merges the group files that the master asked for into one file (protocol.md 6 and 9). What is no
 * group file of this node, is gone, or cannot be read is left out and reported; the merged file is
 * empty when nothing is left. What an earlier, broken-off round left at `destination` is replaced.
 */
export function mergeGroups(disk: Disk, job: MergeGroupsJob): MergeGroupsResult {
  const { sources, problems } = sourcesOf(disk, job);
  disk.rmSync(job.destination, { force: true });
  const merging = mergeFiles(disk, sources, job.destination);
  return { parts: merging.merged.length, problems: [...problems, ...merging.problems] };
}

function sourcesOf(disk: Disk, job: MergeGroupsJob): { sources: MergeSource[]; problems: FileProblem[] } {
  const folders = new ConfinedFolders(disk, job.scope.root);
  const sources: MergeSource[] = [];
  const problems: FileProblem[] = [];
  for (const path of new Set(job.paths)) {
    const name = agentOfGroupFile(path);
    if (name === undefined || classify(job.scope.items, path)?.item.extraValid !== true) {
      problems.push({ path, code: "EPERM", message: "the master asks for it, but it is no group file of an agent: it is not sent" });
      continue;
    }
    try {
      sources.push({ name, path, file: folders.file(path) });
    } catch (error) {
      problems.push(fileProblem(path, error));
    }
  }
  return { sources, problems };
}
