import { MusterError } from "../../protocol/errors/MusterError.js";
import { NODE_FIELDS, type NodeInfo } from "./NodeInfo.js";
import type { NodesArguments } from "./parseNodesArguments.js";

/** What `get_nodes` answers: the items of this page, and how many there are in all. */
export interface SelectedNodes {
  readonly items: readonly Partial<NodeInfo>[];
  readonly totalItems: number;
}

const isField = (name: string): name is keyof NodeInfo => (NODE_FIELDS as readonly string[]).includes(name);

/**
 * Filters, searches, sorts, cuts and selects nodes, in this order (dapi.md 4.1).
 *
 * @param nodes the master first, then the connected workers in the order of their connection
 * @throws MusterError 1724 (select), 1728 (type), 1730 (a node that is not there), 1403 (sort)
 */
export function selectNodes(nodes: readonly NodeInfo[], wanted: NodesArguments): SelectedNodes {
  const { filterNode, filterType, offset, limit, sort, search, select } = wanted;
  const wrong = select?.filter((field) => !isField(field)) ?? [];
  if (wrong.length > 0) {
    throw MusterError.user(1724, wrong.join(", "), { extraRemediation: NODE_FIELDS.join(", ") });
  }
  if (filterType !== "all" && filterType !== "master" && filterType !== "worker") throw MusterError.user(1728);
  const known = new Set(nodes.map(({ name }) => name));
  const absent = filterNode?.filter((name) => !known.has(name)) ?? [];
  if (absent.length > 0) throw MusterError.notFound(1730, null, { ids: absent });

  let found = nodes.filter(
    ({ name, type }) => (filterNode === null || filterNode.includes(name)) && (filterType === "all" || filterType === type),
  );
  if (search !== null) {
    const { value, negation } = search;
    found = found.filter((node) => NODE_FIELDS.some((field) => node[field].includes(value)) !== negation);
  }
  if (sort !== null) found = sorted(found, sort);
  const page = found.slice(offset, offset + limit);
  return { items: select === null ? page : page.map((node) => picked(node, select)), totalItems: found.length };
}

function sorted(nodes: readonly NodeInfo[], { fields, order }: NonNullable<NodesArguments["sort"]>): NodeInfo[] {
  const keys = fields.length === 0 ? ["name"] : fields;
  const unknown = keys.filter((field) => !isField(field));
  if (unknown.length > 0) throw MusterError.user(1403, `${unknown.join(", ")}. Allowed sort fields: ${NODE_FIELDS.join(", ")}`);
  const direction = order === "asc" ? 1 : -1;
  return [...nodes].sort((left, right) => {
    for (const field of keys.filter(isField)) {
      if (left[field] !== right[field]) return left[field] < right[field] ? -direction : direction;
    }
    return 0;
  });
}

function picked(node: NodeInfo, fields: readonly string[]): Partial<NodeInfo> {
  return Object.fromEntries(NODE_FIELDS.filter((field) => fields.includes(field)).map((field) => [field, node[field]]));
}
