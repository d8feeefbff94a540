import type { CatalogueFunction } from "../../dapi/CatalogueFunction.js";
import { MusterError } from "../../protocol/errors/MusterError.js";
import { isAdministrator, type Session } from "./Session.js";

/** What a role may do, as it goes with a request (dapi.md 3.7). */
export type RbacPermissions = Readonly<Record<string, unknown>>;

/** The permissions of both roles, made from what the catalogue's functions ask for. */
export class Permissions {
  readonly #all: RbacPermissions;
  readonly #reading: RbacPermissions;

  constructor(entries: readonly CatalogueFunction[]) {
    this.#all = rbacOf(entries);
    this.#reading = rbacOf(entries.filter(({ readOnly }) => readOnly));
  }

  of(session: Session): RbacPermissions {
    return isAdministrator(session) ? this.#all : this.#reading;
  }

  /** @throws MusterError 4000 when the session may not call the function */
  check(session: Session, { readOnly, permission }: CatalogueFunction): void {
    if (readOnly || isAdministrator(session)) return;
    throw MusterError.permission(4000, `Resource type: ${permission.resource}`);
  }
}

/** White mode: what is not named is denied. */
function rbacOf(entries: readonly CatalogueFunction[]): RbacPermissions {
  const actions: Record<string, Record<string, string>> = {};
  for (const { permission } of entries) {
    const resource = permission.resource === "*:*" ? "*:*:*" : `${permission.resource}:*`;
    actions[permission.action] = { ...actions[permission.action], [resource]: "allow" };
  }
  return Object.freeze({ ...actions, rbac_mode: "white" });
}
