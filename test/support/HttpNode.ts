import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { NodeConfig } from "../../src/config/NodeConfig.js";
import type { AskNode } from "../../src/dapi/AskNode.js";
import type { CatalogueFunction } from "../../src/dapi/CatalogueFunction.js";
import { Catalogue } from "../../src/dapi/catalogue/Catalogue.js";
import { createCatalogue } from "../../src/dapi/catalogue/index.js";
import { ParsedFiles } from "../../src/dapi/catalogue/ruleset/ParsedFiles.js";
import type { DapiRequest } from "../../src/dapi/DapiRequest.js";
import { DaemonReadiness } from "../../src/dapi/readiness.js";
import type { Readiness } from "../../src/http/Readiness.js";
import { startHttp, type RunningHttp, type StartHttpOptions } from "../../src/http/startHttp.js";
import { executeFunction } from "../../src/node/dapi/executeFunction.js";
import { nodeFiles } from "../../src/node/ports/nodeFiles.js";
import { systemClock } from "../../src/node/ports/systemClock.js";
import { ManualClock } from "./manualClock.js";
import { memoryLogger, type MemoryLogger } from "./memoryLogger.js";

const RULES = `<group name="syslog,">
  <rule id="1" level="3"><description>First</description><group>pci_dss_10.6.1,gdpr_IV_35.7.d,</group></rule>
  <rule id="2" level="7"><description>Second</description></rule>
  <rule id="3" level="12"><description>Third</description></rule>
</group>
`;
const FILES: Readonly<Record<string, string>> = {
  "etc/ossec.conf": `<ossec_config><cluster><name>wazuh</name></cluster><ruleset>
    <rule_dir>etc/rules</rule_dir><decoder_dir>etc/decoders</decoder_dir><list>etc/lists/audit-keys</list></ruleset></ossec_config>`,
  "etc/rules/local_rules.xml": RULES,
  "etc/decoders/local_decoder.xml": `<decoder name="one"><program_name>^one</program_name></decoder>
<decoder name="two"><parent>one</parent><regex>x</regex></decoder>\n`,
  "etc/lists/audit-keys": "write:write\nread:read\n",
};

export interface HttpNodeOptions extends Partial<Omit<StartHttpOptions, "ask" | "catalogue" | "clock" | "logger" | "readiness">> {
  /** Functions in the place of the catalogue's own of the same name. */
  readonly functions?: readonly CatalogueFunction[];
  /** Answers instead of the catalogue. */
  readonly ask?: AskNode;
  /** Keep this root instead of a new one. */
  readonly root?: string;
}

/** The real HTTP API over the real catalogue on a node's real files; only the cluster around it is missing. */
export class HttpNode {
  readonly root: string;
  readonly http: RunningHttp;
  readonly logger: MemoryLogger;
  /** The wall clock of tokens and the clock of waits. */
  readonly clock: ManualClock;
  /** Requests that were asked, in order. */
  readonly asked: readonly DapiRequest[];
  readiness: Readiness;

  private constructor(parts: Pick<HttpNode, "root" | "http" | "logger" | "clock" | "asked" | "readiness">) {
    ({ root: this.root, http: this.http, logger: this.logger, clock: this.clock } = parts);
    ({ asked: this.asked, readiness: this.readiness } = parts);
  }

  static async start(options: HttpNodeOptions = {}): Promise<HttpNode> {
    const { functions = [], root: given, ask: otherAsk, ...rest } = options;
    const root = given ?? (await mkdtemp(join(tmpdir(), "muster-http-")));
    for (const [path, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    const nameOf = ({ module, qualname }: CatalogueFunction): string => `${module}:${qualname}`;
    const replaced = new Set(functions.map(nameOf));
    const { entries } = createCatalogue(new ParsedFiles(() => Promise.resolve()));
    const catalogue = new Catalogue(entries.filter((entry) => !replaced.has(nameOf(entry))), functions);
    const logger = memoryLogger();
    const clock = new ManualClock();
    const asked: DapiRequest[] = [];
    const context = {
      config: { root, cluster: { nodeName: "master-node" } } as NodeConfig,
      version: "4.3.0",
      files: nodeFiles(root),
      clock: systemClock,
    } as Parameters<typeof executeFunction>[1]["context"];
    const readiness = new DaemonReadiness(context.files, clock);
    const execution = { catalogue, context, readiness, onDefect: () => undefined };
    const ask: AskNode = async (request, { signal }) => {
      asked.push(request);
      return otherAsk === undefined ? executeFunction(request, execution, signal) : otherAsk(request, { signal });
    };
    const holder: { node?: HttpNode } = {};
    const http = await startHttp({
      node: { root, name: "master-node", clusterName: "wazuh", type: "master", version: "4.3.0" },
      listen: { host: "127.0.0.1", port: 0 },
      ...rest,
      ask,
      catalogue,
      logger,
      clock,
      readiness: () => holder.node?.readiness ?? { ready: false, reason: "starting" },
    });
    holder.node = new HttpNode({ root, http, logger, clock, asked, readiness: { ready: true, reason: "ready" } });
    return holder.node;
  }

  get url(): string {
    return `http://127.0.0.1:${this.http.address.port}`;
  }

  async adminPassword(): Promise<string> {
    return (await readFile(join(this.root, "etc/http-admin-password"), "utf8")).trimEnd();
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  logIn(name: string, password: string): Promise<Response> {
    return this.fetch("/security/user/authenticate", { method: "POST", headers: { authorization: basic(name, password) } });
  }

  /** A token; the administrator's unless told otherwise. */
  async token(name = "admin", password?: string): Promise<string> {
    const response = await this.logIn(name, password ?? (await this.adminPassword()));
    return ((await response.json()) as { data: { token: string } }).data.token;
  }

  /** Asks with a token, and gives status and JSON. */
  async call(path: string, token: string, init: { method?: string; body?: unknown } = {}): Promise<HttpAnswer> {
    const { method = "GET", body } = init;
    const response = await this.fetch(path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as HttpAnswer["body"] };
  }

  async stop(): Promise<void> {
    const closed = this.http.close();
    // Past the deadline for the last answers.
    this.clock.advance(60_000);
    await closed;
    await rm(this.root, { recursive: true, force: true });
  }
}

export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

/** What tests look at of an answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: {
    readonly data?: { readonly affected_items?: readonly Record<string, unknown>[]; readonly total_affected_items?: number } & Record<string, unknown>;
    readonly message?: string;
    readonly error?: number;
    readonly title?: string;
    readonly detail?: string;
    readonly remediation?: string;
    readonly dapi_errors?: Record<string, unknown>;
  };
}
