/**
 * Asks the node in this container how it is: `node health.mjs /healthz` or `/readyz`. Status 0 for a good answer, 1 with a line on
 * standard error for anything else. It needs nothing but Node, and reads the variables that the node itself reads.
 */
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";

/** Milliseconds; shorter than the time that a platform's probe has. */
const DEADLINE = 8000;
const DEFAULT_PORT = "1517";

const path = process.argv[2] ?? "/healthz";
const { MUSTER_HTTP_LISTEN: listen = "", MUSTER_HTTP_TLS_CERTIFICATE: certificate = "" } = process.env;

/** @param {string} why */
function fail(why) {
  process.stderr.write(`${path}: ${why}\n`);
  process.exit(1);
}

if (listen === "off") fail("MUSTER_HTTP_LISTEN is off, so that nobody can ask this node. Set 127.0.0.1:1517");
const port = /:(\d+)$/.exec(listen)?.[1] ?? DEFAULT_PORT;
// On the loopback of its own container the node's certificate proves nothing, and bears another name.
const options = { host: "127.0.0.1", port, path, timeout: DEADLINE, rejectUnauthorized: false };
const request = (certificate === "" ? getHttp : getHttps)(options, (response) => {
  let text = "";
  response.setEncoding("utf8");
  response.on("data", (/** @type {string} */ part) => (text += text.length < 1000 ? part : ""));
  response.on("end", () => {
    if (response.statusCode === 200) process.exit(0);
    fail(`status ${response.statusCode}: ${text.trim()}`);
  });
});
request.on("timeout", () => fail(`no answer within ${DEADLINE} ms`));
request.on("error", (error) => fail(error.message));
