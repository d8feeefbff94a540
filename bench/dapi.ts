import { readFile } from "node:fs/promises";
import { formatRequest, newRequest } from "../src/dapi/encoding/requestJson.js";
import { localSocketPath } from "../src/node/local/localSocketPath.js";
import type { BenchRow } from "./BenchRow.js";
import { BenchCluster } from "./dapi/BenchCluster.js";
import { EchoClient } from "./dapi/EchoClient.js";
import { HttpClient } from "./dapi/HttpClient.js";
import { SocketClient } from "./dapi/SocketClient.js";
import { measureLoad, type Client } from "./dapi/measureLoad.js";

/** Tells what the node is: next to no work of its own, so that the way of the request is measured. */
const LIGHT = { module: "wazuh.cluster", qualname: "get_node_wrapper" } as const;
/** Looks through folders, and its answers of several nodes can be merged. */
const FILES = { module: "wazuh.rule", qualname: "get_rules_files" } as const;

/** The distributed API with 20 clients, each of which asks again as soon as it has its answer (quality.md 1). */
export async function measure(): Promise<readonly BenchRow[]> {
  const cluster = await BenchCluster.start(process.env["MUSTER_BENCH_PROFILES"]);
  try {
    const [master = "", worker = ""] = cluster.roots;
    const asking = (root: string, request: Parameters<typeof newRequest>[0]) => {
      const json = formatRequest(newRequest(request));
      return () => SocketClient.open(localSocketPath(root), json);
    };
    const everyNode = asking(master, { ...FILES, requestType: "distributed_master", arguments: { node_list: "*" }, broadcasting: true });
    await cluster.untilReady(everyNode);
    const echo = await measureLoad(() => EchoClient.open(cluster.echoPath), cluster.echoProcessIds);
    const token = await HttpClient.logIn(cluster.httpPort, (await readFile(`${master}/etc/http-admin-password`, "utf8")).trim());
    const work: readonly (readonly [what: string, open: () => Promise<Client>, least?: number])[] = [
      ["local at the master", asking(master, { ...LIGHT, requestType: "local_any" }), 4000],
      ["worker asks the master", asking(worker, { ...LIGHT, requestType: "local_master" }), 1500],
      ["worker, master, another worker", asking(worker, { ...LIGHT, requestType: "distributed_master", arguments: { node_id: "w2" } }), 1000],
      ["local at the master, folders read", asking(master, { ...FILES, requestType: "local_any" })],
      ["fan-out to 3 nodes, folders read", everyNode],
      ["HTTP at the master", () => Promise.resolve(new HttpClient(cluster.httpPort, "/cluster/local/info", token))],
    ];
    const rows: BenchRow[] = [];
    for (const [what, open, least] of work) {
      const { rate, latency, processorTime } = await measureLoad(open, cluster.processIds);
      const spent = `${processorTime.toFixed(2)} ms of the nodes' processors a request (the echo: ${echo.processorTime.toFixed(3)})`;
      rows.push({ what, figure: rate, limit: echo.rate, unit: "/s", ...(least === undefined ? {} : { goal: { least } }), detail: `${latency}; ${spent}` });
    }
    return rows;
  } finally {
    await cluster.dispose();
  }
}
