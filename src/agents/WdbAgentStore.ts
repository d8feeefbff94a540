import type { Clock } from "../protocol/Clock.js";
import type { AgentFilter, AgentRow, ListedAgents } from "./AgentRow.js";
import type { AgentStore, AgentStoreDescription, ImportSummary } from "./AgentStore.js";
import { AgentStoreError } from "./AgentStoreError.js";
import type { AgentStoreSettings } from "./AgentStoreSettings.js";
import type { AgentStoreTransport } from "./AgentStoreTransport.js";
import type { AgentLists } from "./AgentLists.js";
import type { AgentSync } from "./AgentSync.js";
import type { CallOptions, CountOptions } from "./CallOptions.js";
import * as groups from "./agentGroupsCommands.js";
import { agentIdsOfChunk } from "./agentIdsOfChunk.js";
import { formatAgentId, parseAgentId } from "./formatAgentId.js";
import { listStatement } from "./listStatement.js";
import type { NewAgent } from "./NewAgent.js";
import { pageCommand } from "./pageCommand.js";
import type { QueryOptions, QueryResult } from "./QueryResult.js";
import { decodeWdbRows } from "./wazuhDb/decodeWdbJson.js";
import { WDB_MAX_TEXT_BYTES } from "./wazuhDb/encodeWdbFrame.js";
import { expectWdbSuccess } from "./wazuhDb/parseWdbAnswer.js";
import { selectPages } from "./wazuhDb/selectPages.js";
import { sqlRequest, sqlText } from "./wazuhDb/sqlRequest.js";
import { withDeadline } from "./withDeadline.js";

/** Ids per statement (protocol.md 6, removed agents). */
const IDS_PER_STATEMENT = 500;

/** The space at the end is part of what a worker of this dialect sends (dapi.md 6.3). */
const AGENT_INFO_GET = "global sync-agent-info-get ";
const AGENT_INFO_SET = "global sync-agent-info-set";

export interface WdbAgentStoreOptions {
  readonly transport: AgentStoreTransport;
  readonly clock: Clock;
  readonly settings: AgentStoreSettings;
  /** The way of the three lists; absent where nobody asks for them. */
  readonly sync?: AgentSync;
  /** How agents are imported; absent when the store behind the transport registers its agents itself. */
  readonly importAgents?: (agents: readonly NewAgent[], signal: AbortSignal) => Promise<ImportSummary>;
  /** What is to be closed before the transport. */
  readonly closeFirst?: () => Promise<void>;
}

/** The agent store over the text commands of dapi.md 6, the same for wazuh-db and for the embedded store. */
export class WdbAgentStore implements AgentStore {
  readonly #options: WdbAgentStoreOptions;

  constructor(options: WdbAgentStoreOptions) {
    this.#options = options;
  }

