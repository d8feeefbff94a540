import assert from "node:assert/strict";
import { archiveContent, sha256, StandIns } from "./replayArchive.js";
import { ARCHIVE_PATH, same, sameHealth, shown, splitAtSpace, STRING_ID, UUID, withoutSeconds } from "./replayCompare.js";
import { ReplayInbox } from "./replayInbox.js";
import { laneOfCommand, otherSide, type Lane, type RecordedMessage, type Step } from "./replayScript.js";
import type { ReplayWire, WireMessage } from "./replayWire.js";

const MESSAGE_TIMEOUT = 15_000;
const ANSWERS = new Set(["ok", "err", "ok-m", "ok-c"]);
const PERMISSIONS = new Set(["syn_i_w_m_p", "syn_e_w_m_p", "syn_a_w_m_p"]);
const STRING_COMMANDS = new Set(["new_str", "str_upd"]);
const OK_FIELD = "ok ---------";
/** The counter of the replay's own last question; no recording uses it. */
const BARRIER_COUNTER = 7;

export interface ReplayOptions {
  readonly wire: ReplayWire;
  /** The recorded side that the replay plays; the live node is the other one. */
  readonly side: "worker" | "master";
  readonly standIns?: StandIns;
  /** Whose strings the live node sends. @default a worker's agent-info, a master's answers of the distributed API */
  readonly strings?: Lane;
  /** Archives of `file_upd` messages in the place of recorded ones, by frame index. */
  readonly archives?: ReadonlyMap<number, Buffer>;
  /** Frames whose ids and checksums are sent as they were recorded, though the live node or `archives` has others. */
  readonly verbatim?: ReadonlySet<number>;
  /** Milliseconds to wait for a message of the live node. @default 15,000 */
  readonly timeout?: number;
}

interface LiveRequest extends WireMessage {
  /** How many messages the replay had sent when it came. */
  readonly sentBefore: number;
}

/**
 * Plays one side of a recorded connection against a live node. What that side sent goes out in its recorded
 * order, as recorded: tokens byte for byte, encrypted anew only where a payload holds an id that the live node
 * chose. What the live node sends is compared with what the recorded node sent. Every method throws an
 * AssertionError at the first difference.
 */
