/** One agent that `etc/client.keys` lists. */
export interface ClientKey {
  /** As written, with its leading zeros: `004`. */
  readonly id: string;
  readonly name: string;
  /** An address, a network, or `any`. */
  readonly ip: string;
}

const LINE = /^([0-9]+) ([^ ]+) ([^ ]+) ([^ ]+)$/;

/**
 * The agents of `etc/client.keys`: lines `<digits> <name> <ip> <key>` (protocol.md 6). A line or a
 * name that starts with `#` or `!` is an agent that was removed; it and lines of other forms are passed
 * over. The keys themselves are not kept.
 */
export function parseClientKeys(text: string): ClientKey[] {
  const agents: ClientKey[] = [];
  for (const line of text.split("\n")) {
    const [, id, name, ip] = LINE.exec(line.trimEnd()) ?? [];
    if (id === undefined || name === undefined || ip === undefined) continue;
    if (!name.startsWith("!") && !name.startsWith("#")) agents.push({ id, name, ip });
  }
  return agents;
}
