import { basename, dirname } from "node:path";

/** The name of the reference's daemon, under which its start scripts call muster (dapi.md 4.4). */
const DAEMON_NAME = "wazuh-clusterd";

/**
 * The command line of a process. Called `wazuh-clusterd`, by a link `<root>/bin/wazuh-clusterd`, muster is that daemon:
 * `muster clusterd --root <root>` with the same options.
 *
 * @param argv interpreter, program, arguments
 */
export function commandLine(
  [, program = "", ...args]: readonly string[],
  { MUSTER_ROOT: root }: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  if (basename(program) !== DAEMON_NAME) return args;
  const folder = dirname(program);
  const isBelowRoot = basename(folder) === "bin" && (root === undefined || root === "");
  return ["clusterd", ...(isBelowRoot ? ["--root", dirname(folder)] : []), ...args];
}
