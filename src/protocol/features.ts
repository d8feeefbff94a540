import { TO_MASTER } from "./commands.js";
import { malformed } from "./payloads.js";

/** The features of muster's own that nodes tell each other after the hello (quality.md 1, push). */
export const FEATURE = Object.freeze({
  /** The worker starts a round when the master sends `mst_check`. */
  push: "push",
} as const);

const EXPECTED = '{"features": ["<name>", …]}';
/** A later version may know more; nobody needs more than these. */
const MOST_FEATURES = 64;
const LONGEST_FEATURE = 64;

/** The payload of `muster`, and of its answer. */
export function formatFeatures(features: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify({ features }));
}

/** Reads it; members and features that this version does not know are let stand. @throws MusterError 1000 for another form */
export function parseFeatures(payload: Buffer): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString("utf8"));
  } catch {
    throw malformed(TO_MASTER.features, EXPECTED, payload);
  }
  const features = typeof value === "object" && value !== null && "features" in value ? value.features : undefined;
  if (!Array.isArray(features) || features.length > MOST_FEATURES || !features.every(isFeature)) {
    throw malformed(TO_MASTER.features, EXPECTED, payload);
  }
  return features;
}

function isFeature(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_FEATURE;
}
