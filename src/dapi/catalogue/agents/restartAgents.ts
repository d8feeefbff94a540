import { allOf } from "../../../agents/selection/AgentCondition.js";
import { formatAgentId } from "../../../agents/formatAgentId.js";
import { selectAgents, type SelectedRow } from "../../../agents/selection/selectAgents.js";
import { MusterError } from "../../../protocol/errors/MusterError.js";
import { stringifyPython } from "../../../protocol/pythonJson.js";
import type { DaemonSockets, FunctionContext } from "../../CatalogueFunction.js";
import { type ApiResult, affectedItems, type FailedItems } from "../../results/ApiResult.js";
import { failure, requestedAgents } from "./requestedAgents.js";

/** The socket from which remoted takes messages to agents: datagrams, no answer. */
const AGENT_QUEUE = "queue/alerts/ar";

/** Agents from this version on read JSON; older ones a line of text. */
const FIRST_JSON_VERSION = [4, 2, 0] as const;

const JSON_COMMAND = stringifyPython({
  version: 1,
  origin: { module: "API" },
  command: "restart-wazuh0",
  parameters: { extra_args: [], alert: {} },
});
const TEXT_COMMAND = "restart-ossec0 - null (from_the_server) (no_rule_id)";

const MESSAGES = {
  allMessage: "Restart command was sent to all agents",
  someMessage: "Restart command was not sent to some agents",
  noneMessage: "Restart command was not sent to any agent",
};

/**
 * Sends agents of this node the command to restart (dapi.md 3.3). Agents that are not active fail with 1707 when they
 * are named, and are left alone when all are meant.
 *
 * @param ids null: all agents
 */
export async function restartAgents(context: FunctionContext, ids: readonly string[] | null): Promise<ApiResult> {
  const { where, failed } = await requestedAgents(context, ids, "agent:restart", "refused");
  const isActive = { kind: "compare", field: "status", operator: "=", value: "active" } as const;
  const { rows } = await selectAgents(
    context.store,
    { fields: ["id", "status", "version"], where: ids === null ? allOf(where, isActive) : where },
    { signal: context.signal },
  );
  const inactive = rows.filter(({ status }) => status !== "active").map(idOf);
  const { sent, unsent } = await sendRestarts(
    context,
    rows.filter(({ status }) => status === "active"),
  );
  return affectedItems({
    affectedItems: sent,
    failedItems: [...failed, ...failure(MusterError.user(1707), inactive), ...unsent],
    ...MESSAGES,
  });
}

/** The datagram that tells remoted to restart one agent. */
function restartMessage(id: string, version: string): Buffer {
  return Buffer.from(`(msg_to_agent) [] NNS ${id} ${readsJson(version) ? JSON_COMMAND : TEXT_COMMAND}`);
}

async function sendRestarts(
  { daemons, signal }: FunctionContext,
  agents: readonly SelectedRow[],
): Promise<{ readonly sent: readonly string[]; readonly unsent: readonly FailedItems[] }> {
  const sent: string[] = [];
  for (const [at, agent] of agents.entries()) {
    signal.throwIfAborted();
    const { version } = agent;
    const error = await send(daemons, restartMessage(idOf(agent), typeof version === "string" ? version : ""));
    // Where one message finds no way, the others would each wait for nothing.
    if (error !== undefined) return { sent, unsent: failure(error, agents.slice(at).map(idOf)) };
    sent.push(idOf(agent));
  }
  return { sent, unsent: [] };
}

async function send(daemons: DaemonSockets, message: Buffer): Promise<MusterError | undefined> {
  try {
    await daemons.sendDatagram(AGENT_QUEUE, message);
    return undefined;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isUnreachable = code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK" || code === "EACCES";
    return MusterError.internal(isUnreachable ? 1010 : 1011, `WAZUH_HOME/${AGENT_QUEUE}`, { cause });
  }
}

/** `Wazuh v4.2.0` and later. What has no such form is taken for an old agent. */
function readsJson(version: string): boolean {
  const parts = /v?(\d{1,5})\.(\d{1,5})\.(\d{1,5})/.exec(version)?.slice(1).map(Number) ?? [];
  for (const [at, least] of FIRST_JSON_VERSION.entries()) {
    const part = parts[at] ?? -1;
    if (part !== least) return part > least;
  }
  return true;
}

function idOf(row: SelectedRow): string {
  return formatAgentId(Number(row["id"]));
}
