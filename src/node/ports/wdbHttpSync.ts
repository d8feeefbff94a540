import { request as httpRequest } from "node:http";
import { asAgentLists, type AgentLists } from "../../agents/AgentLists.js";
import { AgentStoreError } from "../../agents/AgentStoreError.js";
import type { AgentStoreSettings } from "../../agents/AgentStoreSettings.js";
import type { AgentSync } from "../../agents/AgentSync.js";
import type { Clock } from "../../protocol/Clock.js";
import { parsePythonJson } from "../../protocol/parsePythonJson.js";

/** Where the store takes and gives the three lists (dapi.md 6.5). */
const PATH = "/v1/agents/sync";
/** Characters of a refusal that an error shows. */
const SHOWN_CHARACTERS = 200;
/** What the system says while the store is being started. */
const NOT_YET: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EAGAIN"]);

/** The three lists over wazuh-db's HTTP socket `queue/sockets/wdb-http.sock` (dapi.md 6.5). */
export function wdbHttpSync(socketPath: string, settings: AgentStoreSettings, clock: Clock): AgentSync {
  const ask = async (method: "GET" | "POST", body: string | null, signal: AbortSignal): Promise<string> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(socketPath, method, body, settings, signal);
      } catch (error) {
        const { code } = (error instanceof AgentStoreError ? (error.cause ?? {}) : {}) as { code?: unknown };
        if (signal.aborted || attempt >= settings.httpConnectAttempts || typeof code !== "string" || !NOT_YET.has(code)) throw error;
        await new Promise<void>((resolve) => clock.setTimeout(() => resolve(), settings.firstRetryDelay * attempt));
      }
    }
  };
  return {
    read: async (signal): Promise<AgentLists> => {
      const text = await ask("GET", null, signal);
      const lists = asAgentLists(jsonOf(text));
      if (lists === undefined) throw new AgentStoreError(2006, `expected three lists of agents, got '${text.slice(0, SHOWN_CHARACTERS)}'`);
      return lists;
    },
    write: async (lists, signal) => {
      await ask("POST", JSON.stringify(lists), signal);
    },
  };
}

function once(socketPath: string, method: string, body: string | null, settings: AgentStoreSettings, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (code: 2012 | 2013 | 2014, message: string, cause?: unknown): void => {
      reject(signal.aborted ? (signal.reason as Error) : new AgentStoreError(code, message, { cause }));
    };
    const headers = body === null ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const request = httpRequest({ socketPath, path: PATH, method, headers, host: "localhost", agent: false, timeout: settings.httpTimeout, signal }, (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on("data", (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > settings.httpAnswerBytes) {
          refuse(2013, `an answer of more than ${String(settings.httpAnswerBytes)} bytes`);
          response.destroy();
          return;
        }
        pieces.push(piece);
      });
      response.on("error", (cause) => refuse(2013, cause.message, cause));
      response.on("end", () => {
        const text = Buffer.concat(pieces).toString("utf8");
        if (response.statusCode !== undefined && response.statusCode < 300) resolve(text);
        else refuse(2012, text.slice(0, SHOWN_CHARACTERS));
      });
    });
    request.on("timeout", () => {
      refuse(2014, `no answer within ${String(settings.httpTimeout / 1000)} s (${socketPath})`);
      request.destroy();
    });
    request.on("error", (cause) => refuse(2013, `${cause.message} (${socketPath})`, cause));
    request.end(body ?? undefined);
  });
}

function jsonOf(text: string): unknown {
  try {
    return parsePythonJson(text);
  } catch (cause) {
    throw new AgentStoreError(2006, (cause as Error).message, { cause });
  }
}
