import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { readInput } from "../../../src/cli/readInput.js";
import { runCli } from "../../../src/cli/runCli.js";
import { UserStore } from "../../../src/http/auth/UserStore.js";
import { testEnvironment } from "./testEnvironment.js";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "muster-users-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "etc"));
});

async function users(args: readonly string[], input = "") {
  const environment = testEnvironment({ readInput: () => Promise.resolve(input) });
  const code = await runCli(["users", "--root", root, ...args], environment);
  return { code, out: environment.out(), err: environment.err() };
}

test("a user is added, listed, changed and removed, and a store that is open takes each change up", async () => {
  const open = await UserStore.open(root, 10);
  expect(await users(["add", "eve", "--role", "readonly", "--password-stdin"], "a long password\nmore\n")).toEqual({
    code: 0,
    out: "User eve was added (readonly).\n",
    err: "",
  });
  await open.refresh(10_000);
  expect(await open.verify("eve", "a long password")).toMatchObject({ name: "eve", roles: ["readonly"] });

  expect((await users(["set", "eve", "--role", "admin", "readonly"])).code).toBe(0);
  expect((await users(["list"])).out).toContain("eve    admin, readonly");
  expect(JSON.parse((await users(["list", "--json"])).out)).toContainEqual({ username: "eve", roles: ["admin", "readonly"] });

  expect((await users(["remove", "eve"])).code).toBe(0);
  await open.refresh(20_000);
  expect(open.find("eve")).toBeUndefined();
});

test("a change that was made elsewhere survives one that is made here", async () => {
  const open = await UserStore.open(root, 10);
  await users(["add", "eve", "--password-stdin"], "a long password");
  await open.add("kim", "another password", ["readonly"]);
  expect((await UserStore.open(root, 10)).list().map(({ name }) => name)).toEqual(["admin", "eve", "kim"]);
});

test("a password is made into a file of its own, and stands nowhere else", async () => {
  const file = join(root, "eve-password");
  const { code, out } = await users(["add", "eve", "--password-file", file]);
  const password = (await readFile(file, "utf8")).trimEnd();
  expect(code).toBe(0);
  expect(out).toBe(`User eve was added (readonly). The password is in ${file}.\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await (await UserStore.open(root, 10)).verify("eve", password)).toMatchObject({ name: "eve" });
  expect(await readFile(join(root, "etc/http-users.json"), "utf8")).not.toContain(password);
});

test("no file is left of a password that nobody has", async () => {
  const file = join(root, "password");
  expect((await users(["add", "admin", "--password-file", file])).err).toBe("muster: User admin exists already\nChoose another name.\n");
  await expect(stat(file)).rejects.toThrow("ENOENT");
});

test.each<[readonly string[], string, number, string]>([
  [["add", "eve"], "", 2, "a new user needs a password"],
  [["set", "admin"], "", 2, "nothing to change"],
  [["add", "eve", "--password-stdin"], "", 1, "no password in its first line"],
  [["add", "eve", "--password-stdin"], "short", 1, "at least 8 characters"],
  [["add", "a b", "--password-stdin"], "a long password", 1, "a user's name is letters"],
  [["add", "eve", "--role", "king", "--password-stdin"], "a long password", 2, "Allowed choices are admin, readonly"],
  [["add", "eve", "--password-stdin", "--password-file", "x"], "", 2, "cannot be used with"],
  [["remove", "nobody"], "", 1, "The user does not exist"],
  [["remove", "admin"], "", 1, "That would leave no administrator"],
])("%j is refused", async (args, input, code, said) => {
  const { code: ended, err } = await users(args, input);
  expect(err).toContain(said);
  expect(ended).toBe(code);
});

test("standard input is read to its bound", async () => {
  const pieces = (texts: readonly string[]) => (async function* () {
    for (const text of texts) yield await Promise.resolve(Buffer.from(text));
  })();
  await expect(readInput(pieces(["grü", "ß"]), 6)).resolves.toBe("grüß");
  await expect(readInput(pieces(["abc", "def"]), 5)).rejects.toThrow("more than 5 bytes");
});
