import type { KeyStatus } from "../../node/KeyStatusFile.js";
import type { RotatedKey } from "./KeyFile.js";

/** Where a node stands in a change of keys, as far as it can know. */
export interface RotationState {
  readonly nodeType: "master" | "worker";
  /** The node's accepted keys, the one for sending first. */
  readonly keys: readonly RotatedKey[];
  /** What the running node tells. */
  readonly status: KeyStatus;
  /** On a worker: the key to change to, taken from the master's file. */
  readonly given: string | undefined;
  readonly fingerprintOf: (key: string) => string;
}

/** What comes next on this node. */
export type RotationStep =
  /** The node is to accept these keys; `then` says what is to be done where. */
  | { readonly kind: "write"; readonly keys: readonly RotatedKey[]; readonly mustProve: boolean; readonly did: string; readonly then: string }
  /** The master takes a key that is yet to be made. */
  | { readonly kind: "generate"; readonly then: string }
  | { readonly kind: "wait"; readonly why: string };

/**
 * Decides on the next step of a change of keys. Nobody sends with a key that the other end does not accept yet, and
 * nobody drops one that the other end still sends with; each step leans on what the node has seen on its links, so that
 * it can be repeated, and taken up where it was left:
 *
 * 1. master: accepts the new key as well. 2. each worker: sends with the new one, accepts both.
 * 3. master, once it sees all workers do so: sends with it. 4. each worker, once it sees the master do so: drops the old
 * one. 5. master: drops it, too.
 */
export function nextStep(state: RotationState): RotationStep {
  return state.nodeType === "master" ? masterStep(state) : workerStep(state);
}

function masterStep({ keys, status, fingerprintOf }: RotationState): RotationStep {
  const next = keys.find(({ role }) => role === "next");
  const old = keys.filter(({ role }) => role === "old");
  if (next === undefined && old.length === 0) {
    return { kind: "generate", then: "On each worker run: muster key rotate --from <a copy of this node's key file>. Then run this command here again." };
  }
  const wanted = fingerprintOf((next ?? keys[0])?.text ?? "");
  const behind = Object.entries(status.peers).filter(([, used]) => used !== wanted).map(([name]) => name).sort();
  if (Object.keys(status.peers).length === 0) return { kind: "wait", why: "no worker is connected, so that none can be seen to use the new key" };
  if (behind.length > 0) return { kind: "wait", why: `${behind.join(", ")} still send with another key. Run there: muster key rotate --from <a copy of this node's key file>` };
  if (next !== undefined) {
    return {
      kind: "write",
      keys: [{ text: next.text, role: "plain" }, ...keys.filter((key) => key !== next).map(({ text }) => ({ text, role: "old" as const }))],
      mustProve: false,
      did: "This node sends with the new key; it still accepts the old one.",
      then: "On each worker run: muster key rotate. Then run this command here again.",
    };
  }
  return {
    kind: "write",
    keys: keys.filter(({ role }) => role !== "old"),
    mustProve: false,
    did: "This node accepts the new key only: the change is done.",
    then: "Write the new key into <key> in etc/ossec.conf, too, for programs that know nothing of the key file.",
  };
}

function workerStep({ keys, status, given, fingerprintOf }: RotationState): RotationStep {
  const [sending] = keys;
  const isChanging = keys.some(({ role }) => role === "old");
  const { master } = status.peers;
  if (master === undefined) return { kind: "wait", why: "this worker is not connected to its master" };
  if (!isChanging) {
    if (given === undefined) return { kind: "wait", why: "no change is going on here. Begin it on the master, then come back with --from <a copy of the master's key file>" };
    if (given === sending?.text) return { kind: "wait", why: "this worker uses that key already. Go on at the master: muster key rotate" };
    return {
      kind: "write",
      keys: [{ text: given, role: "plain" }, ...keys.map(({ text }) => ({ text, role: "old" as const }))],
      mustProve: true,
      did: "This worker sends with the new key, which the master has answered; it still accepts the old one.",
      then: "When all workers are as far, run on the master: muster key rotate",
    };
  }
  if (master !== fingerprintOf(sending?.text ?? "")) return { kind: "wait", why: "the master still sends with the old key. Run there: muster key rotate" };
  return {
    kind: "write",
    keys: keys.filter(({ role }) => role !== "old"),
    mustProve: false,
    did: "This worker accepts the new key only.",
    then: "When all workers are as far, run on the master: muster key rotate. Write the new key into <key> in etc/ossec.conf, too.",
  };
}
