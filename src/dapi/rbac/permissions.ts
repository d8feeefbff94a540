import { type AgentCondition, EVERY_AGENT } from "../../agents/selection/AgentCondition.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { isRecord, type JsonRecord } from "../encoding/values.js";
import { parseAgentId } from "../../agents/formatAgentId.js";

/** Stands for all resources of a kind. */
const EVERYTHING = "*";

/** What an asker's policies say of one action on resources of one kind, for example `agent:id`. */
interface Rules {
  /** For all of the kind; undefined where no rule says so. */
  readonly wide: boolean | undefined;
  /** Where neither says anything: the rule for everything, or the mode. */
  readonly byDefault: boolean;
  readonly allowed: ReadonlySet<string>;
  readonly denied: ReadonlySet<string>;
}

/**
 * May the asker do this to that resource (dapi.md 3.7)? A rule for the resource's own name beats one for all of its
 * kind, that one beats one for everything, and where none says anything the mode decides: `white` denies. Of two
 * rules alike the denying one holds.
 *
 * @param kind for example `node:id`
 */
export function isAllowed(permissions: JsonRecord, action: string, kind: string, name: string): boolean {
  return judge(rulesOf(permissions, action, kind), name);
}

/** @throws MusterError 4000 when the asker may not do this to that resource */
export function requireAllowed(permissions: JsonRecord, action: string, kind: string, name: string): void {
  if (!isAllowed(permissions, action, kind, name)) throw denied(kind);
}

/** The error for a resource that is denied. */
export function denied(kind: string): MusterError {
  return MusterError.permission(4000, `Resource type: ${kind}`);
}

/** The agents to which the asker may do this: by id, by group, or all. A rule for an id beats one for its groups. */
export function allowedAgents(permissions: JsonRecord, action: string): AgentCondition {
  const byId = rulesOf(permissions, action, "agent:id");
  const byGroup = rulesOf(permissions, action, "agent:group");
  // `agent:group:*` speaks of all agents just as `agent:id:*` does; the one that denies holds.
  const wide = [byId.wide, byGroup.wide].filter((effect) => effect !== undefined);
  const otherwise = wide.length === 0 ? byId.byDefault : wide.every(Boolean);
  if (otherwise && byId.denied.size === 0 && byGroup.denied.size === 0) return EVERY_AGENT;
  const inAny = (groups: ReadonlySet<string>): AgentCondition => ({
    kind: "any",
    parts: [...groups].map((group) => ({ kind: "memberOf", group })),
  });
  const others: AgentCondition = {
    kind: "all",
    parts: [
      { kind: "not", part: idsOf(byId.denied) },
      { kind: "not", part: inAny(byGroup.denied) },
      otherwise ? EVERY_AGENT : inAny(byGroup.allowed),
    ],
  };
  const named = [...byId.allowed].filter((id) => !byId.denied.has(id));
  return { kind: "any", parts: [idsOf(new Set(named)), others] };
}

function judge({ wide, byDefault, allowed, denied: refused }: Rules, name: string): boolean {
  return !refused.has(name) && (allowed.has(name) || (wide ?? byDefault));
}

function rulesOf(permissions: JsonRecord, action: string, kind: string): Rules {
  const own = Object.hasOwn(permissions, action) ? permissions[action] : undefined;
  const allowed = new Set<string>();
  const refused = new Set<string>();
  let wide: boolean | undefined;
  let byDefault = permissions["rbac_mode"] !== "white";
  const prefix = `${kind}:`;
  for (const [resource, effect] of Object.entries(isRecord(own) ? own : {})) {
    const isAllow = effect === "allow";
    if (resource === `${prefix}${EVERYTHING}`) wide = isAllow;
    if (resource === "*:*:*") byDefault = isAllow;
    // `a&b` asks for both: muster can only take it where it forbids.
    const parts = resource.split("&");
    if (isAllow && parts.length > 1) continue;
    for (const part of parts) {
      if (!part.startsWith(prefix) || part === `${prefix}${EVERYTHING}`) continue;
      (isAllow ? allowed : refused).add(part.slice(prefix.length));
    }
  }
  return { wide, byDefault, allowed, denied: refused };
}

function idsOf(names: ReadonlySet<string>): AgentCondition {
  const ids = [...names].flatMap((name) => (/^0+$/.test(name) ? [0] : (parseAgentId(name) ?? [])));
  return { kind: "ids", ids };
}
