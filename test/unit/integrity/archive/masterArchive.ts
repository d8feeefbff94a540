import { createHash } from "node:crypto";
import { buildZip, type RawArchive, type RawEntry } from "./zipBuilder.js";

/** What a master's archive is to hold; contents by path. */
export interface MasterArchive {
  readonly missing?: Readonly<Record<string, string>>;
  readonly shared?: Readonly<Record<string, string>>;
  /** Paths of extra and extra-valid files. */
  readonly extra?: readonly string[];
  readonly extraValid?: readonly string[];
  /** Text of `queue/cluster/<worker>/agent-groups-shared.merged`. */
  readonly merged?: string;
  readonly worker?: string;
  /** Entries besides those that the metadata lists. */
  readonly unlisted?: readonly RawEntry[];
  readonly zip?: RawArchive;
  readonly deflate?: boolean;
}

/** The item key that a master would name: the longest of the default ones that fits. */
export function itemKeyOf(path: string): string {
  const keys = ["etc/shared/", "etc/rules/", "etc/decoders/", "etc/lists/", "var/multigroups/", "queue/agent-groups/", "etc/"];
  return keys.find((key) => path.startsWith(key)) ?? "etc/";
}

export function describeFile(path: string, content = ""): Record<string, unknown> {
  return { mod_time: 1637600000.5, cluster_item_key: itemKeyOf(path), merged: false, md5: createHash("md5").update(content).digest("hex") };
}

/** A master's archive as the reference writes it (observed.md), put together by hand. */
export function masterArchive(archive: MasterArchive): Buffer {
  const { missing = {}, shared = {}, extra = [], extraValid = [], worker = "worker1" } = archive;
  const describeAll = (files: Readonly<Record<string, string>>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(files).map(([path, content]) => [path, describeFile(path, content)]));
  const described = describeAll(shared);
  const contents: Record<string, string> = { ...missing, ...shared };
  if (archive.merged !== undefined) {
    const path = `queue/cluster/${worker}/agent-groups-shared.merged`;
    described[path] = { cluster_item_key: "queue/agent-groups/", merged: true, "merge-type": "agent-groups" };
    contents[path] = archive.merged;
  }
  const metadata = {
    missing: describeAll(missing),
    extra: Object.fromEntries(extra.map((path) => [path, describeFile(path)])),
    shared: described,
    extra_valid: Object.fromEntries(extraValid.map((path) => [path, describeFile(path)])),
  };
  const deflate = archive.deflate === true;
  const entries = Object.entries(contents).map(([name, content]) => ({ name, content, deflate }));
  const last = { name: "files_metadata.json", content: JSON.stringify(metadata), mode: 0o600, deflate };
  return buildZip([...entries, ...(archive.unlisted ?? []), last], archive.zip);
}
