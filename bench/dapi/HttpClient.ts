import { Agent, request } from "node:http";
import type { Client } from "./measureLoad.js";

const HOST = "127.0.0.1";

/** Asks the HTTP API over one connection that stays. */
export class HttpClient implements Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;
  readonly #path: string;
  readonly #token: string;

  constructor(port: number, path: string, token: string) {
    this.#port = port;
    this.#path = path;
    this.#token = token;
  }

  /** A token of the user `admin`. */
  static async logIn(port: number, password: string): Promise<string> {
    const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
    const url = `http://${HOST}:${String(port)}/security/user/authenticate?raw=true`;
    const answer = await fetch(url, { method: "POST", headers: { authorization } });
    if (!answer.ok) throw new Error(`the login was answered ${String(answer.status)}`);
    return answer.text();
  }

  ask(): Promise<void> {
    const options = { host: HOST, port: this.#port, path: this.#path, agent: this.#agent, headers: { authorization: `Bearer ${this.#token}` } };
    return new Promise((resolve, reject) => {
      const asked = request(options, (answer) => {
        answer.resume();
        answer.once("end", () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`the node answered ${String(answer.statusCode)}`));
        });
      });
      asked.once("error", reject);
      asked.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
