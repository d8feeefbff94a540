import { readFile } from "node:fs/promises";
import fastify, { type FastifyInstance } from "fastify";
import type { AskNode } from "../dapi/AskNode.js";
import type { Catalogue } from "../dapi/catalogue/Catalogue.js";
import type { Clock } from "../protocol/Clock.js";
import type { Logger } from "../telemetry/Logger.js";
import { apiRoutes } from "./api/apiRoutes.js";
import { ENDPOINTS } from "./api/endpoints.js";
import { rootRoute } from "./api/rootRoute.js";
import { Authenticator } from "./auth/Authenticator.js";
import { authRoutes } from "./auth/authRoutes.js";
import { Permissions } from "./auth/permissions.js";
import { SessionGuard } from "./auth/SessionGuard.js";
import { signingKey } from "./auth/signingKey.js";
import { tokenSigner } from "./auth/tokens.js";
import { userRoutes } from "./auth/userRoutes.js";
import { UserStore } from "./auth/UserStore.js";
import { closeServer } from "./closeServer.js";
import { openApi, openApiRoutes } from "./documents/openApi.js";
import { healthRoutes } from "./healthRoutes.js";
import { HttpStartError } from "./HttpStartError.js";
import { DEFAULT_HTTP_SETTINGS, type HttpSettings } from "./HttpSettings.js";
import { addressText, DEFAULT_LISTEN_ADDRESS, isLoopback, type ListenAddress } from "./listenAddress.js";
import type { NodeFacts } from "./NodeFacts.js";
import { answerBrokenPath, answerBrokenRequest, problems } from "./problems.js";
import type { Readiness } from "./Readiness.js";
import { requestBounds } from "./requestBounds.js";
import { requestLog } from "./requestLog.js";
import { RequestSignals } from "./RequestSignals.js";
import { securityHeaders } from "./securityHeaders.js";

/** What a further part of the server, such as metrics or the inspector, can use. */
export interface HttpServices {
  readonly authenticator: Authenticator;
  readonly guard: SessionGuard;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** A further part of the server: registers its routes, and guards them itself with what it is given. */
export type HttpPart = (app: FastifyInstance, services: HttpServices) => void | Promise<void>;

export interface StartHttpOptions {
  readonly node: NodeFacts;
  readonly ask: AskNode;
  /** The functions of the node that `ask` asks. */
  readonly catalogue: Catalogue;
  readonly readiness: () => Readiness;
  readonly logger: Logger;
  readonly clock: Clock;
  /** @default 127.0.0.1:1517 */
  readonly listen?: ListenAddress;
  /** PEM files, absolute: the server then speaks HTTPS only. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Listen without TLS on an address that others reach. @default false */
  readonly insecureHttp?: boolean;
  /** @default DEFAULT_HTTP_SETTINGS, member by member */
  readonly settings?: Partial<HttpSettings>;
  /** Metrics, the inspector. @default none */
  readonly parts?: readonly HttpPart[];
}

/** An HTTP API that serves. */
export interface RunningHttp {
  readonly address: ListenAddress;
  /** Ends it: requests are given up, connections closed. Bounded in time; never rejects. */
  close(): Promise<void>;
}

/**
 * Starts the HTTP API of a node (interface.md, HTTP).
 *
 * @throws HttpStartError when it can't listen there, may not without TLS, or a file of its own is damaged
 */
export async function startHttp(options: StartHttpOptions): Promise<RunningHttp> {
  const { node, clock, listen = DEFAULT_LISTEN_ADDRESS, tls, insecureHttp = false } = options;
  const logger = options.logger.child({ tag: "HTTP" });
  const settings = { ...DEFAULT_HTTP_SETTINGS, ...options.settings };
  if (tls === undefined && !isLoopback(listen.host) && !insecureHttp) {
    throw new HttpStartError(
      `the HTTP API would send passwords and tokens unencrypted on ${addressText(listen)}. Give it a certificate and a key, listen on 127.0.0.1, or ask for it by name (http.insecure).`,
    );
  }
  const users = await UserStore.open(node.root, settings.users);
  const key = await signingKey(node.root);
  const app = createServer(settings, tls === undefined ? undefined : await readTls(tls));
  try {
    const signals = new RequestSignals();
    problems(app, logger);
    signals.follow(app);
    requestBounds(app, settings, signals);
    securityHeaders(app, tls !== undefined);
    requestLog(app, logger);
    const signer = await tokenSigner(app, key, settings.verifiedTokens);
    const authenticator = new Authenticator({ users, signer, settings, clock });
    const guard = new SessionGuard(authenticator);
    const permissions = new Permissions(options.catalogue.entries);
    await openApi(app, node.version);
    healthRoutes(app, options.readiness);
    authRoutes(app, authenticator);
    await app.register(async (scope) => {
      guard.requireToken(scope);
      rootRoute(scope, node, clock);
      userRoutes(scope, users, guard);
      apiRoutes(scope, { ...options, endpoints: ENDPOINTS, guard, permissions, signals, settings });
    });
    await openApiRoutes(app, guard);
    for (const part of options.parts ?? []) {
      await app.register(async (scope) => part(scope, { authenticator, guard, logger, clock }));
    }
    const address = await listenOn(app, listen);
    logger.info(`The HTTP API listens on ${tls === undefined ? "http" : "https"}://${addressText(address)}.`);
    return { address, close: () => closeServer(app, signals, clock, settings.closeTimeout) };
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

function createServer(settings: HttpSettings, tls: { readonly cert: Buffer; readonly key: Buffer } | undefined): FastifyInstance {
  const common = {
    logger: false,
    bodyLimit: settings.bodyBytes,
    connectionTimeout: settings.idleTimeout,
    requestTimeout: settings.receiveTimeout,
    keepAliveTimeout: settings.keepAliveTimeout,
    routerOptions: { maxParamLength: settings.pathPartCharacters },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: answerBrokenPath,
    // `requestBounds` refuses them, with a problem document.
    return503OnClosing: false,
  };
  const server = {
    maxHeaderSize: settings.headerBytes,
    headersTimeout: settings.headersTimeout,
    connectionsCheckingInterval: settings.checkInterval,
  };
  const app: FastifyInstance =
    tls === undefined
      ? fastify({ ...common, http: server })
      : (fastify({ ...common, https: { ...server, ...tls, minVersion: "TLSv1.2" } }));
  app.server.maxConnections = settings.connections;
  // Parameters and bodies are read by this program's own schemas; fastify's say what the document shows.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  return app;
}

async function readTls({ certFile, keyFile }: { certFile: string; keyFile: string }): Promise<{ cert: Buffer; key: Buffer }> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    return { cert, key };
  } catch (error) {
    throw new HttpStartError(`the certificate or key of the HTTP API can't be read: ${(error as Error).message}`, { cause: error });
  }
}

async function listenOn(app: FastifyInstance, { host, port }: ListenAddress): Promise<ListenAddress> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const where = addressText({ host, port });
    if (code === "EADDRINUSE") {
      throw new HttpStartError(
        `another program listens on ${where} already. Choose another address for the HTTP API with --http HOST:PORT, or --http off.`,
        { cause: error },
      );
    }
    throw new HttpStartError(`the HTTP API can't listen on ${where}: ${message}`, { cause: error });
  }
  const bound = app.server.address();
  return { host, port: typeof bound === "object" && bound !== null ? bound.port : port };
}
