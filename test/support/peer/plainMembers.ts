import { deflateSync, inflateSync } from "node:zlib";

/** An archive of zlib members, put together and taken apart for tests alone (dialects.md 1.5). */
const MARK = "|//@@//|";
const END = "|@@//@@|";

/** Name → content, in the order of the archive. */
export function readMembers(archive: Buffer): Map<string, Buffer> {
  const members = new Map<string, Buffer>();
  for (const member of archive.toString("latin1").split(END)) {
    const at = member.indexOf(MARK);
    const name = Buffer.from(member.slice(0, at), "latin1").toString("utf8");
    members.set(name, inflateSync(Buffer.from(member.slice(at + MARK.length), "latin1")));
  }
  return members;
}

export function writeMembers(members: Iterable<readonly [name: string, content: Buffer]>): Buffer {
  const parts = [...members].map(([name, content]) => Buffer.concat([Buffer.from(name), Buffer.from(MARK), deflateSync(content, { level: 1 })]));
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(END), part])));
}
