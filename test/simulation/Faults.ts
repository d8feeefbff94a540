import type { DiskCall, DiskGuard } from "./SimulatedDisk.js";
import { diskFault } from "./SimulatedDisk.js";
import type { SimulatedNetwork } from "./SimulatedNetwork.js";
import { ROOT, type SimulatedNode } from "./SimulatedNode.js";
import type { SimulatedTime } from "./SimulatedTime.js";
import type { Chance, Users } from "./Users.js";
import { RogueMaster } from "./RogueMaster.js";
import { RoguePeer, type RogueOptions } from "./RoguePeer.js";

/** What a disk in trouble refuses, and with which word. */
const TROUBLES: readonly { readonly code: string; readonly calls: readonly DiskCall[]; readonly oneIn: number }[] = [
  { code: "ENOSPC", calls: ["create", "write", "folder"], oneIn: 1 },
  { code: "ENOSPC", calls: ["write"], oneIn: 4 },
  { code: "EIO", calls: ["read", "write", "open", "look", "list", "create", "rename", "remove", "change"], oneIn: 12 },
  { code: "EROFS", calls: ["create", "write", "rename", "remove", "change", "folder"], oneIn: 1 },
  { code: "EMFILE", calls: ["open", "create"], oneIn: 3 },
];
/** The private folder into which an archive is unpacked. */
const UNPACKED = /\.zipdir\//;
/** Milliseconds for which a disk stays full that became so in the middle of an archive. */
const FULL_FOR = 2_000;
const FOLDERS = ["etc/shared", "etc/rules", "etc/lists", "etc", "queue/agent-groups", "queue/cluster"];

export interface FaultsOptions {
  readonly time: SimulatedTime;
  readonly network: SimulatedNetwork;
  /** The master first. */
  readonly nodes: readonly SimulatedNode[];
  readonly users: Users;
  readonly chance: Chance;
  readonly tell: (node: string, text: string) => void;
}

interface Trouble {
  readonly code: string;
  readonly calls: readonly DiskCall[];
  readonly oneIn: number;
}

/** Stops a process in the middle of a call: it is gone. */
class Killed extends Error {
  constructor() {
    super("killed");
  }
}

