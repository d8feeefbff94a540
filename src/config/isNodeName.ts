/** Longest name of a node, in characters (quality.md 2). */
const LONGEST_NODE_NAME = 128;

const NODE_NAME = /^[A-Za-z0-9._-]+$/;

/**
 * Whether a text may be a node's name: 1 to 128 letters, digits, `.`, `_`, `-`, and neither `.` nor
 * `..` (quality.md 2). Names become folder names under `queue/cluster`.
 */
export function isNodeName(name: string): boolean {
  return name.length <= LONGEST_NODE_NAME && NODE_NAME.test(name) && name !== "." && name !== "..";
}
