/**
 * The form in which paths of transferred files are compared: relative to the node's root, without
 * leading slashes. Peers name the same file with one (`new_file`) and without (`…_e`).
 *
 * Returns undefined for a path that could mean another file than it says: an empty part, `.`, `..`,
 * a backslash or a control character (quality.md 2).
 */
export function normalizeTransferPath(path: string): string | undefined {
  const name = path.replace(/^\/+/, "");
  const isPlain = name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  return isPlain && !/[\\\u0000-\u001f\u007f]/.test(name) ? name : undefined;
}
