import { MusterError } from "../../../protocol/errors/MusterError.js";
import { stringifyPython } from "../../../protocol/pythonJson.js";
import type { FunctionContext } from "../../CatalogueFunction.js";

/** Where wazuh-execd takes commands, below the root. */
const EXECQ_SOCKET = "queue/alerts/execq";

/** The reference's command, member by member (dapi.md 3.2, restart). */
const RESTART = Buffer.from(
  stringifyPython({
    version: 1,
    origin: { module: "API" },
    command: "restart-wazuh",
    parameters: { extra_args: [], alert: {} },
  }),
);

const NO_SOCKET: ReadonlySet<string> = new Set(["ENOENT", "ENOTSOCK"]);
const NO_CONNECTION: ReadonlySet<string> = new Set(["ECONNREFUSED", "EACCES", "EPERM", "EPROTOTYPE", "ENAMETOOLONG"]);

/**
 * Asks wazuh-execd to restart the manager; it answers nothing.
 *
 * @throws MusterError internal 1901 when there is no socket, 1902 when nobody may be reached there, 1014 when the
 *   command could not be sent
 */
export async function requestRestart({ daemons }: Pick<FunctionContext, "daemons">): Promise<void> {
  try {
    await daemons.sendDatagram(EXECQ_SOCKET, RESTART);
  } catch (cause) {
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (NO_SOCKET.has(code)) throw MusterError.internal(1901, null, { cause });
    if (NO_CONNECTION.has(code)) throw MusterError.internal(1902, null, { cause });
    throw MusterError.internal(1014, code, { cause });
  }
}
