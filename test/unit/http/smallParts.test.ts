import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseBasic, parseBearer } from "../../../src/http/auth/authorization.js";
import { hashPassword, matchesPassword, nobodysHash } from "../../../src/http/auth/passwords.js";
import { Turnstile } from "../../../src/http/auth/Turnstile.js";
import { addressText, isLoopback, parseListenAddress } from "../../../src/http/listenAddress.js";

describe("parseListenAddress", () => {
  test.each([
    ["127.0.0.1:1517", { host: "127.0.0.1", port: 1517 }],
    ["localhost:0", { host: "localhost", port: 0 }],
    ["[::1]:65535", { host: "::1", port: 65535 }],
    ["node-1.example.org:80", { host: "node-1.example.org", port: 80 }],
    ["off", null],
  ])("%s", (text, expected) => {
    expect(parseListenAddress(text)).toEqual(expected);
    if (expected !== null) expect(addressText(expected)).toBe(text);
  });

  test.each(["", "1517", ":1517", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:1517", "[x]:1", "a b:1", "-a:1", "on", "http://x:1"])(
    "%s is refused, with what it must be",
    (text) => {
      expect(() => parseListenAddress(text)).toThrow(`"${text}" is no address to listen on: it must be HOST:PORT, [IPV6]:PORT or off`);
    },
  );
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["localhost", true],
  ["0.0.0.0", false],
  ["::", false],
  ["10.0.0.1", false],
  ["127.0.0.1.example.org", false],
  ["localhost.example.org", false],
])("isLoopback(%s) is %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

describe("authorization", () => {
  test("any name without a colon and any password come back as they went in", () => {
    const name = fc.string({ minLength: 1, maxLength: 50, unit: "grapheme" }).filter((text) => !text.includes(":"));
    fc.assert(
      fc.property(name, fc.string({ maxLength: 50, unit: "grapheme" }), (user, password) => {
        const header = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
        expect(parseBasic(header)).toEqual({ name: user, password });
        expect(parseBearer(header)).toBeUndefined();
      }),
      { seed: 44 },
    );
  });

  test.each(["Bearer", "Bearer ", "Bearer a", "Bearer a.b", "Bearer a.b.c.d", "Bearer a.b.c d", "bearer  a.b.c", "Basic a.b.c"])(
    "%s is no token",
    (header) => {
      expect(parseBearer(header)).toBeUndefined();
    },
  );

  test("the scheme's case does not matter", () => {
    expect(parseBearer("bearer a.b.c")).toBe("a.b.c");
  });
});

test("a password matches its own hash only, however often it is hashed", async () => {
  const [one, other] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
  expect(one.salt).not.toBe(other.salt);
  expect(one.hash).not.toBe(other.hash);
  expect(await matchesPassword("correct horse", one)).toBe(true);
  expect(await matchesPassword("correct horse ", one)).toBe(false);
  expect(await matchesPassword("correct horse", { ...one, hash: "" })).toBe(false);
  expect(await matchesPassword("", nobodysHash())).toBe(false);
});

describe("Turnstile", () => {
  test("lets few through at a time, in order, and refuses when too many wait", async () => {
    const turnstile = new Turnstile(2, 2);
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const tasks = [0, 1, 2, 3].map((index) =>
      turnstile.pass(async () => {
        started.push(index);
        await new Promise<void>((resolve) => (finish[index] = resolve));
        return index;
      }),
    );
    expect(started).toEqual([0, 1]);
    expect(turnstile.hasRoom).toBe(false);
    await expect(turnstile.pass(async () => 9)).rejects.toThrow("too many tasks wait already");
    finish[1]?.();
    expect(await tasks[1]).toBe(1);
    expect(started).toEqual([0, 1, 2]);
    finish[0]?.();
    await tasks[0];
    finish[2]?.();
    finish[3]?.();
    expect(await Promise.all(tasks)).toEqual([0, 1, 2, 3]);
    await expect(turnstile.pass(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    expect(await turnstile.pass(async () => 5)).toBe(5);
  });
});