  agentInfoChunks(options?: CallOptions): Promise<string[]> {
    return this.#call(options, "collecting the agents' information", async (signal) => {
      const chunks: string[] = [];
      try {
        await pageCommand(
          () => {
            signal.throwIfAborted();
            return AGENT_INFO_GET;
          },
          // Whatever the caller does: the agents of a page that is on its way are marked as synced already, so
          // the page is waited for, and its agents are marked anew below.
          (command) => this.#request(command, new AbortController().signal),
          (payload) => chunks.push(payload),
        );
        signal.throwIfAborted();
        return chunks;
      } catch (error) {
        // The first error is the one to tell; what can't be marked again waits for the agents' next change.
        if (chunks.length > 0) await this.requeueAgentInfo(chunks).catch(() => undefined);
        throw error;
      }
    });
  }

  requeueAgentInfo(chunks: readonly string[], options?: CallOptions): Promise<number> {
    return this.#call(options, "marking agents for the next round", async (signal) => {
      const ids = [...new Set(chunks.flatMap(agentIdsOfChunk))];
      for (const batch of batches(ids)) {
        const statement = `update agent set sync_status = 'syncreq' where id in (${batch.join(",")})`;
        expectWdbSuccess(await this.#request(`global sql ${statement}`, signal));
      }
      return ids.length;
    });
  }

  storeAgentInfo(chunk: string, options?: CallOptions): Promise<void> {
    return this.#call(options, "storing agents' information", async (signal) => {
      expectWdbSuccess(await this.#request(`${AGENT_INFO_SET} ${chunk}`, signal));
    });
  }

  agentLists(options?: CallOptions): Promise<AgentLists> {
    return this.#call(options, "reading what changed in the agents", (signal) => this.#sync().read(signal));
  }

  storeAgentLists(lists: AgentLists, options?: CallOptions): Promise<void> {
    return this.#call(options, "storing agents' information", (signal) => this.#sync().write(lists, signal));
  }

  changedAgentGroups(options?: CallOptions): Promise<string[]> {
    return this.#call(options, "reading what changed in the agents' groups", (signal) =>
      groups.changedGroups((command) => this.#request(command, signal)),
    );
  }

  allAgentGroups(options?: CallOptions): Promise<string[]> {
    return this.#call(options, "reading the agents' groups", (signal) =>
      groups.allGroups((command) => this.#request(command, signal)),
    );
  }

  setAgentGroups(data: readonly unknown[], options?: CallOptions): Promise<boolean> {
    return this.#call(options, "storing agents' groups", (signal) =>
      groups.setGroups(data, (command) => this.#request(command, signal)),
    );
  }

  agentGroupsHash(options?: CallOptions): Promise<string | null> {
    return this.#call(options, "reading the checksum of the agents' groups", (signal) =>
      groups.groupsHash((command) => this.#request(command, signal)),
    );
  }

  recalculateAgentGroupHashes(options?: CallOptions): Promise<void> {
    return this.#call(options, "recalculating the checksums of the agents' groups", async (signal) => {
      expectWdbSuccess(await this.#request("global recalculate-agent-group-hashes", signal));
    });
  }

  deleteBelongs(agentIds: readonly string[], options?: CallOptions): Promise<void> {
    return this.#call(options, "removing agents from their groups", async (signal) => {
      for (const batch of batches(agentIds.map(requireAgentId))) {
        const statement = `delete from belongs where id_agent in (${batch.join(",")})`;
        expectWdbSuccess(await this.#request(`global sql ${statement}`, signal));
      }
    });
  }

  knownAgentIds(options?: CallOptions): Promise<string[]> {
    return this.#call(options, "reading the agents' ids", async (signal) => {
      const ids: number[] = [];
      await pageCommand(
        (previous) => `global get-all-agents last_id ${previous === null ? 0 : (ids.at(-1) ?? 0)}`,
        (command) => this.#request(command, signal),
        (payload) => ids.push(...decodeWdbRows(payload).map(idOfRow)),
      );
      return ids.map(formatAgentId);
    });
  }

  async countActiveAgents(nodeName: string, options?: CallOptions): Promise<number> {
    const condition = `connection_status = 'active' and node_name = ${sqlText(nodeName)}`;
    return (await this.query(`select count(*) from agent where ${condition}`, options)).total;
  }

  async activeAgentsByNode({ withManager = true, ...options }: CountOptions = {}): Promise<Map<string, number>> {
    const { rows } = await this.query(
      `select node_name as node, count(*) as agents from agent where connection_status = 'active'${withManager ? "" : " and id > 0"} group by node_name order by node_name`,
      options,
    );
    return new Map(rows.map(({ node, agents }) => [typeof node === "string" ? node : "unknown", Number(agents)]));
  }

  query(statement: string, options?: QueryOptions): Promise<QueryResult> {
    return this.#call(options, "a database query", async (signal) => {
      const request = sqlRequest(statement);
      const send = (command: string): Promise<string> => this.#request(command, signal);
      if (request.kind === "select") return await selectPages(request.prefix, request.statement, send);
      expectWdbSuccess(await send(`${request.prefix} ${request.statement}`));
      return { rows: [], total: 0 };
    });
  }

  async listAgents(filter: AgentFilter = {}, options?: CallOptions): Promise<ListedAgents> {
    const { rows, total } = await this.query(listStatement(filter), options);
    return { agents: rows, total };
  }

  agent(id: string, options?: CallOptions): Promise<AgentRow | null> {
    return this.#call(options, "reading an agent", async (signal) => {
      const answer = expectWdbSuccess(await this.#request(`global get-agent-info ${requireAgentId(id)}`, signal));
      return (decodeWdbRows(answer.payload)[0] as AgentRow | undefined) ?? null;
    });
  }

  importAgents(agents: readonly NewAgent[], options?: CallOptions): Promise<ImportSummary> {
    const { importAgents } = this.#options;
    return this.#call(options, "importing agents", async (signal) => {
      if (importAgents === undefined) {
        throw new AgentStoreError(2003, "wazuh-db keeps the agents of this node; register them there");
      }
      return await importAgents(agents, signal);
    });
  }

  describe(): AgentStoreDescription {
    return this.#options.transport.describe();
  }

  async close(): Promise<void> {
    await this.#options.closeFirst?.();
    await this.#options.transport.close();
  }

  #sync(): AgentSync {
    if (this.#options.sync === undefined) throw new AgentStoreError(2013, "this store has no way for lists of agents");
    return this.#options.sync;
  }

  #call<T>(options: CallOptions | undefined, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.#options.clock, options, this.#options.settings.callTimeout, what, work);
  }

  /**
   * @throws AgentStoreError 2003 when the request is longer than wazuh-db's buffer, 2009 when the answer was cut off
   * there; what the transport throws.
   */
  async #request(command: string, signal: AbortSignal): Promise<string> {
    const bytes = Buffer.byteLength(command, "utf8");
    const { requestBytes } = this.#options.settings;
    if (bytes > requestBytes) {
      throw new AgentStoreError(2003, `the request has ${bytes} bytes, the store reads at most ${requestBytes}`);
    }
    const answer = await this.#options.transport.request(command, signal);
    const answerBytes = Buffer.byteLength(answer, "utf8");
    if (answerBytes >= WDB_MAX_TEXT_BYTES) throw new AgentStoreError(2009, `an answer of ${answerBytes} bytes`);
    return answer;
  }
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += IDS_PER_STATEMENT) yield items.slice(from, from + IDS_PER_STATEMENT);
}

function requireAgentId(text: string): number {
  const id = parseAgentId(text);
  if (id === null) throw new AgentStoreError(2004, `'${text.slice(0, 32)}' is no agent id; use a number from 1 on`);
  return id;
}

function idOfRow(row: Readonly<Record<string, unknown>>): number {
  const id = row["id"];
  if (typeof id !== "number" || !Number.isSafeInteger(id)) throw new AgentStoreError(2006, "an agent without an id");
  return id;
}
