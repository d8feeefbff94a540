import type { Role } from "./User.js";

/** Who asks. */
export interface Session {
  readonly user: string;
  readonly roles: readonly Role[];
}

/** Whether the session may change things. */
export function isAdministrator(session: Session): boolean {
  return session.roles.includes("admin");
}
