/** What a state means to somebody who looks for trouble: at rest, at work, on its way in or out, in trouble. */
export type Tone = "rest" | "work" | "passing" | "bad";

const REST = new Set(["free", "waiting", "idle", "connected", "running"]);
const BAD = new Set(["reportingError", "failed", "lost", "disconnected", "waitingToReconnect", "saturated"]);
const PASSING = new Set(["starting", "connecting", "handshaking", "closing", "closed", "draining", "stopped", "done"]);

export function toneOf(state: string): Tone {
  if (REST.has(state)) return "rest";
  if (BAD.has(state)) return "bad";
  return PASSING.has(state) ? "passing" : "work";
}
