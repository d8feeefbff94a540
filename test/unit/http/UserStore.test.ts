import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { UserStore } from "../../../src/http/auth/UserStore.js";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "muster-users-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "etc"));
});

const read = (name: string): Promise<string> => readFile(join(root, "etc", name), "utf8");

test("starts at the same time make one first user with one password, and leave nothing behind", async () => {
  const stores = await Promise.all([1, 2, 3].map(() => UserStore.open(root, 10)));
  const password = (await read("http-admin-password")).trimEnd();
  const users = await Promise.all(stores.map((store) => store.verify("admin", password)));
  expect(new Set(users.map((user) => user?.stamp)).size).toBe(1);
  expect((await readdir(join(root, "etc"))).sort()).toEqual(["http-admin-password", "http-users.json"]);
});

test("a start that was cut short after the password goes on with it", async () => {
  await writeFile(join(root, "etc/http-admin-password"), "the-password-of-before\n", { mode: 0o600 });
  const store = await UserStore.open(root, 10);
  expect(await store.verify("admin", "the-password-of-before")).toMatchObject({ name: "admin", roles: ["admin"] });
});

test("an empty password file is told, not used", async () => {
  await writeFile(join(root, "etc/http-admin-password"), "");
  await expect(UserStore.open(root, 10)).rejects.toThrow(/http-admin-password: a password has at least 8 characters; remove the file/);
});

test.each<[string, string]>([
  ["no JSON", "{"],
  ["no users", '{"version":1,"users":[]}'],
  ["another version", '{"version":2,"users":[]}'],
  ["a cost that takes for ever", '{"version":1,"users":[{"name":"a","roles":["admin"],"password":{"cost":{"N":1073741824,"r":8,"p":1},"salt":"AAAA","hash":"AAAA"},"stamp":"7f0b1c0e-7b6a-4b1e-9b0a-0c1d2e3f4a5b"}]}'],
])("a file with %s is told", async (_name, text) => {
  await writeFile(join(root, "etc/http-users.json"), text);
  await expect(UserStore.open(root, 10)).rejects.toThrow("the users of the HTTP API can't be read from");
  expect(await read("http-users.json")).toBe(text);
});

test("a link in the file's place is not followed", async () => {
  await writeFile(join(root, "elsewhere"), "{}");
  await symlink(join(root, "elsewhere"), join(root, "etc/http-users.json"));
  await expect(UserStore.open(root, 10)).rejects.toThrow("ELOOP");
});

test("changes at the same time are all made, and are there after a restart", async () => {
  const store = await UserStore.open(root, 5);
  await Promise.all(["a", "b", "c"].map((name) => store.add(name, `password of ${name}`, ["readonly"])));
  await Promise.all([store.update("a", { roles: ["admin"] }), store.remove("b")]);
  const again = await UserStore.open(root, 5);
  expect(again.list()).toEqual([
    { name: "a", roles: ["admin"] },
    { name: "admin", roles: ["admin"] },
    { name: "c", roles: ["readonly"] },
  ]);
  await again.add("d", "password of d", ["readonly"]);
  await again.add("e", "password of e", ["readonly"]);
  await expect(again.add("f", "password of f", ["readonly"])).rejects.toThrow("There are 5 users already");
  await again.remove("admin");
  await expect(again.remove("a")).rejects.toThrow("That would leave no administrator");
});

test("a change that can't be written is none", async () => {
  const store = await UserStore.open(root, 10);
  await store.add("a", "password of a", ["readonly"]);
  const stamp = store.find("a")?.stamp;
  await rm(join(root, "etc"), { recursive: true });
  await expect(store.update("a", { roles: ["admin"] })).rejects.toThrow("ENOENT");
  expect(store.find("a")).toMatchObject({ roles: ["readonly"], stamp });
});
