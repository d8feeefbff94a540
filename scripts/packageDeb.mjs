/**
 * `npm run package:deb [-- FOLDER [COMPRESSION]]`: a Debian package of this version in FOLDER (default: dist-deb), for the architecture
 * of this machine; COMPRESSION is xz (the default) or gzip, which takes less time and more space. Needs dpkg-deb, nothing of root's: files belong to root in the package all the same. The packages that muster needs at run
 * time are part of it; Node itself comes from the package `nodejs`.
 */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { writeSbom } from "./sbom.mjs";
import { ROOT, runScript, StepError } from "./step.mjs";

const LIBRARY = "usr/lib/muster";
const PARTS = ["dist/src", "dist/machines", "dist/workers", "package.json"];
const DOCUMENTS = ["README.md", "docs"];
const MAINTAINER = "muster maintainers <muster@localhost>";
/** Debian's names of the architectures that the native packages have binaries for. */
const ARCHITECTURES = Object.freeze({ x64: "amd64", arm64: "arm64" });
const COMPRESSIONS = ["xz", "gzip"];
const TOOL_DEADLINE = 300_000;

/**
 * Makes the package.
 *
 * @param {string} folder where to put it; made if it is not there
 * @param {string} compression
 * @returns {Promise<string>} the package's path
 * @throws {StepError} without dpkg-deb, without a build, or on an architecture without binaries
 */
async function packageDeb(folder, compression) {
  if (!COMPRESSIONS.includes(compression)) throw new StepError(`there is no compression ${compression}; there are ${COMPRESSIONS.join(", ")}.`);
  const architecture = ARCHITECTURES[/** @type {keyof typeof ARCHITECTURES} */ (process.arch)];
  if (architecture === undefined) throw new StepError(`there is no Debian package for the architecture ${process.arch}.`);
  /** @type {{ version: string, description: string, engines: { node: string }, dependencies: Record<string, string> }} */
  const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const tree = await mkdtemp(join(tmpdir(), "muster-deb-"));
  try {
    await copyProgram(tree);
    await copyPackages(tree);
    await copySystemFiles(tree);
    await writeControl(tree, manifest, architecture);
    await settleModes(tree);
    await mkdir(folder, { recursive: true });
    const file = join(folder, `muster_${manifest.version}_${architecture}.deb`);
    await runTool("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "-z1", "--build", tree, file]);
    return file;
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

/** @param {string} tree */
async function copyProgram(tree) {
  for (const part of PARTS) {
    await cp(join(ROOT, part), join(tree, LIBRARY, part), { recursive: true, filter: (path) => !path.endsWith(".map") && !path.endsWith(".d.ts") }).catch(
      (error) => {
        throw new StepError(`${part} can't be copied (${error.message}). Run npm run build first.`);
      },
    );
  }
  await mkdir(join(tree, "usr/bin"), { recursive: true });
  await symlink("../lib/muster/dist/src/cli/main.js", join(tree, "usr/bin/muster"));
}

/**
 * The packages of run time, as package-lock.json marks them, with the binaries of this platform only.
 *
 * @param {string} tree
 */
async function copyPackages(tree) {
  /** @type {{ packages: Record<string, { dev?: boolean, devOptional?: boolean, optional?: boolean }> }} */
  const lock = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8"));
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === "" || entry.dev === true || entry.devOptional === true) continue;
    // Nested packages come with the one that holds them.
    if (path.slice("node_modules/".length).includes("/node_modules/")) continue;
    const copied = cp(join(ROOT, path), join(tree, LIBRARY, path), { recursive: true, dereference: true, filter: (file) => !/\.(?:map|ts|mts|cts)$/.test(file) });
    await copied.catch((error) => {
      if (entry.optional === true && error.code === "ENOENT") return;
      throw new StepError(`${path} can't be copied (${error.message}). Run npm ci first.`);
    });
  }
}

/** @param {string} tree */
async function copySystemFiles(tree) {
  const put = async (/** @type {string} */ path, /** @type {string | Uint8Array} */ content) => {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), content);
  };
  const read = async (/** @type {string} */ path) => await readFile(join(ROOT, path));
  const squeeze = promisify(gzip);
  await put("usr/lib/systemd/system/muster.service", await read("deploy/systemd/muster.service"));
  await put("usr/share/man/man1/muster.1.gz", /** @type {Uint8Array} */ (await squeeze(await read("man/muster.1"))));
  await put("etc/default/muster", await read("deploy/debian/default"));
  for (const path of DOCUMENTS) await cp(join(ROOT, path), join(tree, "usr/share/doc/muster", path), { recursive: true });
  await writeSbom(join(tree, "usr/share/doc/muster/sbom.cdx.json"));
  await put("usr/share/doc/muster/copyright", await read("deploy/debian/copyright"));
}

/**
 * @param {string} tree
 * @param {{ version: string, description: string, engines: { node: string } }} manifest
 * @param {string} architecture
 */
async function writeControl(tree, { version, description, engines }, architecture) {
  const control = join(tree, "DEBIAN");
  await mkdir(control, { recursive: true });
  const size = Number((await runTool("du", ["--summarize", "--block-size=1024", tree])).split("\t")[0]);
  const fields = {
    Package: "muster",
    Version: version,
    Section: "admin",
    Priority: "optional",
    Architecture: architecture,
    Maintainer: MAINTAINER,
    "Installed-Size": String(size),
    Depends: `nodejs (${engines.node.replace(">=", ">= ")}), adduser, libc6`,
    Description: description.replace(/\.$/, ""),
  };
  const text = Object.entries(fields).map(([name, value]) => `${name}: ${value}`).join("\n");
  const more =
    " muster speaks the cluster protocol of Wazuh's own daemon: as a master it leads\n workers of either kind, as a worker it follows a master of either kind.";
  await writeFile(join(control, "control"), `${text}\n${more}\n`);
  await writeFile(join(control, "conffiles"), "/etc/default/muster\n");
  for (const script of ["postinst", "prerm", "postrm"]) {
    await cp(join(ROOT, "deploy/debian", script), join(control, script));
  }
}

/**
 * Modes that don't depend on who builds: 0755 for folders and programs, 0644 for the rest.
 *
 * @param {string} tree
 */
async function settleModes(tree) {
  const programs = new Set([join(LIBRARY, "dist/src/cli/main.js"), ...["postinst", "prerm", "postrm"].map((name) => join("DEBIAN", name))]);
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    await chmod(path, entry.isDirectory() || programs.has(relative(tree, path)) ? 0o755 : 0o644);
  }
  await chmod(tree, 0o755);
}


/**
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it printed
 */
async function runTool(program, args) {
  try {
    return (await promisify(execFile)(program, [...args], { timeout: TOOL_DEADLINE })).stdout;
  } catch (error) {
    const { code, stderr } = /** @type {{ code: unknown, stderr?: string }} */ (error);
    if (code === "ENOENT") throw new StepError(`this machine has no ${program}. Build the package on a Debian machine.`);
    throw new StepError(`${program} failed: ${String(stderr ?? error).trim()}`);
  }
}

await runScript(async () => {
  const file = await packageDeb(resolve(process.argv[2] ?? join(ROOT, "dist-deb")), process.argv[3] ?? "xz");
  process.stdout.write(`${file}\n`);
});
