import type { AskNode } from "../../dapi/AskNode.js";
import { isRecord } from "../../dapi/encoding/values.js";
import { newRequest } from "../../dapi/encoding/requestJson.js";
import type { Clock } from "../../protocol/Clock.js";
import { MusterError } from "../../protocol/errors/MusterError.js";

/**
 * Names of the cluster's nodes, which go with the requests of `/cluster` (dapi.md 3): a node of another kind needs
 * them to know what `node:id:*` stands for. Asked of the cluster, and taken for true for a while.
 */
export class NodeNames {
  readonly #ask: AskNode;
  readonly #clock: Clock;
  readonly #age: number;
  #known: { readonly names: readonly string[]; readonly at: number } | undefined;

  /** @param age milliseconds for which names are taken for true */
  constructor(ask: AskNode, clock: Clock, age: number) {
    this.#ask = ask;
    this.#clock = clock;
    this.#age = age;
  }

  /** None when the cluster can't be asked: the request itself then says why. */
  async names(signal: AbortSignal): Promise<readonly string[]> {
    const known = this.#known;
    if (known !== undefined && this.#clock.now() - known.at < this.#age) return known.names;
    const result = await this.#ask(
      newRequest({
        module: "wazuh.cluster",
        qualname: "get_nodes_info",
        // Named by one `*`: without names, a master tells of those that come with the request, and there are none yet.
        arguments: { filter_node: ["*"], limit: null, select: ["name"] },
        isAsync: true,
        localClientArgument: "lc",
      }),
      { signal },
    );
    if (result instanceof MusterError || result.kind !== "affectedItems") return [];
    const names = result.affectedItems.flatMap((item) => (isRecord(item) && typeof item.name === "string" ? [item.name] : []));
    this.#known = { names, at: this.#clock.now() };
    return names;
  }
}
