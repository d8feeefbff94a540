import { realpath, stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { MusterError } from "../../protocol/errors/MusterError.js";
import type { Connection } from "../Connection.js";
import { TRANSFER_DEADLINE } from "../milliseconds.js";
import { transferFolder } from "../transferPath.js";

/** The one folder from which local clients may have files sent, relative to root (dapi.md 1.7). */
const SOURCE_FOLDER = "tmp";

/**
 * `send_file` of a local client: sends a file of `<root>/tmp` to another node, where it lies in the transfer folder of
 * the worker at the connection's one end: a peer may write nowhere else (quality.md 2).
 *
 * @param path absolute, or relative to root
 * @throws MusterError 3034 for a file that is not there or lies elsewhere; what the transfer throws
 */
export async function sendLocalFile(root: string, path: string, connection: Connection, workerName: string): Promise<void> {
  const folder = join(await realpath(root), SOURCE_FOLDER);
  const real = await realpath(resolve(root, path)).catch((error: unknown) => {
    throw MusterError.cluster(3034, path, { cause: error });
  });
  const isInside = real.startsWith(folder + sep) && (await stat(real)).isFile();
  if (!isInside) throw MusterError.cluster(3034, `${path} is no file of ${SOURCE_FOLDER}/ of this node`);
  const target = `${transferFolder(workerName)}/${basename(real)}`;
  await connection.sendFile(target, null, AbortSignal.timeout(TRANSFER_DEADLINE), relative(await realpath(root), real));
}
