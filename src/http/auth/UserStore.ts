import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { HttpError } from "../HttpError.js";
import { HttpStartError } from "../HttpStartError.js";
import { generatePassword, hashPassword, matchesPassword, nobodysHash, passwordFault } from "./passwords.js";
import { createSmallFile, readSmallFile, replaceSmallFile } from "./smallFiles.js";
import { type Role, rolesSchema, type User, userNameSchema, userSchema } from "./User.js";

/** Files below the root (interface.md). */
const USERS_FILE = "etc/http-users.json";
const ADMIN_PASSWORD_FILE = "etc/http-admin-password";

/** The first user. */
const FIRST_USER = "admin";

const fileSchema = z.strictObject({ version: z.literal(1), users: z.array(userSchema).min(1) });

/**
 * The users of the node's HTTP API, kept in `etc/http-users.json` (mode 0600): their passwords only as scrypt
 * hashes. Every change is on the disk before it counts, and ends the tokens that the user had.
 */
export class UserStore {
  readonly #path: string;
  readonly #mostUsers: number;
  readonly #nobody = nobodysHash();
  #users: ReadonlyMap<string, User>;
  /** The file as it was read or written last. */
  #text: string;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Changes happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, mostUsers: number, text: string) {
    this.#path = path;
    this.#mostUsers = mostUsers;
    this.#users = parseUsers(text);
    this.#text = text;
  }

  /**
   * Reads the users; where there are none, makes the first one, `admin`, whose password then stands in
   * `etc/http-admin-password`. A start that was cut short between the two is taken up where it stopped.
   *
   * @throws HttpStartError when a file is damaged or can't be read or written
   */
  static async open(root: string, mostUsers: number): Promise<UserStore> {
    const path = join(root, USERS_FILE);
    try {
      const text = await readSmallFile(path);
      if (text !== undefined) return new UserStore(path, mostUsers, text);
      const passwordPath = join(root, ADMIN_PASSWORD_FILE);
      await createSmallFile(passwordPath, `${generatePassword()}\n`);
      const password = ((await readSmallFile(passwordPath)) ?? "").trimEnd();
      const fault = passwordFault(password);
      if (fault !== undefined) throw new Error(`${passwordPath}: ${fault}; remove the file, and a new one is made`);
      const admin = await newUser(FIRST_USER, password, ["admin"]);
      await createSmallFile(path, formatUsers([admin]));
      return new UserStore(path, mostUsers, (await readSmallFile(path)) ?? "");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new HttpStartError(
        `the users of the HTTP API can't be read from ${path}: ${reason}. Mend the file, or remove it to begin with user ${FIRST_USER} again.`,
        { cause: error },
      );
    }
  }

  /**
   * Reads the users again when another process changed them (`muster users`), at most once a second. A file that can't
   * be used changes nothing: those who were users stay so.
   *
   * @param now monotonic milliseconds
   */
  async refresh(now: number): Promise<void> {
    if (now - this.#lookedAt < LOOK_INTERVAL) return;
    this.#lookedAt = now;
    const change = this.#last.then(() => this.#reread());
    this.#last = change.catch(() => undefined);
    await this.#last;
  }

  find(name: string): User | undefined {
    return this.#users.get(name);
  }

  /** All users, by name. */
  list(): readonly Pick<User, "name" | "roles">[] {
    return [...this.#users.values()]
      .map(({ name, roles }) => ({ name, roles }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** The user of this name if that is the password; takes as long when there is no such user. */
  async verify(name: string, password: string): Promise<User | undefined> {
    const user = this.#users.get(name);
    const matches = await matchesPassword(password, user?.password ?? this.#nobody);
    // Removed or changed while scrypt was at work: the old password is none any more.
    return matches && user !== undefined && this.#users.get(name)?.stamp === user.stamp ? user : undefined;
  }

  /** @throws HttpError 400 for what can't be a name, password or roles, 409 when the name is taken */
  async add(name: string, password: string, roles: readonly Role[]): Promise<void> {
    checked(userNameSchema, name, "username");
    const user = await newUser(name, password, roles);
    await this.#change((users) => {
      if (users.has(name)) throw new HttpError(409, `User ${name} exists already`, { remediation: "Choose another name." });
      if (users.size >= this.#mostUsers) {
        throw new HttpError(409, `There are ${this.#mostUsers} users already`, { remediation: "Remove one first." });
      }
      users.set(name, user);
    });
  }

  /** @throws HttpError 404 when there is no such user, 409 when it is the last administrator */
  async remove(name: string): Promise<void> {
    await this.#change((users) => {
      existing(users, name);
      users.delete(name);
      keepAnAdministrator(users);
    });
  }

  /** Changes the password, the roles or both. @throws HttpError as `add` and `remove` */
  async update(name: string, changes: { readonly password?: string; readonly roles?: readonly Role[] }): Promise<void> {
    existing(this.#users, name);
    const password = changes.password === undefined ? undefined : await checkedHash(changes.password);
    const roles = changes.roles === undefined ? undefined : checked(rolesSchema, [...changes.roles], "roles");
    await this.#change((users) => {
      const user = existing(users, name);
      users.set(name, {
        ...user,
        ...(password === undefined ? {} : { password }),
        ...(roles === undefined ? {} : { roles }),
        stamp: randomUUID(),
      });
      keepAnAdministrator(users);
    });
  }

  /** Ends the tokens of a user, or of all. @throws HttpError 404 when there is no such user */
  async revoke(name?: string): Promise<void> {
    await this.#change((users) => {
      const whose = name === undefined ? [...users.values()] : [existing(users, name)];
      for (const user of whose) users.set(user.name, { ...user, stamp: randomUUID() });
    });
  }

  async #reread(): Promise<void> {
    const text = await readSmallFile(this.#path);
    if (text === undefined || text === this.#text) return;
    this.#users = parseUsers(text);
    this.#text = text;
  }

  #change(change: (users: Map<string, User>) => void): Promise<void> {
    const run = async (): Promise<void> => {
      await this.#reread();
      const users = new Map(this.#users);
      change(users);
      const text = formatUsers([...users.values()]);
      await replaceSmallFile(this.#path, text);
      this.#users = users;
      this.#text = text;
    };
    const done = this.#last.then(run);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** Milliseconds between two looks at the file. */
const LOOK_INTERVAL = 1_000;

function parseUsers(text: string): ReadonlyMap<string, User> {
  const { users } = fileSchema.parse(JSON.parse(text));
  return new Map(users.map((user) => [user.name, user]));
}

function formatUsers(users: readonly User[]): string {
  return `${JSON.stringify({ version: 1, users }, null, 2)}\n`;
}

async function newUser(name: string, password: string, roles: readonly Role[]): Promise<User> {
  const kept = checked(rolesSchema, [...new Set(roles)], "roles");
  return { name, roles: kept, password: await checkedHash(password), stamp: randomUUID() };
}

async function checkedHash(password: string): Promise<User["password"]> {
  const fault = passwordFault(password);
  if (fault !== undefined) throw new HttpError(400, `password: ${fault}`, { remediation: "Choose another password." });
  const { cost, salt, hash } = await hashPassword(password);
  return { cost: { ...cost }, salt, hash };
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new HttpError(400, `${what}: ${parsed.error.issues.map(({ message }) => message).join("; ")}`);
}

function existing(users: ReadonlyMap<string, User>, name: string): User {
  const user = users.get(name);
  if (user !== undefined) return user;
  throw new HttpError(404, "The user does not exist", { remediation: "Use GET /security/users to find all users." });
}

function keepAnAdministrator(users: ReadonlyMap<string, User>): void {
  if ([...users.values()].some(({ roles }) => roles.includes("admin"))) return;
  throw new HttpError(409, "That would leave no administrator", { remediation: "Give another user the role admin first." });
}
