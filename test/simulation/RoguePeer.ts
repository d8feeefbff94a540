import { Channel } from "../../src/protocol/Channel.js";
import { FernetCipher } from "../../src/protocol/Cipher.js";
import { TO_MASTER } from "../../src/protocol/commands.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { FernetKey } from "../../src/protocol/fernet.js";
import { formatHello } from "../../src/protocol/hello.js";
import { sendFile } from "../../src/protocol/transfer/sendFile.js";
import { DEFAULT_LIMITS } from "../../src/config/Limits.js";
import type { NodeLink } from "../../src/node/ports/Network.js";
import { writeZip } from "../support/peer/plainZip.js";
import { metadataOf } from "../support/peer/peerFiles.js";
import { seededRandom } from "../support/seededRandom.js";
import { CLUSTER_KEY, CLUSTER_NAME, MASTER_ADDRESS } from "./SimulatedNode.js";
import type { SimulatedNetwork } from "./SimulatedNetwork.js";
import { Life, type SimulatedTime } from "./SimulatedTime.js";
import { GROUPS, type Chance, type Users } from "./Users.js";

export interface RogueOptions {
  readonly time: SimulatedTime;
  readonly network: SimulatedNetwork;
  readonly users: Users;
  readonly chance: Chance;
  readonly tell: (node: string, text: string) => void;
  /** Names of honest workers. */
  readonly workers: readonly string[];
}

const COMMANDS = [...Object.values(TO_MASTER), "new_file", "file_upd", "file_end", "new_str", "str_upd", "nonsense", "syn_m_c_e", "ok", "err"];
/** Most things that one of them tries. */
const MOST_TRIES = 12;

/** Something that connects to the master and means no good: noise, a wrong key, or a worker that was taken over. */
export class RoguePeer {
  readonly #options: RogueOptions;
  readonly #life = new Life("rogue");
  #link: NodeLink | undefined;

  constructor(options: RogueOptions) {
    this.#options = options;
    this.#come().catch((error: unknown) => {
      if (this.#life.isAlive) options.tell("rogue", `ends: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  leave(): void {
    this.#life.isAlive = false;
    this.#options.network.processEnded(this.#life, false);
  }

  async #come(): Promise<void> {
    const { network, chance, tell } = this.#options;
    const link = await network.of(this.#life).connect(MASTER_ADDRESS, new AbortController().signal);
    this.#link = link;
    const kind = chance.below(4);
    if (kind === 0) return this.#makeNoise(link);
    tell("rogue", kind === 1 ? "comes with a wrong key" : "comes as a worker that was taken over");
    await this.#speak(link, kind === 1 ? CLUSTER_KEY.replaceAll("0", "f") : CLUSTER_KEY);
  }

  #makeNoise(link: NodeLink): void {
    const { chance, tell } = this.#options;
    tell("rogue", "sends noise");
    link.listen({ receive: () => undefined, drained: () => undefined, linkClosed: () => undefined });
    const bytes = Buffer.from(Array.from({ length: 1 + chance.below(200) }, () => chance.below(256)));
    // A header's length word that promises gigabytes.
    if (chance.below(2) === 0 && bytes.length > 8) bytes.writeUInt32BE(0x7fffffff, 4);
    link.write(bytes);
  }

