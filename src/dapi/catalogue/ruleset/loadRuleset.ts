import type { MusterError } from "../../../protocol/errors/MusterError.js";
import type { FunctionContext } from "../../CatalogueFunction.js";
import type { FailedItems } from "../../results/ApiResult.js";
import type { FileParser, ParsedFiles } from "./ParsedFiles.js";

/** Files that are read at the same time. */
const AT_ONCE = 8;

/** What the readable files gave, and the files that gave nothing. */
export interface Loaded<File, Parsed> {
  readonly loaded: readonly { readonly file: File; readonly parsed: Parsed }[];
  readonly failed: readonly { readonly file: File; readonly error: MusterError }[];
}

/**
 * Reads and parses files; a broken one is told beside the others' contents, instead of failing the request. One that
 * went away in the meantime is nothing to tell.
 *
 * @param errorOf the error of the catalogue for what went wrong with a file
 */
export async function loadRuleset<File, Parsed>(
  { files, signal }: FunctionContext,
  parsed: ParsedFiles,
  wanted: readonly File[],
  how: {
    readonly parser: FileParser<Parsed>;
    pathOf(file: File): string;
    errorOf(cause: unknown, path: string): MusterError;
  },
): Promise<Loaded<File, Parsed>> {
  const loaded: { readonly file: File; readonly parsed: Parsed }[] = [];
  const failed: { readonly file: File; readonly error: MusterError }[] = [];
  for (let start = 0; start < wanted.length; start += AT_ONCE) {
    signal.throwIfAborted();
    const batch = wanted.slice(start, start + AT_ONCE);
    const reads = batch.map((file) => parsed.read(files, how.pathOf(file), how.parser));
    for (const [index, outcome] of (await Promise.allSettled(reads)).entries()) {
      const file = batch[index];
      if (file === undefined) continue;
      if (outcome.status === "fulfilled") loaded.push({ file, parsed: outcome.value });
      else if (systemCode(outcome.reason) !== "ENOENT") {
        failed.push({ file, error: how.errorOf(outcome.reason, how.pathOf(file)) });
      }
    }
  }
  return { loaded, failed };
}

/** Failures as a result has them: by the path of each file. */
export function failedFiles<File>(
  failed: Loaded<File, unknown>["failed"],
  pathOf: (file: File) => string,
): readonly FailedItems[] {
  return failed.map(({ file, error }) => ({ error, ids: [pathOf(file)] }));
}

/** The code of a system's error, for example `EACCES`. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** How a file of the node is called towards API clients. */
export function homePath(path: string): string {
  return `WAZUH_HOME/${path}`;
}
