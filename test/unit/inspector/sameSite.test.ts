import { describe, expect, test } from "vitest";
import { isLoopback, isSameSite } from "../../../src/inspector/server/sameSite.js";
import { Tickets } from "../../../src/inspector/server/Tickets.js";

const from = (host: string | undefined, origin?: string) => ({ host, origin, remoteAddress: "127.0.0.1" });

describe("isSameSite", () => {
  test.each([
    ["127.0.0.1:1517", "http://127.0.0.1:1517"],
    ["localhost:1517", "http://localhost:1517"],
    ["[::1]:1517", "http://[::1]:1517"],
    ["10.0.0.4", "https://10.0.0.4"],
    ["127.0.0.1:1517", undefined],
  ])("takes %s with the origin %s", (host, origin) => {
    expect(isSameSite(from(host, origin))).toBe(true);
  });

  test.each([
    ["127.0.0.1:1517", "http://evil.example"],
    ["127.0.0.1:1517", "http://127.0.0.1:8080"],
    ["127.0.0.1:1517", "null"],
    ["evil.example:1517", "http://evil.example:1517"],
    ["127.0.0.1.evil.example", undefined],
    [undefined, undefined],
  ])("refuses %s with the origin %s", (host, origin) => {
    expect(isSameSite(from(host, origin))).toBe(false);
  });
});

describe("isLoopback", () => {
  test.each(["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])("%s is", (remoteAddress) => {
    expect(isLoopback({ ...from("x"), remoteAddress })).toBe(true);
  });
  test.each(["10.0.0.1", "::2", "::ffff:10.0.0.1", "127.evil", undefined])("%s is not", (remoteAddress) => {
    expect(isLoopback({ ...from("x"), remoteAddress })).toBe(false);
  });
});

describe("Tickets", () => {
  test("admit once, and not after half a minute", () => {
    let now = 0;
    const tickets = new Tickets(() => now);
    const [one, other] = [tickets.issue(), tickets.issue()];
    expect([tickets.redeem(one), tickets.redeem(one), tickets.redeem("made up")]).toEqual([true, false, false]);
    now = 30_001;
    expect(tickets.redeem(other)).toBe(false);
  });

  test("are bounded: the oldest one is void", () => {
    const tickets = new Tickets(() => 0);
    const first = tickets.issue();
    const later = Array.from({ length: 256 }, () => tickets.issue());
    expect([tickets.redeem(first), tickets.redeem(later[0] ?? "")]).toEqual([false, true]);
  });
});
