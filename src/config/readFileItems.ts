import type { ClusterItems, FileItem } from "./ClusterItems.js";
import { isJsonObject, own, pathOf } from "./JsonReader.js";
import type { JsonObject, JsonReader } from "./JsonReader.js";

/** What cluster.json's `files` holds besides items. */
const LISTS = ["excluded_files", "excluded_extensions"] as const;
const ITEM_NAMES = [
  "permissions",
  "source",
  "files",
  "recursive",
  "restart",
  "remove_subdirs_if_empty",
  "extra_valid",
  "description",
] as const;
/** Excluded whatever the file says: a node's own configuration never travels (quality.md 2). */
const ALWAYS_EXCLUDED = "ossec.conf";
/** Where transfers lie (protocol.md 3): synchronising them would never end. */
const TRANSFERS = "queue/cluster/";
/** Most permissive mode that a synchronised file may get: no set-user-id, set-group-id or sticky bit. */
const LARGEST_MODE = 0o777;

/** The part of `ClusterItems` that cluster.json's `files` sets. */
export type FilesSection = Pick<ClusterItems, "files" | "excludedFiles" | "excludedExtensions">;

/**
 * cluster.json's `files` merged over `defaults` (protocol.md 8): an item of a known key changes the
 * values that it names, an item of a new key must give its `permissions` and `files`, and lists
 * replace the default's lists. Mistakes go to `reader`.
 */
export function readFileItems(reader: JsonReader, json: JsonObject, defaults: FilesSection): FilesSection {
  const given = reader.object(json, "files", "files") ?? {};
  const files = new Map(Object.entries(defaults.files));
  for (const [key, value] of Object.entries(given)) {
    if ((LISTS as readonly string[]).includes(key)) continue;
    const path = pathOf("files", key);
    const fault = faultOfKey(key);
    if (fault !== undefined) reader.problems.push(`${path}: ${fault}`);
    else if (!isJsonObject(value)) reader.refuse(path, value, "is not an object");
    else {
      files.set(key, readItem(reader, value, path, files.get(key)));
      reader.given.push(path);
    }
  }
  const excludedFiles = reader.texts(
    given,
    "excluded_files",
    "files.excluded_files",
    defaults.excludedFiles,
    isBareName,
    "file name",
  );
  const excludedExtensions = reader.texts(
    given,
    "excluded_extensions",
    "files.excluded_extensions",
    defaults.excludedExtensions,
    (text) => text !== "" && !text.includes("/"),
    "name ending",
  );
  if (!excludedFiles.includes(ALWAYS_EXCLUDED)) {
    reader.warnings.push(`files.excluded_files: ${ALWAYS_EXCLUDED} is excluded although the list does not name it`);
    return { files: Object.fromEntries(files), excludedFiles: [...excludedFiles, ALWAYS_EXCLUDED], excludedExtensions };
  }
  return { files: Object.fromEntries(files), excludedFiles, excludedExtensions };
}

function readItem(reader: JsonReader, given: JsonObject, path: string, known: FileItem | undefined): FileItem {
  reader.warnUnknown(given, ITEM_NAMES, path);
  if (known === undefined) {
    for (const name of ["permissions", "files"]) {
      if (!Object.hasOwn(given, name)) reader.problems.push(`${path}.${name}: missing, a new item must give it`);
    }
  }
  const source = own(given, "source");
  if (source !== undefined && source !== "master")
    reader.warnings.push(`${path}.source: files always come from the master, ignored`);
  const flag = (name: string, fallback: boolean | undefined): boolean =>
    reader.boolean(given, name, `${path}.${name}`, fallback ?? false);
  return {
    permissions: readPermissions(reader, own(given, "permissions"), `${path}.permissions`, known?.permissions ?? 0o660),
    files: reader.texts(given, "files", `${path}.files`, known?.files ?? [], isBareName, "file name"),
    recursive: flag("recursive", known?.recursive),
    restart: flag("restart", known?.restart),
    removeSubdirsIfEmpty: flag("remove_subdirs_if_empty", known?.removeSubdirsIfEmpty),
    extraValid: flag("extra_valid", known?.extraValid),
  };
}

/** Mode bits: the texts `"0o660"` and `"0660"` are octal, a number is what it is (432 = 0o660). */
function readPermissions(reader: JsonReader, value: unknown, path: string, fallback: number): number {
  if (value === undefined) return fallback;
  const mode =
    typeof value === "string" && /^0o?[0-7]{1,6}$/.test(value) ? Number.parseInt(value.replace(/^0o?/, ""), 8) : value;
  if (typeof mode === "number" && Number.isInteger(mode) && mode >= 0 && mode <= LARGEST_MODE) return mode;
  reader.refuse(path, value, 'is not a file mode from 0 to 0o777, for example "0o660"');
  return fallback;
}

/** Why a text can't be an item's key; undefined when it can. */
function faultOfKey(key: string): string | undefined {
  if (!key.endsWith("/")) return "an item's key ends with a slash";
  if (key.startsWith("/")) return "an item's key is relative to the root, without a leading slash";
  if (/[\u0000-\u001f\u007f\\]/.test(key)) return "an item's key holds no backslash and no control character";
  const segments = key.slice(0, -1).split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
    return "an item's key is a plain path under the root, without empty, '.' and '..' parts";
  }
  if (key.startsWith(TRANSFERS)) return "transfers lie here, it can't be synchronised";
  return undefined;
}

function isBareName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\u0000]/.test(name);
}
