import type { Clock } from "../../protocol/Clock.js";
import { HttpError } from "../HttpError.js";
import type { HttpSettings } from "../HttpSettings.js";
import { parseBasic, parseBearer } from "./authorization.js";
import { LoginGuard } from "./LoginGuard.js";
import type { Session } from "./Session.js";
import { readClaims, type TokenSigner } from "./tokens.js";
import { Turnstile } from "./Turnstile.js";
import type { User } from "./User.js";
import type { UserStore } from "./UserStore.js";

const LOG_IN = "Log in with POST /security/user/authenticate, and send its token as Authorization: Bearer TOKEN.";

export interface AuthenticatorOptions {
  readonly users: UserStore;
  readonly signer: TokenSigner;
  readonly settings: HttpSettings;
  readonly clock: Clock;
}

/** Who a request comes from: by name and password, or by a token. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #guard: LoginGuard;
  readonly #turnstile: Turnstile;

  constructor(options: AuthenticatorOptions) {
    const { settings, clock } = options;
    this.#options = options;
    this.#guard = new LoginGuard(settings, clock);
    this.#turnstile = new Turnstile(settings.passwordChecks, settings.waitingLogins);
  }

  /**
   * Basic authentication. @param authorization the request's header @param address the other end's
   * @throws HttpError 401 for anything but a right name and password, 429 after too many wrong ones
   */
  async logIn(authorization: string | undefined, address: string): Promise<Session> {
    return sessionOf(await this.#userOf(authorization, address));
  }

  /** The same, for a token. It is good until its time is over, the user changes, or is removed. */
  async issueToken(authorization: string | undefined, address: string): Promise<string> {
    const { name, roles, stamp } = await this.#userOf(authorization, address);
    const { signer, settings, clock } = this.#options;
    const now = Math.floor(clock.wallTime() / 1000);
    return signer.sign({
      sub: name,
      nbf: now,
      exp: now + settings.tokenSeconds,
      run_as: false,
      rbac_roles: [...roles],
      rbac_mode: "white",
      stamp,
    });
  }

  /**
   * The session of a token. @throws HttpError 401 for anything but a good one
   *
   * The signature comes last, because verifying one takes a millisecond or more: who does not even know a user's
   * stamp, which no guessing finds, can't make the node do that.
   */
  session(authorization: string | undefined): Session {
    if (authorization === undefined) throw HttpError.unauthorized("No authorization token provided", LOG_IN);
    const token = parseBearer(authorization);
    const claims = token === undefined ? undefined : readClaims(token);
    const user = claims === undefined ? undefined : this.#options.users.find(claims.sub);
    // One text for all of them: who guesses learns nothing.
    if (token === undefined || claims === undefined || user === undefined || user.stamp !== claims.stamp) throw invalidToken();
    const seconds = this.#options.clock.wallTime() / 1000;
    if (seconds >= claims.exp || seconds < claims.nbf || !this.#isSigned(token)) throw invalidToken();
    return sessionOf(user);
  }

  /** Takes up what another process changed about the users. */
  async refresh(): Promise<void> {
    const { users, clock } = this.#options;
    await users.refresh(clock.now());
  }

  /** A token, or a name and a password: for pages that a browser opens. @throws HttpError 401, 429 */
  async sessionOrLogIn(authorization: string | undefined, address: string): Promise<Session> {
    await this.refresh();
    if (authorization !== undefined && parseBearer(authorization) !== undefined) return this.session(authorization);
    return this.logIn(authorization, address);
  }

  /** Whether a token is signed by this node, as this node signs. */
  #isSigned(token: string): boolean {
    try {
      this.#options.signer.verify(token);
      return true;
    } catch {
      return false;
    }
  }

  async #userOf(authorization: string | undefined, address: string): Promise<User> {
    const given = authorization === undefined ? undefined : parseBasic(authorization);
    if (given === undefined) throw invalidCredentials();
    if (!this.#turnstile.hasRoom) throw HttpError.tooManyRequests("Too many logins at once", 1000);
    const { name, password } = given;
    this.#guard.attempt(address, name);
    await this.refresh();
    let user: User | undefined;
    try {
      user = await this.#turnstile.pass(() => this.#options.users.verify(name, password));
    } catch (error) {
      this.#guard.withdraw(address, name);
      throw error;
    }
    if (user === undefined) throw invalidCredentials();
    this.#guard.succeeded(address, name);
    return user;
  }
}

function sessionOf({ name, roles }: User): Session {
  return { user: name, roles };
}

function invalidCredentials(): HttpError {
  const remediation = "Send the user's name and password with basic authentication.";
  return HttpError.unauthorized("Invalid credentials", remediation, "Basic");
}

function invalidToken(): HttpError {
  return HttpError.unauthorized("Invalid token", LOG_IN);
}
