import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../support/freePort.js";
import { fileOf } from "../../unit/docs/tables.js";

const SCRIPT = fileURLToPath(new URL("../../../scripts/packageDeb.mjs", import.meta.url));
const TIMEOUT = 240_000;
const SCRIPTS = ["postinst", "prerm", "postrm"];

const run = async (program: string, ...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(program, [...args], { timeout: TIMEOUT, maxBuffer: 64 * 1024 * 1024 })).stdout;
const canBuild = await run("dpkg-deb", "--version").then(
  () => true,
  () => false,
);
if (!canBuild) process.stdout.write("Skipped, for lack of the program dpkg-deb: the Debian package.\n");

/** One entry of the package: `-rwxr-xr-x root/root`, its path, and where a link leads. */
interface Entry {
  readonly mode: string;
  readonly owner: string;
  readonly path: string;
  readonly target: string | undefined;
}

describe.skipIf(!canBuild)("the Debian package", () => {
  let folder = "";
  let entries: readonly Entry[] = [];
  let control: Readonly<Record<string, string>> = {};
  const unpacked = (path: string): string => join(folder, "tree", path);
  const entry = (path: string): Entry | undefined => entries.find((candidate) => candidate.path === path);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "muster-deb-test-"));
    const file = (await run(process.execPath, SCRIPT, folder, "gzip")).trim();
    expect(await readdir(folder)).toEqual([file.split("/").at(-1)]);
    entries = (await run("dpkg-deb", "--contents", file)).trim().split("\n").map((line) => {
      const [mode = "", owner = "", , , , path = "", , target] = line.split(/\s+/);
      return { mode, owner, path: path.replace(/^\./, ""), target };
    });
    control = Object.fromEntries((await run("dpkg-deb", "--field", file)).split("\n").filter((line) => /^\S+: /.test(line)).map((line) => line.split(/: (.*)/) as [string, string]));
    await run("dpkg-deb", "--raw-extract", file, join(folder, "tree"));
  }, TIMEOUT);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("is described by the product's own version and needs", () => {
    const { version, engines } = JSON.parse(fileOf("package.json")) as { version: string; engines: { node: string } };
    expect(control).toMatchObject({ Package: "muster", Version: version, Section: "admin", Priority: "optional" });
    expect(control.Depends).toContain(`nodejs (${engines.node.replace(">=", ">= ")})`);
    expect(Number(control["Installed-Size"])).toBeGreaterThan(1000);
    expect(control.Description?.length).toBeLessThan(120);
  });

  test("has program, unit, manual page, documents and configuration where Debian wants them", () => {
    expect(entry("/usr/bin/muster")?.target).toBe("../lib/muster/dist/src/cli/main.js");
    const wanted = ["/usr/lib/muster/package.json", "/usr/lib/systemd/system/muster.service", "/usr/share/man/man1/muster.1.gz", "/usr/share/doc/muster/copyright", "/usr/share/doc/muster/sbom.cdx.json", "/usr/share/doc/muster/docs/deploy.md", "/etc/default/muster"];
    expect(wanted.filter((path) => entry(path)?.mode !== "-rw-r--r--")).toEqual([]);
    const outside = entries.filter(({ path }) => !/^\/(?:$|etc\/(?:$|default\/)|usr\/(?:$|bin\/|lib\/(?:$|muster\/|systemd\/)|share\/(?:$|man\/|doc\/(?:$|muster\/))))/.test(path));
    expect(outside).toEqual([]);
  });

  test("belongs to root, nobody else can write to it, and no file runs with another's rights", () => {
    expect(new Set(entries.map(({ owner }) => owner))).toEqual(new Set(["root/root"]));
    const odd = entries.filter(({ mode }) => !/^(?:drwxr-xr-x|-rw-r--r--|lrwxrwxrwx)$/.test(mode)).map(({ path }) => path);
    expect(odd).toEqual(["/usr/lib/muster/dist/src/cli/main.js"]);
  });

  test("holds what runs, and neither sources nor development tools", () => {
    const paths = entries.map(({ path }) => path);
    expect(paths.filter((path) => /\/usr\/lib\/muster\/dist\/.*(?:\.ts|\.map)$|\/dist\/bench\/|\/node_modules\/(?:vitest|typescript|eslint)\//.test(path))).toEqual([]);
    const { dependencies } = JSON.parse(fileOf("package.json")) as { dependencies: Record<string, string> };
    expect(Object.keys(dependencies).filter((name) => entry(`/usr/lib/muster/node_modules/${name}/package.json`) === undefined)).toEqual([]);
  });

  test("marks its configuration, and its scripts are sound and can be run twice", async () => {
    expect(await readFile(unpacked("DEBIAN/conffiles"), "utf8")).toBe("/etc/default/muster\n");
    for (const name of SCRIPTS) {
      const path = unpacked(`DEBIAN/${name}`);
      const text = await readFile(path, "utf8");
      expect((await stat(path)).mode & 0o777, name).toBe(0o755);
      expect(text.startsWith("#!/bin/sh\n"), name).toBe(true);
      expect(text, name).toMatch(/^set -e$/m);
      await run("sh", "-n", path);
    }
    const postinst = await readFile(unpacked("DEBIAN/postinst"), "utf8");
    for (const kind of ["group", "passwd"]) expect(postinst).toContain(`if ! getent ${kind} wazuh`);
    // The cluster's data is nobody's to remove.
    for (const name of SCRIPTS) expect(await readFile(unpacked(`DEBIAN/${name}`), "utf8")).not.toMatch(/\brm\b|deluser|delgroup/);
  });

  test("has a unit whose program, files, user and manual page the package brings", async () => {
    const unit = await readFile(unpacked("usr/lib/systemd/system/muster.service"), "utf8");
    const value = (name: string): string => new RegExp(`^${name}=-?(.*)$`, "m").exec(unit)?.[1] ?? "";
    const postinst = await readFile(unpacked("DEBIAN/postinst"), "utf8");
    expect(entry(value("ExecStart").split(" ")[0] ?? "")).toBeDefined();
    expect(entry(value("EnvironmentFile"))).toBeDefined();
    expect(postinst).toContain(`ROOT=${value("ReadWritePaths")}`);
    expect(postinst).toMatch(new RegExp(`adduser .* ${value("User")}$`, "m"));
  });

  test("runs as it lies there, native libraries and all", async () => {
    const { version } = JSON.parse(fileOf("package.json")) as { version: string };
    const program = unpacked("usr/bin/muster");
    expect(await run(process.execPath, program, "--version")).toBe(`${version}\n`);
    const values = { key: "0123456789abcdefghijklmnopqrstuv", nodes: "127.0.0.1", bind_addr: "127.0.0.1", port: String(await freePort()) };
    const set = Object.entries(values).flatMap(([name, value]) => ["--set", `cluster.${name}=${value}`]);
    const node = spawn(process.execPath, [program, "run", "--root", join(folder, "root"), "--http", "off", ...set], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await waitForText(node, "Serving on");
      node.kill("SIGTERM");
      const [status] = (await once(node, "exit")) as [number | null];
      expect(status).toBe(0);
    } finally {
      node.kill("SIGKILL");
    }
  }, TIMEOUT);
});

/** Resolves when a program has printed a text; rejects when it ends without it. */
async function waitForText(program: ChildProcess, text: string): Promise<void> {
  let printed = "";
  for await (const piece of program.stdout ?? []) {
    printed += String(piece);
    if (printed.includes(text)) {
      // Whatever else it prints must not stop it.
      program.stdout?.resume();
      return;
    }
  }
  throw new Error(`the program ended without saying ${text}: ${printed}`);
}
