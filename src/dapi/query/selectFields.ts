import { MusterError } from "../../protocol/errors/MusterError.js";
import { isRecord, type JsonRecord } from "../encoding/values.js";

/** Which fields may be selected, and which an item always keeps. */
export interface SelectRules {
  /** With these, another name is refused and an item may lack what it has not. */
  readonly allowedSelectFields?: readonly string[] | undefined;
  readonly requiredFields?: readonly string[] | undefined;
}

/**
 * Cuts items down to the fields that are asked for (`os.name` for nested ones), and those always kept.
 *
 * Without `allowedSelectFields`, an item that lacks an asked field is left out, and a field that no item has
 * is refused, as the reference does for lists.
 *
 * @throws MusterError 1724
 */
export function selectFields(
  items: readonly unknown[],
  select: readonly string[],
  rules: SelectRules,
): readonly unknown[] {
  const { allowedSelectFields: allowed, requiredFields: required = [] } = rules;
  const wrong = allowed === undefined ? [] : select.filter((field) => !allowed.includes(field));
  if (allowed !== undefined && wrong.length > 0) {
    throw MusterError.user(1724, `Allowed select fields: ${allowed.join(", ")}. Fields ${wrong.join(", ")}`);
  }
  const paths = select.map(pathOf);
  const always = required.map(pathOf);
  const complete = allowed === undefined ? items.filter((item) => paths.every((path) => hasPath(item, path))) : items;
  if (complete.length === 0 && items.length > 0) throw MusterError.user(1724, select.join(", "));
  return complete.map((item) => picked(item, [...paths, ...always]));
}

const pathOf = (field: string): readonly string[] => field.split(".");

/** The names to follow, where a member's own name may have dots. */
function stepOf(
  value: unknown,
  path: readonly string[],
): { readonly name: string; readonly rest: readonly string[] } | undefined {
  if (!isRecord(value)) return undefined;
  for (let length = 1; length <= path.length; length += 1) {
    const name = path.slice(0, length).join(".");
    if (Object.hasOwn(value, name)) return { name, rest: path.slice(length) };
  }
  return undefined;
}

function hasPath(value: unknown, path: readonly string[]): boolean {
  if (path.length === 0) return true;
  const step = stepOf(value, path);
  return step !== undefined && hasPath((value as JsonRecord)[step.name], step.rest);
}

/** A part of an item; members keep the item's order. */
function picked(item: unknown, paths: readonly (readonly string[])[]): unknown {
  if (!isRecord(item)) return item;
  const wanted = new Map<string, (readonly string[])[]>();
  for (const path of paths) {
    const step = stepOf(item, path);
    if (step === undefined || !hasPath(item, path)) continue;
    wanted.set(step.name, [...(wanted.get(step.name) ?? []), step.rest]);
  }
  const members = Object.entries(item).flatMap(([name, member]) => {
    const rests = wanted.get(name);
    if (rests === undefined) return [];
    return [[name, rests.some((rest) => rest.length === 0) ? member : picked(member, rests)] as const];
  });
  return Object.fromEntries(members);
}
