import { agentIdsOfChunk } from "../../../src/agents/agentIdsOfChunk.js";
import { readAgents } from "../../../src/agents/import/readAgents.js";
import { parsePythonJson } from "../../../src/protocol/parsePythonJson.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { parseAgentChunks } from "../../../src/node/master/parseAgentChunks.js";
import { must, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { recordedPayloads, texts } from "./recorded.js";
import { scratchStore } from "./store.js";

/** What workers tell of agents, up to the store; and lists of agents to import. */
export const agentLists: FuzzTarget = {
  name: "agentLists",
  corpus: () => [
    ...recordedPayloads(["str_upd"], true).filter((payload) => payload.includes("set_data_command")),
    ...texts(
      '{"set_data_command": "global sync-agent-info-set", "chunks": ["[{\\"id\\":1,\\"name\\":\\"web01\\",\\"version\\":\\"v4.3.0\\",\\"labels\\":[{\\"id\\":1,\\"key\\":\\"a\\",\\"value\\":\\"b\\"}]}]"]}',
      '[{"id": "001", "name": "a", "ip": "any", "status": "active", "lastKeepAlive": "2021-06-01T10:00:00Z", "group": ["default"], "labels": {"a": "b"}}]',
      "001 web01 any 0123456789abcdef\n#002 x any 0\n003 !gone 10.0.0.0/8 0\n",
    ),
  ],
  dictionary: ["set_data_command", "global sync-agent-info-set", "global sql delete from agent", "chunks", "\\\"id\\\":1", "labels", "os.name", "sync_status", "syncreq", "last_keepalive", "connection_status", "node_name", "group", "\\u0000", "any"],
  // A change of the store goes through its tables of columns.
  moreSteps: 100_000,
  run: (input) => {
    const text = input.toString("utf8");
    takenOrRefused(() => parsePythonJson(text), SyntaxError);
    const chunks = takenOrRefused(() => parseAgentChunks(input), MusterError) ?? [];
    for (const chunk of chunks) {
      must(typeof chunk === "string", "a chunk is no text");
      const ids = agentIdsOfChunk(chunk);
      must(ids.every(Number.isSafeInteger), "an odd id comes out");
      const answer = scratchStore().run(`global sync-agent-info-set ${chunk}`);
      must(/^(?:ok|err)/.test(answer), `the store says ${answer.slice(0, 80)}`);
    }
    const { agents } = readAgents(text);
    // A name may be missing: the agent is known already, or the store says that it wants one.
    for (const { id, name } of agents) must(Number.isSafeInteger(id) && id > 0 && (name === undefined || !/\s/.test(name)), "an odd agent comes out");
    const rows = scratchStore().run("global sql select count(*) as n from agent where id > 0");
    must(rows === 'ok [{"n":1}]', `a worker made or removed agents: ${rows}`);
  },
};
