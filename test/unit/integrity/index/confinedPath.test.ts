import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { confinedPath } from "../../../../src/integrity/confinedPath.js";
import { nodeDisk } from "../../../../src/integrity/Disk.js";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import { diskFailingAt } from "../../../support/tree.js";

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync("/tmp/muster-confined-");
  fs.mkdirSync(join(root, "etc/rules/sub"), { recursive: true });
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

function refusalOf(path: string, disk = nodeDisk): MusterError {
  try {
    confinedPath(disk, root, path);
  } catch (error) {
    if (error instanceof MusterError) return error;
    throw error;
  }
  throw new Error(`${path} was accepted`);
}

describe("confinedPath", () => {
  test.each(["etc/rules/sub/a", "etc/rules/a", "etc/x", "bare"])("gives the absolute path of %s, whether it exists or not", (path) => {
    expect(confinedPath(nodeDisk, root, path)).toBe(join(root, path));
  });

  test.each(["/etc/rules/a", "../a", "etc/../a", "etc/rules/..", "etc//a", "etc/./a", "etc\\a", "a\0", "", "etc/"])("refuses %j, which is not plain", (path) => {
    expect(refusalOf(path)).toMatchObject({ code: 3000, extraMessage: `unsafe path ${JSON.stringify(path)}` });
  });

  test.each(["etc", "etc/rules", "etc/rules/sub"])("refuses to go through the link %s", (link) => {
    fs.renameSync(join(root, link), join(root, "moved"));
    fs.symlinkSync(join(root, "moved"), join(root, link));
    expect(refusalOf("etc/rules/sub/a").message).toContain(`"${link}" is a symbolic link`);
  });

  test("refuses to go through a link that leads nowhere", () => {
    fs.symlinkSync("nowhere", join(root, "etc/broken"));
    expect(refusalOf("etc/broken/a").message).toContain('"etc/broken" is a symbolic link');
  });

  test("refuses to go through a file", () => {
    fs.writeFileSync(join(root, "etc/file"), "");
    expect(refusalOf("etc/file/a").message).toContain('"etc/file" is not a directory');
  });

  test("refuses to go through what is not there", () => {
    expect(refusalOf("etc/gone/a").message).toContain('"etc/gone" does not exist');
  });

  test("does not look at the last name, which may be a link", () => {
    fs.symlinkSync("nowhere", join(root, "etc/link"));
    expect(confinedPath(nodeDisk, root, "etc/link")).toBe(join(root, "etc/link"));
  });

  test("trusts the root, which may be a link", () => {
    fs.symlinkSync(root, `${root}-link`);
    expect(confinedPath(nodeDisk, `${root}-link`, "etc/rules/a")).toBe(`${root}-link/etc/rules/a`);
    fs.unlinkSync(`${root}-link`);
  });

  test("says the system's reason when a parent cannot be looked at, and keeps it as the cause", () => {
    const refusal = refusalOf("etc/rules/a", diskFailingAt("lstatSync", "/rules", "EACCES"));
    expect(refusal.message).toContain('"etc/rules" cannot be used (EACCES)');
    expect(refusal.cause).toMatchObject({ code: "EACCES" });
  });
});
