import { AgentStoreError } from "../../../src/agents/AgentStoreError.js";
import { conditionSql } from "../../../src/agents/selection/conditionSql.js";
import { agentCondition } from "../../../src/dapi/catalogue/agents/agentConditions.js";
import { matchesQuery } from "../../../src/dapi/query/matchesQuery.js";
import { parseQuery } from "../../../src/dapi/query/parseQuery.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { printQuery } from "../../unit/dapi/query/printQuery.js";
import { must, mustEqual, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { texts } from "./recorded.js";
import { scratchStore } from "./store.js";

const ITEM = { id: "001", name: "web01", os: { name: "Debian", major: 11 }, group: ["default", "x"], lastKeepAlive: new Date(0), ip: null };

/** `q`: printed and parsed again the same; what becomes of it in SQL is one condition that the database takes, and no more. */
export const queries: FuzzTarget = {
  name: "queries",
  corpus: () => texts("id=001", "name~web;(os.name=Debian,os.major>10);group!=null", "lastKeepAlive>2021-01-01T00:00:00Z", "status=active,status=pending", "lastKeepAlive<7d;id!=000", "((((name=a))))"),
  dictionary: ["id", "name", "os.name", "os.major", "lastKeepAlive", "dateAdd", "status", "group", "node_name", "=null", "!=", "~", ";", ",", "(", ")", "'", "''", "%", "_", "\\", " or 1=1 --", "2021-01-01 00:00:00", "7d", "active"],
  run: (input) => {
    const text = input.toString("utf8");
    const query = takenOrRefused(() => parseQuery(text), MusterError);
    if (query === undefined) return;
    mustEqual(parseQuery(printQuery(query)), query, "a query changes when it is printed and parsed");
    matchesQuery(ITEM, query);
    const wish = { q: text, search: { text, negation: false, inFields: null } };
    const condition = takenOrRefused(() => agentCondition(wish, 1_767_225_600_000), MusterError);
    const sql = condition === undefined ? undefined : takenOrRefused(() => conditionSql(condition), AgentStoreError);
    if (sql === undefined) return;
    const answer = scratchStore().run(`global sql select count(*) from agent where ${sql} and id < 0`);
    must(answer.startsWith("ok "), `the database says ${answer.slice(0, 200)} to ${sql.slice(0, 500)}`);
    mustEqual(answer.slice(3), '[{"count(*)":0}]', "the condition is more than one");
  },
};