  async #speak(link: NodeLink, key: string): Promise<void> {
    const { time, chance, workers } = this.#options;
    const clock = time.clockOf(this.#life, () => 0);
    const random = seededRandom(chance.below(2 ** 31));
    const channel = new Channel({
      link,
      dialect: zip43,
      clock,
      random,
      limits: DEFAULT_LIMITS,
      cipher: new FernetCipher({ keys: [FernetKey.fromClusterKey(key)], clock, random }),
      timeoutClusterRequest: 4,
      onRequest: ({ counter }) => {
        if (chance.below(3) > 0) channel.answer(counter, chance.below(2) === 0 ? "ok" : "err", random.bytes(chance.below(40)));
      },
      onClosed: () => undefined,
    });
    channel.setGreeted();
    link.listen(channel);
    const name = chance.below(3) === 0 ? (workers[chance.below(workers.length)] ?? "rogue") : "rogue";
    await channel.request(TO_MASTER.hello, formatHello({ nodeName: name, clusterName: CLUSTER_NAME, nodeType: "worker", version: zip43.version }));
    for (let tries = 1 + chance.below(MOST_TRIES); tries > 0 && this.#life.isAlive; tries -= 1) {
      if (chance.below(3) === 0) await this.#attack(channel, name).catch(() => undefined);
      else await channel.request(this.#pick(COMMANDS), this.#payload(name), { timeout: 1 }).catch(() => undefined);
    }
  }

  /** A round with an archive that no honest worker sends. */
  async #attack(channel: Channel, name: string): Promise<void> {
    const isGroups = this.#options.chance.below(2) === 0;
    const start = isGroups ? TO_MASTER.extraValidStart : TO_MASTER.integrityStart;
    const end = isGroups ? TO_MASTER.extraValidEnd : TO_MASTER.integrityEnd;
    await channel.request(isGroups ? TO_MASTER.extraValidPermission : TO_MASTER.integrityPermission, "", { timeout: 1 });
    const taskId = (await channel.request(start, "", { timeout: 1 })).toString();
    const path = `queue/cluster/${name}/${name}-${String(this.#options.chance.below(1000))}.zip`;
    const archive = this.#archive(name);
    const source = (async function* () {
      yield archive;
    })();
    await sendFile(channel, { path, source, chunkBytes: 4096 });
    await channel.request(end, `${taskId} ${path}`, { timeout: 1 });
  }

  #archive(name: string): Buffer {
    const { users } = this.#options;
    const evil = Buffer.from("evil");
    const merged = `queue/cluster/${name}/agent-groups.merged`;
    const group = Buffer.from("office");
    users.note(`${GROUPS}001`, group);
    const parts = Buffer.from(this.#pick([`${String(group.length)} 001 2031-01-01 00:00:00.0\n${group.toString()}`, `4 ../../../etc/evil 2031-01-01 00:00:00.0\nevil`, `9999 001 2031-01-01 00:00:00.0\nx`]));
    const described = { [merged]: { cluster_item_key: "queue/agent-groups/", merged: true, merge_type: "agent-groups", merge_name: merged } };
    const index = (paths: readonly string[]): Buffer => Buffer.from(JSON.stringify(Object.fromEntries(paths.map((path) => [path, metadataOf(path, evil)]))));
    return this.#pick([
      () => writeZip(new Map([["files_metadata.json", index(["etc/rules/evil.xml"])], ["etc/rules/evil.xml", evil]])),
      () => writeZip(new Map([["files_metadata.json", index(["../evil"])], ["../evil", evil]])),
      () => writeZip(new Map([["files_metadata.json", index([`${GROUPS}001`, "etc/rules/never.xml"])]])),
      () => writeZip(new Map([["files_metadata.json", Buffer.from("{\"__proto__\": {}}")]])),
      () => writeZip(new Map([["etc/client.keys", evil]])),
      () => writeZip(new Map<string, Buffer>([["files_metadata.json", Buffer.from(JSON.stringify(described))], [merged, parts]])),
      () => Buffer.from("this is no archive"),
    ])();
  }

  #payload(name: string): Buffer {
    const { chance } = this.#options;
    return this.#pick([
      () => Buffer.alloc(0),
      () => Buffer.from("/../../etc/evil"),
      () => Buffer.from("/etc/ossec.conf"),
      () => Buffer.from(`/queue/cluster/${name}/a.zip`),
      () => Buffer.from("/queue/cluster/worker1/a.zip"),
      () => Buffer.from(`/queue/cluster/${name}/a.zip ${"x".repeat(chance.below(3000))}`),
      () => Buffer.from("{\"__proto__\": 1"),
      () => Buffer.from(`task /queue/cluster/${name}/a.zip`),
      () => Buffer.from("1073741824"),
      () => Buffer.from(Array.from({ length: chance.below(60) }, () => chance.below(256))),
    ])();
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#options.chance.below(items.length)] as Item;
  }
}
