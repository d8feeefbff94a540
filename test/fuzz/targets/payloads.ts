import { parseNodesArguments } from "../../../src/dapi/cluster/parseNodesArguments.js";
import { parseHello } from "../../../src/protocol/hello.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import * as payloadsOf from "../../../src/protocol/payloads.js";
import { normalizeTransferPath } from "../../../src/protocol/transfer/transferPath.js";
import { must, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { recordedPayloads, texts } from "./recorded.js";

const PARSERS: readonly ((payload: Buffer) => unknown)[] = [
  (payload) => payloadsOf.parsePathAndBytes("file_upd", payload),
  (payload) => payloadsOf.parseStringIdAndBytes("str_upd", payload),
  (payload) => payloadsOf.parseLength(payload),
  (payload) => payloadsOf.parseStringId("syn_a_w_m", payload),
  (payload) => payloadsOf.parseTaskAndPath("syn_i_w_m_e", payload),
  (payload) => payloadsOf.parseIdAndText("dapi", payload),
  (payload) => payloadsOf.parseIdAndStringId("dapi_res", payload),
  (payload) => payloadsOf.parseSendsyncRequest("sendsync", payload.toString("utf8")),
  (payload) => payloadsOf.parseNodeAndText("dapi_fwd", payload),
  (payload) => payloadsOf.parsePathAndNode("send_file", payload),
  (payload) => parseNodesArguments(payloadsOf.parseJsonPayload("get_nodes", payload)),
  (payload) => payloadsOf.parseAgentInfoResult("syn_m_a_e", payload),
];

/** What commands carry: each parser takes it or refuses it, whatever it is. */
export const payloads: FuzzTarget = {
  name: "payloads",
  corpus: () => [
    ...recordedPayloads(["hello", "new_file", "file_end", "new_str", "syn_i_w_m_e", "syn_a_w_m", "dapi_res", "get_nodes", "get_health", "syn_m_a_e", "sendsync"]),
    ...texts("worker1 wazuh worker 4.3.0", '{"filter_node": ["a"], "limit": 3, "offset": 1, "sort": {"fields": ["name"], "order": "asc"}, "search": {"value": "x"}, "select": ["name"], "filter_type": "all"}', "7 12", '1 {"daemon_name": "authd", "message": "x"}', "queue/x y node"),
  ],
  dictionary: ["None ", " ", "  ", "queue/cluster/", "..", "daemon_name", "message", "updated_chunks", "error_messages", "filter_node", "filter_type", "limit", "sort", "search", "4294967296", "-1"],
  run: (input) => {
    for (const parse of PARSERS) takenOrRefused(() => parse(input), MusterError);
    const hello = takenOrRefused(() => parseHello(input), MusterError);
    must(hello === undefined || /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/.test(hello.nodeName), `the node ${String(hello?.nodeName)} comes out`);
    const path = normalizeTransferPath(input.toString("utf8"));
    must(path === undefined || (!path.startsWith("/") && !path.split("/").includes("..") && !path.includes("\0")), `the path ${JSON.stringify(path)} comes out`);
  },
};
