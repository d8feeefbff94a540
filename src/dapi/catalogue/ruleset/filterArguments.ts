import { z } from "zod";
import { posix } from "node:path";
import { statusOf, type RulesetFileFilter } from "./RulesetFile.js";

/** Longest name of a file or folder in an argument. */
const LONGEST_NAME = 4096;

/** Most names or ids in one argument. */
export const MOST_NAMES = 100_000;

const name = z.string().max(LONGEST_NAME);

/** One name, or a list of names; a list when read. */
export const nameList = z.union([name.transform((one) => [one]), z.array(name).max(MOST_NAMES)]);

/** Arguments that choose files of the ruleset (dapi.md 3.5): spread into a schema; `fileFilterOf` reads them. */
export const fileFilterArguments = {
  status: name.nullish().describe("enabled, disabled or all"),
  relative_dirname: name.nullish(),
  filename: nameList.nullish(),
};

interface FileFilterArguments {
  readonly status?: string | null | undefined;
  readonly relative_dirname?: string | null | undefined;
  readonly filename?: readonly string[] | null | undefined;
}

/** @throws MusterError 1202 for another status */
export function fileFilterOf({ status, relative_dirname: folder, filename }: FileFilterArguments): RulesetFileFilter {
  return {
    status: statusOf(status),
    relativeDirname: folder ? folderForm(folder) : null,
    filenames: filename ?? null,
  };
}

/** A folder's path as items have it: no slash at its end. */
export function folderForm(path: string): string {
  return posix.normalize(path).replace(/\/+$/, "");
}
