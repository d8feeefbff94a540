/** The demo's files: a path under the node's root and its text. */
export type SampleFiles = ReadonlyMap<string, string>;

/** What the demo's master starts with: rules, decoders, lists, groups and keys of three agents. */
export function masterFiles(): SampleFiles {
  return new Map([
    ["etc/client.keys", "001 web01 any 6d2c1f0e\n002 db01 10.0.0.12 9b7a3c55\n003 app01 any 41fd80ce\n"],
    ["etc/rules/local_rules.xml", rules("local", 100001, ["Login from an unusual place", "Too many failed logins"])],
    ["etc/rules/payments/cards.xml", rules("payments", 100201, ["Card number seen in a log"])],
    ["etc/decoders/local_decoder.xml", '<decoder name="demo-login">\n  <program_name>demo</program_name>\n</decoder>\n'],
    ["etc/lists/trusted-networks", "10.:internal\n192.168.:office\n"],
    ["etc/lists/sites/straße", "berlin:1\nköln:2\n"],
    ["etc/shared/default/agent.conf", "<agent_config>\n  <client_buffer><queue_size>5000</queue_size></client_buffer>\n</agent_config>\n"],
    ["etc/shared/web/agent.conf", '<agent_config>\n  <localfile><location>/var/log/nginx/access.log</location></localfile>\n</agent_config>\n'],
    ["etc/shared/web/empty.txt", ""],
    ["queue/agent-groups/001", "default,web\n"],
    ["queue/agent-groups/002", "default\n"],
  ]);
}

/** What a demo worker starts with: something stale, something old, and a group file that the master lacks. */
export function workerFiles(workerName: string): SampleFiles {
  const files = new Map([
    ["etc/rules/stale.xml", "<!-- the master has no such file: it goes -->\n"],
    ["etc/rules/local_rules.xml", "<!-- an older version: it is replaced -->\n"],
    ["etc/shared/retired/agent.conf", "<agent_config/>\n"],
  ]);
  if (workerName === "worker1") files.set("queue/agent-groups/003", "default,apps\n");
  return files;
}

/** The agents that report to a demo worker, as `muster agents import` takes them. */
export function workerAgents(workerName: string): string {
  const agent = workerName === "worker1" ? { id: "001", name: "web01" } : { id: "002", name: "db01" };
  return JSON.stringify([{ ...agent, ip: "any", status: "active", version: "Wazuh v4.3.0", node_name: workerName }]);
}

/** The demo's changes, one after another for ever: what is done to the master's tree, in words and files. */
export function changeAt(step: number): { readonly words: string; readonly path: string; readonly text: string | null } {
  const round = Math.floor(step / 4) + 1;
  switch (step % 4) {
    case 0:
      return { words: "a rule file is added", path: `etc/rules/round-${String(round)}.xml`, text: rules(`round-${String(round)}`, 110000 + round, ["Added while you watch"]) };
    case 1:
      return { words: "a list is changed", path: "etc/lists/trusted-networks", text: `10.:internal\n192.168.:office\n172.16.:round-${String(round)}\n` };
    case 2:
      return { words: "a shared file of 2 MB is written", path: "etc/shared/default/signatures.txt", text: `signature ${String(round)}\n`.repeat(140_000) };
    default:
      return { words: "the rule file is removed", path: `etc/rules/round-${String(round)}.xml`, text: null };
  }
}

function rules(group: string, firstId: number, descriptions: readonly string[]): string {
  const list = descriptions.map(
    (text, at) => `  <rule id="${String(firstId + at)}" level="5">\n    <description>${text}</description>\n  </rule>`,
  );
  return `<group name="${group},">\n${list.join("\n")}\n</group>\n`;
}
