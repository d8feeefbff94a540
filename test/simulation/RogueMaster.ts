import { Channel } from "../../src/protocol/Channel.js";
import { FernetCipher } from "../../src/protocol/Cipher.js";
import { COMMON, TO_MASTER, TO_WORKER } from "../../src/protocol/commands.js";
import { zip43 } from "../../src/protocol/dialects/zip43.js";
import { FernetKey } from "../../src/protocol/fernet.js";
import { sendFile } from "../../src/protocol/transfer/sendFile.js";
import { DEFAULT_LIMITS } from "../../src/config/Limits.js";
import type { NodeLink } from "../../src/node/ports/Network.js";
import { writeZip } from "../support/peer/plainZip.js";
import { metadataOf, type PeerIndex } from "../support/peer/peerFiles.js";
import { seededRandom } from "../support/seededRandom.js";
import type { RogueOptions } from "./RoguePeer.js";
import { CLUSTER_KEY, MASTER_ADDRESS } from "./SimulatedNode.js";
import { Life } from "./SimulatedTime.js";
import { UNTOUCHED } from "./Users.js";

const COMMANDS = [...Object.values(TO_WORKER), ...Object.values(COMMON), "syn_i_w_m", "nonsense", "ok", "err"];
/** Paths that no worker may write or delete, whoever asks. */
const FORBIDDEN = [...UNTOUCHED, "../evil", "/evil", "etc/rules/../../evil", "etc\\rules\\evil", "queue/cluster/other/x", "etc/rules/x.tmp", "bin/evil"] as const;
/** Files that a master may give and take. */
const ALLOWED = ["etc/rules/first.xml", "etc/lists/amazon", "etc/shared/office/agent.conf"] as const;

/** A master that was taken over: it has the key and the master's address. What it may give it gives; the rest it only tries. */
export class RogueMaster {
  readonly #options: RogueOptions;
  readonly #life = new Life("rogue");
  #rounds = 0;

  constructor(options: RogueOptions) {
    this.#options = options;
    options.tell("rogue", "has taken over the master's place");
    options.network
      .of(this.#life)
      .listen(MASTER_ADDRESS, (link) => this.#accept(link), () => undefined)
      .catch((error: unknown) => options.tell("rogue", `can't listen: ${String(error)}`));
  }

  leave(): void {
    this.#life.isAlive = false;
    this.#options.network.processEnded(this.#life, false);
  }

  #accept(link: NodeLink): void {
    const { time, chance } = this.#options;
    const clock = time.clockOf(this.#life, () => 0);
    const random = seededRandom(chance.below(2 ** 31));
    let name = "";
    const channel: Channel = new Channel({
      link,
      dialect: zip43,
      clock,
      random,
      limits: DEFAULT_LIMITS,
      cipher: new FernetCipher({ keys: [FernetKey.fromClusterKey(CLUSTER_KEY)], clock, random }),
      timeoutClusterRequest: 4,
      onRequest: ({ counter, command, payload }) => {
        if (command === TO_MASTER.hello) name = payload.toString().split(" ")[0] ?? "";
        if (command === TO_MASTER.integrityEnd) void this.#attack(channel, name).catch(() => undefined);
        channel.answer(counter, command === TO_MASTER.keepalive ? "ok-m" : "ok", this.#answerTo(command, payload, random.uuid()));
      },
      onClosed: () => undefined,
    });
    channel.setGreeted();
    link.listen(channel);
  }

  #answerTo(command: string, payload: Buffer, task: string): Buffer {
    switch (command) {
      case TO_MASTER.integrityPermission:
        return Buffer.from("True");
      // What it swallowed of these, nobody would send again.
      case TO_MASTER.extraValidPermission:
      case TO_MASTER.agentInfoPermission:
        return Buffer.from("False");
      case TO_MASTER.integrityStart:
        return Buffer.from(task);
      case TO_MASTER.keepalive:
        return payload;
      default:
        return Buffer.from("done");
    }
  }

  async #attack(channel: Channel, name: string): Promise<void> {
    const { chance, tell } = this.#options;
    for (let tries = chance.below(4); tries > 0; tries -= 1) {
      const odd = this.#pick([Buffer.alloc(0), Buffer.from("/etc/ossec.conf"), Buffer.from(`/queue/cluster/${name}/../x.zip evil`), Buffer.from("task etc/ossec.conf"), Buffer.from("{")]);
      await channel.request(this.#pick(COMMANDS), odd, { timeout: 1 }).catch(() => undefined);
    }
    const task = (await channel.request(TO_WORKER.integrityStart, "", { timeout: 2 })).toString();
    const path = `queue/cluster/${name}/${name}-${String((this.#rounds += 1))}.zip`;
    const archive = this.#archive();
    const source = (async function* () {
      yield archive;
    })();
    await sendFile(channel, { path, source, chunkBytes: 4096 });
    tell("rogue", `${name} is given an archive of ${String(archive.length)} bytes`);
    await channel.request(TO_WORKER.integrityEnd, `${task} ${this.#pick([path, path, path, "etc/client.keys"])}`, { timeout: 2 });
  }

  #archive(): Buffer {
    const { users, chance } = this.#options;
    const content = Buffer.from(`the rogue's ${String(chance.below(1000))}`);
    const given = this.#pick(ALLOWED);
    users.note(given, content);
    const bad = this.#pick(FORBIDDEN);
    const described = (...paths: readonly string[]): PeerIndex => Object.fromEntries(paths.map((path) => [path, metadataOf(path, content)]));
    const zip = (groups: { missing?: PeerIndex; shared?: PeerIndex; extra?: PeerIndex }, ...paths: readonly string[]): Buffer =>
      writeZip(new Map([...paths.map((path) => [path, content] as const), ["files_metadata.json", Buffer.from(JSON.stringify({ missing: {}, shared: {}, extra: {}, extra_valid: {}, ...groups }))]]));
    return this.#pick([
      () => zip({ shared: described(given) }, given),
      () => zip({ missing: described(given, bad) }, given, bad),
      () => zip({ shared: described(bad) }, bad),
      () => zip({ extra: described(bad, this.#pick(ALLOWED)) }),
      () => zip({ missing: described(given) }, given, "etc/rules/unlisted.xml"),
      () => zip({ missing: described(given), extra: described(given) }, given),
      () => Buffer.from("this is no archive"),
    ])();
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#options.chance.below(items.length)] as Item;
  }
}
