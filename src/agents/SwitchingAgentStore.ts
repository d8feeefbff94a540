import type { Clock } from "../protocol/Clock.js";
import type { AgentFilter, AgentRow, ListedAgents } from "./AgentRow.js";
import type { AgentStore, AgentStoreDescription, ImportSummary } from "./AgentStore.js";
import { AgentStoreError } from "./AgentStoreError.js";
import type { AgentLists } from "./AgentLists.js";
import type { CallOptions, CountOptions } from "./CallOptions.js";
import type { NewAgent } from "./NewAgent.js";
import type { QueryOptions, QueryResult } from "./QueryResult.js";

export interface SwitchingAgentStoreOptions {
  /** Whether somebody listens on `queue/db/wdb` now. */
  readonly wazuhDbListens: () => Promise<boolean>;
  readonly openWazuhDb: () => AgentStore;
  readonly openEmbedded: () => AgentStore;
  readonly clock: Clock;
  /** Milliseconds between two looks for wazuh-db while the embedded store is used. */
  readonly recheckInterval: number;
  /** Something that the node's log should say. */
  readonly notice: (text: string) => void;
}

interface Chosen {
  readonly store: AgentStore;
  readonly isWazuhDb: boolean;
  /** Calls that are at work on it. */
  users: number;
  retired: boolean;
}

/**
 * wazuh-db where it listens, the embedded store elsewhere. Chosen at the start; looked at again with the next call
 * after wazuh-db could not be reached, and every `recheckInterval` while the embedded store is used. A call stays
 * with the store that it began with: one that fails is not carried out by the other store.
 */
export class SwitchingAgentStore implements AgentStore {
  readonly #options: SwitchingAgentStoreOptions;
  #chosen: Chosen;
  #nextCheck: number;
  #checking: Promise<void> | null = null;
  #isClosed = false;

  private constructor(options: SwitchingAgentStoreOptions, useWazuhDb: boolean) {
    this.#options = options;
    this.#chosen = this.#choose(useWazuhDb);
    this.#nextCheck = this.#checkTime();
  }

  /** Looks for wazuh-db and chooses. */
  static async open(options: SwitchingAgentStoreOptions): Promise<SwitchingAgentStore> {
    return new SwitchingAgentStore(options, await options.wazuhDbListens());
  }

  agentInfoChunks(options?: CallOptions): Promise<string[]> {
    return this.#use((store) => store.agentInfoChunks(options));
  }
  requeueAgentInfo(chunks: readonly string[], options?: CallOptions): Promise<number> {
    return this.#use((store) => store.requeueAgentInfo(chunks, options));
  }
  storeAgentInfo(chunk: string, options?: CallOptions): Promise<void> {
    return this.#use((store) => store.storeAgentInfo(chunk, options));
  }
  agentLists(options?: CallOptions): Promise<AgentLists> {
    return this.#use((store) => store.agentLists(options));
  }
  storeAgentLists(lists: AgentLists, options?: CallOptions): Promise<void> {
    return this.#use((store) => store.storeAgentLists(lists, options));
  }
  changedAgentGroups(options?: CallOptions): Promise<string[]> {
    return this.#use((store) => store.changedAgentGroups(options));
  }
  allAgentGroups(options?: CallOptions): Promise<string[]> {
    return this.#use((store) => store.allAgentGroups(options));
  }
  setAgentGroups(data: readonly unknown[], options?: CallOptions): Promise<boolean> {
    return this.#use((store) => store.setAgentGroups(data, options));
  }
  agentGroupsHash(options?: CallOptions): Promise<string | null> {
    return this.#use((store) => store.agentGroupsHash(options));
  }
  recalculateAgentGroupHashes(options?: CallOptions): Promise<void> {
    return this.#use((store) => store.recalculateAgentGroupHashes(options));
  }
  deleteBelongs(agentIds: readonly string[], options?: CallOptions): Promise<void> {
    return this.#use((store) => store.deleteBelongs(agentIds, options));
  }
  knownAgentIds(options?: CallOptions): Promise<string[]> {
    return this.#use((store) => store.knownAgentIds(options));
  }
  countActiveAgents(nodeName: string, options?: CallOptions): Promise<number> {
    return this.#use((store) => store.countActiveAgents(nodeName, options));
  }
  activeAgentsByNode(options?: CountOptions): Promise<Map<string, number>> {
    return this.#use((store) => store.activeAgentsByNode(options));
  }
  query(statement: string, options?: QueryOptions): Promise<QueryResult> {
    return this.#use((store) => store.query(statement, options));
  }
  listAgents(filter?: AgentFilter, options?: CallOptions): Promise<ListedAgents> {
    return this.#use((store) => store.listAgents(filter, options));
  }
  agent(id: string, options?: CallOptions): Promise<AgentRow | null> {
    return this.#use((store) => store.agent(id, options));
  }
  importAgents(agents: readonly NewAgent[], options?: CallOptions): Promise<ImportSummary> {
    return this.#use((store) => store.importAgents(agents, options));
  }

  describe(): AgentStoreDescription {
    return this.#chosen.store.describe();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#checking;
    await this.#chosen.store.close();
  }

  async #use<T>(work: (store: AgentStore) => Promise<T>): Promise<T> {
    if (!this.#isClosed && this.#options.clock.now() >= this.#nextCheck) {
      this.#checking ??= this.#check().finally(() => (this.#checking = null));
      await this.#checking;
    }
    const chosen = this.#chosen;
    chosen.users += 1;
    try {
      return await work(chosen.store);
    } catch (error) {
      const isUnreachable = error instanceof AgentStoreError && error.code === 2005;
      if (isUnreachable && chosen.isWazuhDb) this.#nextCheck = this.#options.clock.now();
      throw error;
    } finally {
      chosen.users -= 1;
      await this.#closeUnused(chosen);
    }
  }

  async #check(): Promise<void> {
    const useWazuhDb = await this.#options.wazuhDbListens();
    if (useWazuhDb !== this.#chosen.isWazuhDb && !this.#isClosed) {
      const old = this.#chosen;
      this.#chosen = this.#choose(useWazuhDb);
      const { adapter, location } = this.#chosen.store.describe();
      this.#options.notice(
        `Agents are now kept by ${adapter === "wazuhDb" ? "wazuh-db" : "the embedded store"} (${location}).`,
      );
      old.retired = true;
      await this.#closeUnused(old);
    }
    this.#nextCheck = this.#checkTime();
  }

  #choose(useWazuhDb: boolean): Chosen {
    const store = useWazuhDb ? this.#options.openWazuhDb() : this.#options.openEmbedded();
    return { store, isWazuhDb: useWazuhDb, users: 0, retired: false };
  }

  /** wazuh-db that answers needs no look; one that does not is looked for with the next call. */
  #checkTime(): number {
    return this.#chosen.isWazuhDb
      ? Number.POSITIVE_INFINITY
      : this.#options.clock.now() + this.#options.recheckInterval;
  }

  async #closeUnused(chosen: Chosen): Promise<void> {
    if (chosen.retired && chosen.users === 0) await chosen.store.close();
  }
}
