import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { wazuhResult } from "../../../src/dapi/results/ApiResult.js";
import type { AskNode } from "../../../src/dapi/AskNode.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { HttpNode, type HttpNodeOptions } from "../../support/HttpNode.js";
import { waitUntil } from "../../support/waitUntil.js";

const nodes: HttpNode[] = [];

async function start(options: HttpNodeOptions = {}): Promise<HttpNode> {
  const node = await HttpNode.start(options);
  nodes.push(node);
  return node;
}

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

/** Sends bytes as they are, and gives what came back until the other side closed. */
async function exchange(node: HttpNode, bytes: string): Promise<string> {
  const socket = connect(node.http.address.port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => undefined);
  socket.write(bytes);
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}

describe("what is too much is refused", () => {
  test("a body, the headers, and what is no HTTP", async () => {
    const node = await start({ settings: { bodyBytes: 1000 } });
    const token = await node.token();
    const body = await node.call("/security/users", token, { method: "POST", body: { username: "x".repeat(1000) } });
    expect(body).toMatchObject({ status: 413, body: { title: "Payload Too Large", error: 413 } });
    const type = await node.fetch("/security/users", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "text/xml" },
      body: "<x/>",
    });
    expect(type.status).toBe(415);
    const broken = await node.fetch("/security/users", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: "{",
    });
    expect(broken.status).toBe(400);

    const long = await exchange(node, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(long).toMatch(/^HTTP\/1\.1 431 [^]*"error":431/);
    const wrong = await exchange(node, "hello\r\n\r\n");
    expect(wrong).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*"detail":"The request is not HTTP"/);
    expect((await node.fetch("/healthz")).status).toBe(200);
  });

  test("a request that arrives slowly", async () => {
    const node = await start({ settings: { headersTimeout: 200, receiveTimeout: 300, checkInterval: 50 } });
    const answer = await exchange(node, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*"detail":"The request did not arrive in time"/);
  });

  test("requests at once: refused, counted, and taken again; health is always answered", async () => {
    const waiting: (() => void)[] = [];
    const ask: AskNode = () => new Promise((resolve) => waiting.push(() => resolve(wazuhResult({ data: {} }))));
    const node = await start({ ask, settings: { concurrentRequests: 3 } });
    const token = await node.token();
    const running = [1, 2, 3].map(() => node.call("/rules", token));
    await waitUntil(() => waiting.length === 3, undefined, "three requests are asked");
    const refused = await node.call("/rules", token);
    expect(refused).toMatchObject({ status: 429, body: { title: "Too Many Requests", error: 429 } });
    expect((await node.fetch("/healthz")).status).toBe(200);
    for (const answer of waiting.splice(0)) answer();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200, 200]);
    const again = node.call("/rules", token);
    await waitUntil(() => waiting.length === 1, undefined, "it is asked");
    waiting[0]?.();
    expect((await again).status).toBe(200);
  });
});

describe("nobody waits for ever", () => {
  test("a client that goes away ends its request", async () => {
    let signal: AbortSignal | undefined;
    const ask: AskNode = (_request, options) => {
      ({ signal } = options);
      return new Promise((resolve) => options.signal.addEventListener("abort", () => resolve(MusterError.internal(3021))));
    };
    const node = await start({ ask });
    const token = await node.token();
    const controller = new AbortController();
    const gone = node.fetch("/rules", { headers: { authorization: `Bearer ${token}` }, signal: controller.signal });
    await waitUntil(() => signal !== undefined, undefined, "the request is asked");
    controller.abort();
    await expect(gone).rejects.toThrow();
    await waitUntil(() => signal?.aborted === true, undefined, "the request is given up");
  });

  test("a stop answers what is under way", async () => {
    let asked = false;
    const ask: AskNode = (_request, { signal }) => {
      asked = true;
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(MusterError.internal(3021))));
    };
    const node = await start({ ask });
    const answer = node.call("/rules", await node.token());
    await waitUntil(() => asked, undefined, "the request is asked");
    await node.http.close();
    expect(await answer).toMatchObject({ status: 500, body: { title: "Wazuh Internal Error", error: 3021 } });
    await expect(node.fetch("/healthz")).rejects.toThrow();
  });

  test("a stop waits no longer than its deadline for what gives no answer", async () => {
    let asked = false;
    const ask: AskNode = () => {
      asked = true;
      return new Promise(() => undefined);
    };
    const node = await start({ ask });
    const answer = node.call("/rules", await node.token()).catch(() => "cut off");
    await waitUntil(() => asked, undefined, "the request is asked");
    const closed = node.http.close();
    node.clock.advance(5_000);
    await closed;
    expect(await answer).toBe("cut off");
  });

  test("a defect is an internal error without its text, and in the log", async () => {
    const node = await start({ ask: () => Promise.reject(new Error("the secret reason")) });
    const { status, body } = await node.call("/rules", await node.token());
    expect([status, body.error]).toEqual([500, 1000]);
    expect(JSON.stringify(body)).not.toContain("secret reason");
    expect(node.logger.messages("error")).toEqual(["The HTTP API failed at GET /rules."]);
  });
});

describe("where it listens", () => {
  test("a port that is taken is told", async () => {
    const node = await start();
    const { port } = node.http.address;
    await expect(HttpNode.start({ root: node.root, listen: { host: "127.0.0.1", port } })).rejects.toThrow(
      `another program listens on 127.0.0.1:${port} already. Choose another address for the HTTP API with --http HOST:PORT, or --http off.`,
    );
  });

  test("without TLS only on loopback, unless asked for by name", async () => {
    const node = await start();
    const listen = { host: "0.0.0.0", port: 0 };
    await expect(HttpNode.start({ root: node.root, listen })).rejects.toThrow("would send passwords and tokens unencrypted on 0.0.0.0:0");
    const open = await HttpNode.start({ root: node.root, listen, insecureHttp: true });
    expect((await open.fetch("/healthz")).status).toBe(200);
    await open.http.close();
  });

  test("with a certificate it speaks TLS only", async () => {
    const node = await start();
    const [certFile, keyFile] = [join(node.root, "cert.pem"), join(node.root, "key.pem")];
    const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"];
    await promisify(execFile)("openssl", [...args, "-days", "2", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", keyFile, "-out", certFile]);
    const secure = await HttpNode.start({ root: node.root, listen: { host: "0.0.0.0", port: 0 }, tls: { certFile, keyFile } });
    const request = httpsRequest({
      host: "127.0.0.1",
      port: secure.http.address.port,
      path: "/healthz",
      ca: await readFile(certFile),
      agent: false,
    });
    request.end();
    const [response] = await once(request, "response");
    expect([response.statusCode, response.headers["strict-transport-security"]]).toEqual([200, "max-age=31536000"]);
    response.resume();
    await once(response, "end");
    await expect(secure.fetch("/healthz")).rejects.toThrow();
    await secure.http.close();

    await rm(certFile);
    await expect(HttpNode.start({ root: node.root, tls: { certFile, keyFile } })).rejects.toThrow(
      /the certificate or key of the HTTP API can't be read: ENOENT.*cert\.pem/,
    );
  });
});
