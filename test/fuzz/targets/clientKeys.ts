import { readClientKeys } from "../../../src/agents/import/readClientKeys.js";
import { readKeyFiles } from "../../../src/config/readKeyFiles.js";
import { parseClientKeys } from "../../../src/integrity/clientKeys.js";
import { must, mustEqual, type FuzzTarget } from "../FuzzTarget.js";
import { texts } from "./recorded.js";

/** client.keys, and the files with the cluster's keys. */
export const clientKeys: FuzzTarget = {
  name: "clientKeys",
  corpus: () =>
    texts("001 web01 any 0123456789abcdef\n002 db01 10.0.0.12 0123\n", "#003 x any 0\n004 !gone any 0\n005 #gone any 0\r\n006 b any 1\n", "# keys\n0123456789abcdefghijklmnopqrstuv\n\nvutsrqponmlkjihgfedcba9876543210\n"),
  dictionary: ["001", " any ", "!", "#", "10.0.0.0/8", "../../x", "\r\n", "0123456789abcdefghijklmnopqrstuv", "\u00a0", "\u0085"],
  run: (input) => {
    const text = input.toString("utf8");
    const agents = parseClientKeys(text);
    for (const { id, name, ip } of agents) must(/^\d+$/.test(id) && !/[ \n]/.test(name + ip), "an odd agent comes out");
    mustEqual(parseClientKeys(agents.map(({ id, name, ip }) => `${id} ${name} ${ip} 0\n`).join("")), agents, "agents change when they are written and read");
    for (const { id } of readClientKeys(text).agents) must(Number.isSafeInteger(id), "an odd id comes out");
    const { keys, problems, warnings } = readKeyFiles(["keys"], true, { root: "/r", readFile: () => text });
    must(keys.every((key) => /^\w{32}$/.test(key)), "an odd key comes out");
    const told = JSON.stringify([problems, warnings]);
    must(keys.every((key) => !told.includes(key)), "a key is told");
  },
};
