import type { AgentField } from "./agentFields.js";

/** How a field is compared: equal, not equal, less, greater, contains. */
export type AgentOperator = "=" | "!=" | "<" | ">" | "~";

/** What an agent must fulfil to be selected. Plain data; `conditionSql` makes it a part of a statement. */
export type AgentCondition =
  /** All of the parts; none: always true. */
  | { readonly kind: "all"; readonly parts: readonly AgentCondition[] }
  /** One of the parts; none: never true. */
  | { readonly kind: "any"; readonly parts: readonly AgentCondition[] }
  | { readonly kind: "not"; readonly part: AgentCondition }
  /** An agent without the field fulfils nothing but `!=` on its groups. Instants are seconds since the epoch. */
  | {
      readonly kind: "compare";
      readonly field: AgentField;
      readonly operator: AgentOperator;
      readonly value: string | number;
    }
  | { readonly kind: "absent"; readonly field: AgentField }
  | { readonly kind: "ids"; readonly ids: readonly number[] }
  /** Member of that group; names are told apart by case, as folders are. */
  | { readonly kind: "memberOf"; readonly group: string }
  /** The text is in one of the fields, in any case. */
  | { readonly kind: "holdsText"; readonly text: string };

export const EVERY_AGENT: AgentCondition = { kind: "all", parts: [] };

/** Every agent but the manager itself, row 0. */
export const NOT_THE_MANAGER: AgentCondition = { kind: "not", part: { kind: "ids", ids: [0] } };

export function allOf(...parts: readonly AgentCondition[]): AgentCondition {
  return { kind: "all", parts };
}
