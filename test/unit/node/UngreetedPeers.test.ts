import { describe, expect, test } from "vitest";
import { UngreetedPeers } from "../../../src/node/UngreetedPeers.js";

const LIMITS = { ungreetedPerAddress: 3, ungreetedConnections: 5 };

describe("connections without a hello", () => {
  test("beyond the bound of their address push out the oldest of that address, and no other one", () => {
    const peers = new UngreetedPeers(LIMITS);
    expect(peers.add("honest", "10.0.0.1")).toBeUndefined();
    for (const id of ["a", "b", "c"]) expect(peers.add(id, "10.0.0.2")).toBeUndefined();
    expect(peers.add("d", "10.0.0.2")).toBe("a");
    expect(peers.add("e", "10.0.0.2")).toBe("b");
  });

  test("beyond the bound on all push out the oldest of all", () => {
    const peers = new UngreetedPeers(LIMITS);
    for (let at = 0; at < 5; at += 1) expect(peers.add(`p${String(at)}`, `10.0.0.${String(at)}`)).toBeUndefined();
    expect(peers.add("p5", "10.0.0.5")).toBe("p0");
    expect(peers.add("p6", "10.0.0.6")).toBe("p1");
  });

  test("count no more once they are greeted or gone", () => {
    const peers = new UngreetedPeers(LIMITS);
    for (const id of ["a", "b", "c"]) peers.add(id, "10.0.0.2");
    peers.remove("a");
    peers.remove("never there");
    expect(peers.add("d", "10.0.0.2")).toBeUndefined();
    expect(peers.add("e", "10.0.0.2")).toBe("b");
  });

  test("are bounded under any flood, and the newest is never the one that goes", () => {
    const peers = new UngreetedPeers(LIMITS);
    const open = new Set<string>();
    for (let at = 0; at < 1000; at += 1) {
      const id = `p${String(at)}`;
      const victim = peers.add(id, `10.0.0.${String(at % 4)}`);
      expect(victim).not.toBe(id);
      if (victim !== undefined) open.delete(victim);
      open.add(id);
      expect(open.size).toBeLessThanOrEqual(LIMITS.ungreetedConnections);
    }
  });
});