export class Replay {
  /** Messages of the live node that were compared with recorded ones. */
  compared = 0;
  /** Keepalives that the live node sent by its own clock (as far as the replay plays the master). */
  keepalives = 0;
  /** Permissions that were refused because the script of their process was over. */
  refusals = 0;
  /** `echo-m` probes that were answered. */
  probes = 0;
  readonly #options: ReplayOptions;
  readonly #standIns: StandIns;
  readonly #inboxes = new Map<Lane, ReplayInbox<LiveRequest>>();
  readonly #answers = new Map<number, ReplayInbox<WireMessage>>();
  readonly #finished = new Set<Lane>();
  readonly #unexpected: string[] = [];
  /** What the live node chose where the recorded node had chosen otherwise: recorded → live. */
  readonly #names = new Map<string, string>();
  /** Live counter of a request of the live node, by the recorded one. */
  readonly #liveCounters = new Map<number, number>();
  /** The master's announcements of archives that were sent: position → how many messages had been sent then. */
  readonly #announced = new Map<number, number>();
  readonly #transfers = new Map<string, { pieces: Buffer[]; recorded: RecordedMessage | undefined }>();
  /** Lanes of the files that the live worker is about to send. */
  readonly #awaitedFiles: Lane[] = [];
  readonly #fileLanes = new Map<string, Lane>();
  /** The recorded path of the file that was opened last, by lane. */
  readonly #openedFiles = new Map<Lane, string>();
  #sent = 0;
  #isToldOfFeatures = false;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#standIns = options.standIns ?? new StandIns();
    options.wire.listen((message) => {
      this.#receive(message);
    });
  }

  /** Plays steps one after another, whatever their lanes: for the side that begins the processes. */
  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#play(step);
  }

  /** Plays each lane by itself, the lanes side by side: for the side that answers the other one's timers. */
  async runLanes(steps: readonly Step[]): Promise<void> {
    const lanes = new Set(steps.map(({ lane }) => lane));
    await Promise.all(
      [...lanes]
        .filter((lane) => lane !== "keepalive")
        .map(async (lane) => {
          await this.run(steps.filter((step) => step.lane === lane));
          this.#finish(lane);
        }),
    );
  }

  /** Asks the live node a last question, so that all that it sent before has come, and finds nothing left over. */
  async finish(): Promise<void> {
    const { wire } = this.#options;
    this.#answers.set(BARRIER_COUNTER, new ReplayInbox());
    wire.send({ counter: BARRIER_COUNTER, field: "echo -------", body: { payload: Buffer.from("barrier") } });
    const answer = await this.#answerTo(BARRIER_COUNTER, "the answer to echo");
    assert.deepEqual([answer.field, answer.payload.toString()], [OK_FIELD, "barrier"]);
    for (const lane of this.#inboxes.keys()) this.#finish(lane);
    assert.deepEqual(this.#unexpected, [], "messages that no recorded message stands for");
  }

  async #play(step: Step): Promise<void> {
    switch (step.kind) {
      case "act":
        return step.act();
      case "refuse": {
        const asked = await this.#request(step.lane, step.command);
        same(`to be refused, ${step.command}`, asked.command, step.command);
        await step.act();
        return this.#answer(asked, OK_FIELD, "False");
      }
      case "otherwise": {
        const { field, payload } = await this.#answerTo(step.to.counter, `an answer to ${step.to.label}`);
        return same(step.to.label, [field, payload.toString()], [step.field, step.payload]);
      }
      case "instead": {
        const asked = await this.#request(step.lane, step.command);
        same(`instead, ${step.command}`, [asked.command, asked.payload.toString()], [step.command, step.payload]);
        return this.#answer(asked, step.answer.field, step.answer.payload);
      }
      case "request":
        if (step.command === "new_file") this.#openedFiles.set(step.lane, this.#recordedPayload(step).toString());
        return step.sender === this.#options.side ? this.#sendRequest(step) : this.#expectRequest(step);
      case "answer":
        return step.sender === this.#options.side ? this.#sendAnswer(step) : this.#expectAnswer(step);
    }
  }

  #sendRequest(message: RecordedMessage): void {
    this.#answers.set(message.counter, new ReplayInbox());
    this.#sendRecorded(message, message.counter);
  }

  #sendAnswer(message: RecordedMessage): void {
    const counter = this.#liveCounters.get(message.counter);
    assert(counter !== undefined, `${message.label}: its request has not come`);
    if (message.command === "ok" && message.about === "syn_i_w_m") this.#awaitedFiles.push("integrity");
    if (message.command === "ok" && message.about === "syn_e_w_m") this.#awaitedFiles.push("extraValid");
    this.#sendRecorded(message, counter);
  }

  #sendRecorded(message: RecordedMessage, counter: number): void {
    const { index, field, token, payload } = message;
    const remade = this.#payloadToSend(message);
    const isRecorded = token !== undefined && payload !== undefined && remade.equals(payload);
    this.#options.wire.send({ counter, field, body: isRecorded ? { token } : { payload: remade } });
    this.#sent += 1;
    if (message.command === "syn_m_c_e") this.#announced.set(index, this.#sent);
  }

  /** The recorded payload with the live node's ids in the place of the recorded node's. */
  #payloadToSend(message: RecordedMessage): Buffer {
    const { kind, command, index, lane } = message;
    const isOfArchive = kind === "request" && (lane === "integrity" || lane === "extraValid");
    if (isOfArchive && command === "file_upd") {
      const path = this.#recordedPath(message);
      return Buffer.concat([Buffer.from(`${path} `), this.#recordedArchive(message)]);
    }
    const payload = this.#recordedPayload(message);
    if (isOfArchive && command === "file_end" && this.#options.verbatim?.has(index) !== true) {
      const { pieces } = this.#transferOf(this.#recordedPath(message));
      this.#transfers.delete(this.#recordedPath(message));
      const [head] = splitAtSpace(payload);
      return Buffer.concat([Buffer.from(`${head} `), sha256(Buffer.concat(pieces))]);
    }
    return this.#options.verbatim?.has(index) === true ? payload : this.#substituted(payload);
  }

  async #expectRequest(message: RecordedMessage): Promise<void> {
    const { lane, label, command, counter } = message;
    if (command === "file_end") return this.#expectFileEnd(message);
    const live = command === "str_upd" ? await this.#wholeString(message) : await this.#request(lane, label);
    this.#liveCounters.set(counter, live.counter);
    same(label, `${live.field} ${shown(live.payload)}`, `${message.field} ${shown(live.payload)}`);
    if (command === "file_upd") this.#takePiece(live, message);
    else this.#comparePayload(message, live.payload);
    this.#compareCause(message, live);
    this.compared += 1;
  }

  async #expectAnswer(message: RecordedMessage): Promise<void> {
    const live = await this.#answerTo(message.counter, message.label);
    same(message.label, `${live.field} ${shown(live.payload)}`, `${message.field} ${shown(live.payload)}`);
    this.#comparePayload(message, live.payload);
    this.compared += 1;
  }

  /** Further pieces of a file, which the recorded node sent whole, and its end: the archives are compared. */
  async #expectFileEnd(message: RecordedMessage): Promise<void> {
    const { lane, label } = message;
    let live = await this.#request(lane, label);
    for (; live.command === "file_upd"; live = await this.#request(lane, label)) {
      this.#takePiece(live, undefined);
      this.#answer(live, OK_FIELD, "File updated");
    }
    this.#liveCounters.set(message.counter, live.counter);
    same(label, `${live.field} ${shown(live.payload)}`, `${message.field} ${shown(live.payload)}`);
    const [path, checksum] = splitAtSpace(live.payload);
    same(label, path, this.#substituted(Buffer.from(this.#recordedPath(message))).toString());
    const { pieces, recorded } = this.#transferOf(path);
    const archive = Buffer.concat(pieces);
    same(label, checksum.toString("hex"), sha256(archive).toString("hex"));
    assert(recorded !== undefined, `${label}: the file had no bytes`);
    same(recorded.label, archiveContent(archive), archiveContent(this.#recordedArchive(recorded)));
    this.#transfers.delete(path);
    this.compared += 1;
  }

  /** A string that the recorded node sent whole, joined from the live node's pieces; all but the last are answered. */
  async #wholeString(message: RecordedMessage): Promise<LiveRequest> {
    const { lane, label } = message;
    const bytes = this.#substituted(this.#recordedPayload(message)).length;
    let live = await this.#request(lane, label);
    let { payload } = live;
    while (live.command === "str_upd" && payload.length < bytes) {
      this.#answer(live, OK_FIELD, "String updated");
      live = await this.#request(lane, label);
      payload = Buffer.concat([payload, splitAtSpace(live.payload)[1]]);
    }
    return { ...live, payload };
  }

  #takePiece(live: LiveRequest, recorded: RecordedMessage | undefined): void {
    const [path, bytes] = splitAtSpace(live.payload);
    if (recorded?.payload !== undefined) {
      same(recorded.label, path, this.#substituted(Buffer.from(this.#recordedPath(recorded))).toString());
    }
    const transfer = this.#transferOf(path);
    transfer.pieces.push(bytes);
    transfer.recorded ??= recorded;
  }

  #comparePayload(message: RecordedMessage, live: Buffer): void {
    const { kind, command, about, label } = message;
    const recorded = this.#recordedPayload(message).toString();
    const text = live.toString();
    if (kind === "request" && command === "new_file") return this.#chosen(recorded, text, ARCHIVE_PATH, label);
    if (kind === "answer" && command === "ok") {
      if (about === "syn_i_w_m" || about === "syn_e_w_m" || about === "syn_m_c") {
        return this.#chosen(recorded, text, UUID, label);
      }
      if (about === "new_str") return this.#chosen(recorded, text, STRING_ID, label);
      if (about === "get_health") return sameHealth(label, text, recorded);
      // The recorded master's text is the address of an object.
      if (about === "syn_w_g_c") return;
    }
    same(label, withoutSeconds(text), withoutSeconds(this.#expectedText(message)));
  }

  /** Both nodes chose a name of the same shape: from here on, one stands for the other. */
  #chosen(recorded: string, live: string, shape: RegExp, label: string): void {
    assert.match(recorded, shape, label);
    assert.match(live, shape, label);
    const isPath = recorded.startsWith("/");
    this.#names.set(isPath ? recorded.slice(1) : recorded, isPath ? live.slice(1) : live);
  }

  /** A worker offers group files only once it has the master's archive that asks for them. */
  #compareCause({ command, index, label }: RecordedMessage, live: LiveRequest): void {
    if (this.#options.side !== "master" || command !== "syn_e_w_m_p") return;
    const causes = [...this.#announced].filter(([cause]) => cause < index).map(([, sent]) => sent);
    assert(
      (causes.at(-1) ?? Infinity) <= live.sentBefore,
      `${label}: it came before the master's archive was announced`,
    );
  }

  #recordedPayload(message: RecordedMessage): Buffer {
    assert(message.payload !== undefined, `${message.label}: the recording left its payload out`);
    return message.payload;
  }

  #expectedText(message: RecordedMessage): string {
    const payload = this.#recordedPayload(message);
    const keep = this.#options.verbatim?.has(message.index) === true;
    return (keep ? payload : this.#substituted(payload)).toString();
  }

  #recordedPath(message: RecordedMessage): string {
    if (message.payload !== undefined) return splitAtSpace(message.payload)[0];
    const path = this.#openedFiles.get(message.lane);
    assert(path !== undefined, `${message.label}: no file was opened before it`);
    return path;
  }

  #recordedArchive(message: RecordedMessage): Buffer {
    const given = this.#options.archives?.get(message.index);
    const archive = given ?? this.#standIns.translate(splitAtSpace(this.#recordedPayload(message))[1]);
    if (message.sender === this.#options.side) {
      const path = this.#recordedPath(message);
      const pieces = this.#transfers.get(path)?.pieces ?? [];
      this.#transfers.set(path, { pieces: [...pieces, archive], recorded: message });
    }
    return archive;
  }

  #substituted(payload: Buffer): Buffer {
    let result = payload;
    for (const [recorded, live] of this.#names) {
      if (result.includes(recorded))
        result = Buffer.from(result.toString("latin1").replaceAll(recorded, live), "latin1");
    }
    return result;
  }

  #transferOf(path: string): { pieces: Buffer[]; recorded: RecordedMessage | undefined } {
    const transfer = this.#transfers.get(path) ?? { pieces: [], recorded: undefined };
    this.#transfers.set(path, transfer);
    return transfer;
  }

  #receive(message: WireMessage): void {
    const { counter, command, payload } = message;
    if (ANSWERS.has(command) && this.#answers.has(counter)) {
      this.#answers.get(counter)?.put(message);
    } else if (command === "echo") {
      this.#answer(message, OK_FIELD, payload);
    } else if (command === "echo-m") {
      this.probes += 1;
      this.#answer(message, "ok-c -------", payload);
    } else if (command === "echo-c" && this.#options.side === "master") {
      // By the worker's own clock: every one is as the recorded ones, whatever their number.
      if (payload.toString() !== "keepalive") this.#unexpected.push(`echo-c ${payload.toString()}`);
      this.keepalives += 1;
      this.#answer(message, "ok-m  ------", payload);
    } else if (command === "muster" && this.#options.side === "master" && !this.#isToldOfFeatures) {
      // Nodes of muster tell each other of features, once; the recorded master knows no such command.
      this.#isToldOfFeatures = true;
      this.#answer(message, "err --------", "unknown command 'b'muster''");
    } else {
      const lane = this.#laneOf(message);
      const request = { ...message, sentBefore: this.#sent };
      if (this.#finished.has(lane)) this.#takeLate(request);
      else this.#inbox(lane).put(request);
    }
  }

  #laneOf({ command, payload }: WireMessage): Lane {
    const known = laneOfCommand(command);
    if (known !== undefined) return known;
    const { side, strings = side === "worker" ? "dapi" : "agentInfo" } = this.#options;
    if (STRING_COMMANDS.has(command)) return strings;
    if (side === "worker") return "integrity";
    if (command === "new_file") {
      const lane = this.#awaitedFiles.shift() ?? "commands";
      this.#fileLanes.set(payload.toString(), lane);
      return lane;
    }
    return this.#fileLanes.get(splitAtSpace(payload)[0]) ?? "commands";
  }

  #finish(lane: Lane): void {
    this.#finished.add(lane);
    for (const request of this.#inbox(lane).drain()) this.#takeLate(request);
  }

  /** The recording is over, the node's timers are not: no further round is permitted. */
  #takeLate(request: LiveRequest): void {
    if (this.#options.side === "master" && PERMISSIONS.has(request.command)) {
      this.refusals += 1;
      this.#answer(request, OK_FIELD, "False");
    } else {
      this.#unexpected.push(`${request.command} ${request.payload.toString().slice(0, 100)}`);
    }
  }

  #answer({ counter }: WireMessage, field: string, payload: string | Uint8Array): void {
    this.#options.wire.send({ counter, field, body: { payload: Buffer.from(payload) } });
  }

  #inbox(lane: Lane): ReplayInbox<LiveRequest> {
    const inbox = this.#inboxes.get(lane) ?? new ReplayInbox();
    this.#inboxes.set(lane, inbox);
    return inbox;
  }

  #request(lane: Lane, what: string): Promise<LiveRequest> {
    return this.#inbox(lane).next(
      this.#options.timeout ?? MESSAGE_TIMEOUT,
      `the ${otherSide(this.#options.side)}'s ${what}`,
    );
  }

  async #answerTo(counter: number, what: string): Promise<WireMessage> {
    const answers = this.#answers.get(counter);
    assert(answers !== undefined, `${what}: its request has not been sent`);
    const answer = await answers.next(this.#options.timeout ?? MESSAGE_TIMEOUT, what);
    this.#answers.delete(counter);
    return answer;
  }
}
