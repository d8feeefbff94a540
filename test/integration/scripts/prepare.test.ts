import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const LOCK = '{"lockfileVersion": 3, "packages": {}}\n';

/** As ours, but with as few types to load as can be: the compiler runs often here. */
const TSCONFIG = {
  compilerOptions: {
    ...{ target: "ES2022", module: "NodeNext", lib: ["ES5"], types: [], skipLibCheck: true, strict: true },
    ...{ rootDir: ".", outDir: "dist", declaration: true, sourceMap: true },
    ...{ incremental: true, tsBuildInfoFile: "dist/.tsbuildinfo" },
  },
  include: ["src/**/*.ts"],
};

/** A small project with our scripts, whose packages are links to ours. */
let project = "";

const put = (path: string, text: string): Promise<void> => writeFile(join(project, path), text);
const read = (path: string): Promise<string> => readFile(join(project, path), "utf8");
const outputs = async (): Promise<string[]> =>
  (await readdir(join(project, "dist"), { recursive: true })).filter((path) => path.endsWith(".js")).sort();

function run(script: string): { status: number | null; out: string; err: string } {
  // Any program that is there will do for the browser: nothing is to be installed for a project of three files.
  const env = { ...process.env, npm_config_offline: "true", MUSTER_CHROMIUM: process.execPath };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, "scripts", script)], {
    encoding: "utf8",
    env,
  });
  return { status, out: stdout, err: stderr };
}

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "muster-scripts-"));
  await cp(join(REPOSITORY, "scripts"), join(project, "scripts"), { recursive: true });
  await mkdir(join(project, "src/page"), { recursive: true });
  await mkdir(join(project, "node_modules"));
  await symlink(join(REPOSITORY, "node_modules/typescript"), join(project, "node_modules/typescript"));
  await put("package.json", '{"name": "small", "type": "module", "engines": {"node": ">=20.0"}}');
  await put("package-lock.json", LOCK);
  const digest = createHash("sha256").update(LOCK).digest("hex");
  await put("node_modules/.muster-install", `${digest} ${process.version} ${process.platform}-${process.arch}\n`);
  await put("tsconfig.json", JSON.stringify(TSCONFIG));
  await put("src/kept.ts", 'export const kept = "first";\n');
  await put("src/removed.ts", "export const removed = 1;\n");
  await put("src/page/index.html", "<p>page</p>\n");
});
afterEach(() => rm(project, { recursive: true, force: true }));

describe("scripts/prepare.mjs", () => {
  test("compiles sources and copies assets, then has nothing to do", async () => {
    expect(run("prepare.mjs")).toMatchObject({ status: 0, err: expect.stringContaining("Building") as string });
    expect(await outputs()).toEqual(["src/kept.js", "src/removed.js"]);
    expect(await read("dist/src/page/index.html")).toBe("<p>page</p>\n");
    expect(run("prepare.mjs")).toEqual({ status: 0, out: "", err: "" });
  });

  test("follows a changed source and a changed asset, and forgets removed ones", async () => {
    run("prepare.mjs");
    await put("src/kept.ts", 'export const kept = "second";\n');
    await put("src/page/index.html", "<p>new</p>\n");
    await rm(join(project, "src/removed.ts"));
    expect(run("prepare.mjs").status).toBe(0);
    expect(await read("dist/src/kept.js")).toContain("second");
    expect(await read("dist/src/page/index.html")).toBe("<p>new</p>\n");
    expect(await outputs()).toEqual(["src/kept.js"]);
  });

  test("makes anew what was removed from dist although the compiler's memory stayed", async () => {
    run("prepare.mjs");
    await rm(join(project, "dist/src"), { recursive: true });
    expect(run("prepare.mjs").status).toBe(0);
    expect(await outputs()).toEqual(["src/kept.js", "src/removed.js"]);
  });

  test("mends an output that was changed by hand", async () => {
    run("prepare.mjs");
    await put("dist/src/kept.js", "broken");
    run("prepare.mjs");
    expect(await read("dist/src/kept.js")).toContain("first");
  });

  test("shows a type error and one clear line, with status 1, again and again until it is mended", async () => {
    await put("src/kept.ts", 'export const kept: number = "text";\n');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { status, err } = run("prepare.mjs");
      expect({ status, last: err.trimEnd().split("\n").at(-1) }).toEqual({
        status: 1,
        last: expect.stringMatching(/^error: the build failed \(tsc: exit status \d\)/) as string,
      });
      expect(err).toContain("src/kept.ts(1,14): error TS2322");
    }
    await put("src/kept.ts", "export const kept: number = 1;\n");
    expect(run("prepare.mjs").status).toBe(0);
  });

  test("refuses an older Node with one line", async () => {
    await put("package.json", '{"name": "small", "type": "module", "engines": {"node": ">=99.1"}}');
    expect(run("prepare.mjs")).toEqual({
      status: 1,
      out: "",
      err: `error: muster needs Node 99.1 or later; this is Node ${process.versions.node}.\n`,
    });
  });
});

describe("scripts/test.mjs", () => {
  test("ends with the line of counts also when the packages can't be installed", async () => {
    await put("package-lock.json", "{ no JSON");
    const { status, out } = run("test.mjs");
    expect({ status, last: out.split("\n").slice(-2) }).toEqual({
      status: 1,
      last: ["0 passed, 1 failed, 0 skipped", ""],
    });
    expect(out).toMatch(/^error: npm ci failed/m);
  });

  test("counts each failing check and a test run that does not come about", async () => {
    const { status, out } = run("test.mjs");
    expect(status).toBe(1);
    // No eslint, test configuration, cruiser, knip or vitest here: four checks and the run itself.
    expect(out).toMatch(/\n0 passed, 6 failed, 0 skipped\n$/);
    // The checks give way to everything else that runs here.
  }, 240_000);
});
