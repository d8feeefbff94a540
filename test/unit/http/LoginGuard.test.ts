import { describe, expect, test } from "vitest";
import { LoginGuard, sourceOf } from "../../../src/http/auth/LoginGuard.js";
import { HttpError } from "../../../src/http/HttpError.js";
import { DEFAULT_HTTP_SETTINGS } from "../../../src/http/HttpSettings.js";
import { ManualClock } from "../../support/manualClock.js";

const settings = {
  ...DEFAULT_HTTP_SETTINGS,
  addressFailures: 3,
  userFailures: 5,
  firstLoginDelay: 1000,
  longestAddressDelay: 8000,
  longestUserDelay: 2000,
  failureMemory: 60_000,
  countedFailures: 4,
};

function setUp(): { clock: ManualClock; fail: (address: string, user: string) => number } {
  const clock = new ManualClock();
  const guard = new LoginGuard(settings, clock);
  /** Tries, and gives the seconds to wait that it was told; 0: it was let through, and failed. */
  const fail = (address: string, user: string): number => {
    try {
      guard.attempt(address, user);
      return 0;
    } catch (error) {
      expect(error).toBeInstanceOf(HttpError);
      expect((error as HttpError).status).toBe(429);
      return Number((error as HttpError).headers["retry-after"]);
    }
  };
  return { clock, fail };
}

describe("an address", () => {
  test("waits twice as long with each failure, up to the longest wait", () => {
    const { clock, fail } = setUp();
    expect([1, 2, 3].map((user) => fail("10.0.0.1", `u${user}`))).toEqual([0, 0, 0]);
    const waits: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const wait = fail("10.0.0.1", `v${round}`);
      waits.push(wait);
      clock.advance(wait * 1000 - 1);
      expect(fail("10.0.0.1", `v${round}`)).toBe(1);
      clock.advance(1);
      expect(fail("10.0.0.1", `w${round}`)).toBe(0);
    }
    expect(waits).toEqual([1, 2, 4, 8, 8, 8]);
  });

  test("does not wait for another one, and is forgotten after a while", () => {
    const { clock, fail } = setUp();
    for (const user of ["a", "b", "c"]) fail("10.0.0.1", user);
    expect(fail("10.0.0.1", "d")).toBe(1);
    expect(fail("10.0.0.2", "d")).toBe(0);
    clock.advance(60_001);
    expect([fail("10.0.0.1", "e"), fail("10.0.0.1", "e"), fail("10.0.0.1", "e")]).toEqual([0, 0, 0]);
  });
});

describe("a user", () => {
  test("waits, wherever the failures come from, but never long", () => {
    const { clock, fail } = setUp();
    for (let index = 0; index < 5; index += 1) expect(fail(`10.0.0.${index}`, "admin")).toBe(0);
    expect(fail("10.0.1.1", "admin")).toBe(1);
    clock.advance(1000);
    fail("10.0.1.1", "admin");
    for (let index = 0; index < 5; index += 1) {
      expect(fail(`10.0.2.${index}`, "admin")).toBe(2);
      clock.advance(2000);
      expect(fail(`10.0.2.${index}`, "admin")).toBe(0);
    }
    expect(fail("10.0.3.1", "other")).toBe(0);
  });

  test("who logs in has no failures any more, and the address keeps those of before", () => {
    const clock = new ManualClock();
    const guard = new LoginGuard(settings, clock);
    for (let round = 0; round < 20; round += 1) {
      guard.attempt("10.0.0.1", "admin");
      guard.succeeded("10.0.0.1", "admin");
    }
    guard.attempt("10.0.0.1", "a");
    guard.attempt("10.0.0.1", "b");
    guard.attempt("10.0.0.1", "admin");
    guard.succeeded("10.0.0.1", "admin");
    guard.attempt("10.0.0.1", "c");
    expect(() => guard.attempt("10.0.0.1", "d")).toThrow("Limit of login attempts reached");
  });

  test("an attempt that was not judged counts for nothing", () => {
    const guard = new LoginGuard(settings, new ManualClock());
    for (let round = 0; round < 20; round += 1) {
      guard.attempt("10.0.0.1", "admin");
      guard.withdraw("10.0.0.1", "admin");
    }
    expect(() => guard.attempt("10.0.0.1", "admin")).not.toThrow();
  });
});

test("few keys are kept: the one that failed the longest ago goes first", () => {
  const { fail } = setUp();
  for (const user of ["a", "b", "c"]) fail("10.0.0.1", user);
  for (let index = 2; index < 5; index += 1) fail(`10.0.0.${index}`, `n${index}`);
  expect(fail("10.0.0.1", "z")).toBe(1);
  fail("10.0.0.5", "n5");
  expect(fail("10.0.0.1", "z")).toBe(0);
});

test.each([
  ["10.1.2.3", "10.1.2.3"],
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["::1", "0:0:0:0::/64"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::9", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["unknown", "unknown"],
])("the source of %s is %s", (address, source) => {
  expect(sourceOf(address)).toBe(source);
});