/** What goes wrong in a history, and when. */
export class Faults {
  count = 0;
  /** When faults stop, in milliseconds. */
  end = 0;
  readonly #options: FaultsOptions;
  readonly #troubles = new Map<string, Trouble>();
  /** Node → disk calls after which it is killed. */
  readonly #fuses = new Map<string, number>();
  /** Somebody changes a file of that node in the middle of a job; calls until then. */
  readonly #meddling = new Map<string, number>();
  readonly #rogues: RoguePeer[] = [];
  #impostor: RogueMaster | undefined;
  /** Calls that write into the folder of an archive, after which that node's disk is full. */
  readonly #filling = new Map<string, number>();

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** Is asked before each call of a process to its disk. */
  readonly guard: DiskGuard = (call, path, life) => {
    if (!life.isAlive) throw new Killed();
    const node = this.#options.nodes.find(({ name }) => name === life.node);
    if (node === undefined) return;
    if (this.#burn(this.#fuses, life.node)) {
      this.#kill(node, `before it can ${call} ${path.slice(ROOT.length + 1)}`);
      throw new Killed();
    }
    if (this.#burn(this.#meddling, life.node)) this.#options.users.act(node);
    if (call === "write" && UNPACKED.test(path) && this.#burn(this.#filling, life.node)) this.#disturb(node, FULL_FOR, TROUBLES[0]);
    const trouble = this.#troubles.get(life.node);
    if (trouble?.calls.includes(call) !== true || this.#options.chance.below(trouble.oneIn) > 0) return;
    throw diskFault(trouble.code, path);
  };

  /** Draws what will happen. */
  plan(): void {
    const { chance, time } = this.#options;
    this.end = 4_000 + chance.below(9_000);
    const at = (): number => chance.below(this.end - 1_000);
    for (let changes = 4 + chance.below(12); changes > 0; changes -= 1) time.after(at(), undefined, () => this.#options.users.act(this.#anyNode()));
    for (let reports = chance.below(4); reports > 0; reports -= 1) time.after(at(), undefined, () => this.#options.users.report(this.#anyWorker()));
    for (let faults = 1 + chance.below(10); faults > 0; faults -= 1) time.after(at(), undefined, () => this.#strike());
  }

  /** Everything that is wrong from outside is mended; what the faults left behind is the nodes' own affair. */
  heal(): void {
    const { network, nodes, time, users, tell } = this.#options;
    tell("world", "the faults stop");
    this.#troubles.clear();
    this.#fuses.clear();
    this.#meddling.clear();
    this.#filling.clear();
    network.isUnreachable = false;
    for (const rogue of this.#rogues.splice(0)) rogue.leave();
    this.#expose();
    for (const connection of network.open) connection.bytesPerSecond = Infinity;
    for (const node of nodes) {
      for (const folder of FOLDERS) node.disk.permit(`${ROOT}/${folder}`, 0o770);
      users.restoreRights(node);
      if (node.life === undefined) node.start();
      else if (node.life.isFrozen) time.thaw(node.life);
    }
    users.finish(nodes[0] as SimulatedNode);
  }

  #strike(): void {
    const { chance, time, network, tell } = this.#options;
    const node = this.#anyNode();
    const duration = 200 + chance.below(6_000);
    const connections = network.open;
    const connection = connections[chance.below(Math.max(1, connections.length))];
    this.count += 1;
    switch (chance.below(16)) {
      case 0:
        return this.#kill(node, "out of the blue");
      case 1:
      case 2:
        return void this.#fuses.set(node.name, 1 + chance.below(120));
      case 3:
        return this.#freeze(node, duration * 3);
      case 4:
        if (connection !== undefined) {
          tell("world", "a connection is reset");
          connection.break();
        }
        return;
      case 5:
        if (connection !== undefined) {
          tell("world", `a connection of ${connection.ends[0].life.node} falls silent`);
          connection.isSilent = true;
        }
        return;
      case 6:
        if (connection !== undefined) {
          tell("world", `a connection of ${connection.ends[0].life.node} stalls for ${String(duration)} ms`);
          connection.stalledUntil = time.now + duration;
        }
        return;
      case 7:
        if (connection !== undefined) {
          tell("world", `a connection of ${connection.ends[0].life.node} becomes slow`);
          connection.bytesPerSecond = 1024;
        }
        return;
      case 8:
        tell("world", `nobody can connect for ${String(duration)} ms`);
        network.isUnreachable = true;
        return void time.after(duration, undefined, () => {
          network.isUnreachable = false;
        });
      case 9:
      case 10:
        return this.#disturb(node, duration);
      case 11: {
        const folder = FOLDERS[chance.below(FOLDERS.length)] ?? "etc";
        tell(node.name, `${folder} can't be changed for ${String(duration)} ms`);
        node.disk.permit(`${ROOT}/${folder}`, 0o550);
        return void time.after(duration, undefined, () => node.disk.permit(`${ROOT}/${folder}`, 0o770));
      }
      case 12:
        if (chance.below(2) === 0) {
          node.wallOffset += (chance.below(7_200) - 3_600) * 1000;
          return tell(node.name, `the wall clock is now wrong by ${String(node.wallOffset / 1000)} s`);
        }
        return void this.#meddling.set(node.name, 1 + chance.below(80));
      case 13:
        return void this.#filling.set(node.name, chance.below(6));
      case 14:
        return this.#usurp(duration);
      default:
        this.#rogues.push(new RoguePeer(this.#rogueOptions()));
    }
  }

  /** Somebody else answers in the master's place for a while. */
  #usurp(duration: number): void {
    const [master] = this.#options.nodes;
    if (this.#impostor !== undefined || master === undefined) return;
    master.kill(false);
    this.#impostor = new RogueMaster(this.#rogueOptions());
    this.#options.time.after(duration, undefined, () => this.#expose());
  }

  /** The master has its place back. */
  #expose(): void {
    const [master] = this.#options.nodes;
    if (this.#impostor === undefined || master === undefined) return;
    this.#impostor.leave();
    this.#impostor = undefined;
    this.#options.tell(master.name, "has its place back");
    if (master.life === undefined) master.start();
  }

  #rogueOptions(): RogueOptions {
    const { time, network, users, chance, tell, nodes } = this.#options;
    return { time, network, users, chance, tell, workers: nodes.slice(1).map(({ name }) => name) };
  }

  #kill(node: SimulatedNode, how: string): void {
    const { chance, time, tell } = this.#options;
    if (node.life === undefined) return;
    const silently = chance.below(4) === 0;
    tell(node.name, `${silently ? "loses its power" : "is killed"} ${how}`);
    node.kill(silently);
    time.after(100 + chance.below(5_000), undefined, () => {
      if (node.life !== undefined || (node.type === "master" && this.#impostor !== undefined)) return;
      tell(node.name, "is started again");
      node.start();
    });
  }

  #freeze(node: SimulatedNode, duration: number): void {
    const { life } = node;
    if (life === undefined || life.isFrozen) return;
    this.#options.tell(node.name, `is frozen for ${String(duration)} ms`);
    life.isFrozen = true;
    this.#options.time.after(duration, undefined, () => {
      if (!life.isFrozen) return;
      this.#options.tell(node.name, "is thawed");
      this.#options.time.thaw(life);
    });
  }

  #disturb(node: SimulatedNode, duration: number, chosen?: Trouble): void {
    const { chance, time, tell } = this.#options;
    const trouble = chosen ?? TROUBLES[chance.below(TROUBLES.length)];
    if (trouble === undefined) return;
    tell(node.name, `the disk says ${trouble.code} to ${trouble.calls.join(", ")} (one in ${String(trouble.oneIn)}) for ${String(duration)} ms`);
    this.#troubles.set(node.name, trouble);
    time.after(duration, undefined, () => {
      if (this.#troubles.get(node.name) !== trouble) return;
      this.#troubles.delete(node.name);
      tell(node.name, "the disk is well again");
    });
  }

  /** Counts down; true once, when it comes to nothing. */
  #burn(fuses: Map<string, number>, name: string): boolean {
    const left = fuses.get(name);
    if (left === undefined) return false;
    if (left > 0) {
      fuses.set(name, left - 1);
      return false;
    }
    fuses.delete(name);
    return true;
  }

  #anyNode(): SimulatedNode {
    const { nodes, chance } = this.#options;
    return nodes[chance.below(nodes.length)] as SimulatedNode;
  }

  #anyWorker(): SimulatedNode {
    const { nodes, chance } = this.#options;
    return nodes[1 + chance.below(nodes.length - 1)] as SimulatedNode;
  }
}
