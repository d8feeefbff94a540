import { h, setAttribute, setChildren, setText } from "./dom.js";
import { FollowedEnd } from "./FollowedEnd.js";
import { bytes, clockTime, duration } from "./format.js";
import { peersOf, type Choices, type Scene, type View } from "./Scene.js";
import type { MessageView } from "./wire.js";

/** Messages shown: the last ones before the instant that is looked at. */
const SHOWN_MESSAGES = 200;

/** The messages with the chosen peer, as a sequence between two lifelines, the newest below. */
export class MessagesView implements View {
  readonly element: HTMLElement;
  readonly #peer = h("select", { id: "peer", "aria-label": "Peer" });
  readonly #keepalives = h("input", { type: "checkbox", id: "keepalives" });
  readonly #left = h("span", { class: "end" });
  readonly #right = h("span", { class: "end" });
  readonly #list = h("ol", { class: "sequence", tabindex: "0", "aria-label": "Messages" });
  readonly #hint = h("p", { class: "hint" });
  readonly #end = new FollowedEnd(this.#list);
  readonly #rows = new Map<MessageView, HTMLElement>();
  readonly #choices: Choices;
  #peers = "";

  constructor(choices: Choices) {
    this.#choices = choices;
    this.#peer.addEventListener("change", () => {
      this.#choices.selectPeer(this.#peer.value === "" ? null : this.#peer.value);
    });
    const keepalives = h("label", { class: "check" }, this.#keepalives, "keepalives");
    this.element = h(
      "div",
      { class: "messages" },
      h("div", { class: "bar" }, h("label", {}, "With ", this.#peer), keepalives, this.#hint),
      h("div", { class: "ends" }, this.#left, this.#right),
      this.#list,
    );
  }

  render(scene: Scene): void {
    this.#offerPeers(scene);
    const { peer, at } = scene;
    setText(this.#left, scene.node.name);
    setText(this.#right, peer ?? "");
    const all = peer === null ? [] : (scene.history.traffic.get(peer) ?? []);
    const shown = all.filter((message) => message.at <= at && (this.#keepalives.checked || !isKeepalive(message))).slice(-SHOWN_MESSAGES);
    setText(this.#hint, hintOf(scene, shown.length));
    const wanted = new Set(shown);
    for (const message of this.#rows.keys()) if (!wanted.has(message)) this.#rows.delete(message);
    if (setChildren(this.#list, shown.map((message) => this.#row(message)))) this.#end.follow();
  }

  #offerPeers(scene: Scene): void {
    const peers = peersOf(scene);
    const key = peers.join();
    if (key !== this.#peers) {
      this.#peers = key;
      this.#peer.replaceChildren(h("option", { value: "" }, "nobody"), ...peers.map((peer) => h("option", { value: peer }, peer)));
    }
    if (this.#peer.value !== (scene.peer ?? "") && document.activeElement !== this.#peer) this.#peer.value = scene.peer ?? "";
  }

  #row(message: MessageView): HTMLElement {
    const made = this.#rows.get(message);
    if (made !== undefined) return made;
    const { at, direction, kind, counter, command, answers, bytes: size, duration: took, count } = message;
    const what = kind === "request" ? command : `${command}${answers === null ? "" : ` to ${answers}`}`;
    const details = `#${String(counter)}  ${bytes(size)}${count > 1 ? ` in ${String(count)} messages` : ""}`;
    const arrow = h("span", { class: "arrow" }, h("b", {}, what), h("span", {}, details));
    setAttribute(arrow, "data-direction", direction);
    const row = h(
      "li",
      { "data-kind": kind, "data-bad": command === "err" },
      h("time", {}, clockTime(at)),
      arrow,
      h("span", { class: "took" }, took === null ? "" : duration(took)),
    );
    this.#rows.set(message, row);
    return row;
  }
}

function isKeepalive({ command, answers }: MessageView): boolean {
  return command === "echo-c" || command === "echo-m" || answers === "echo-c" || answers === "echo-m";
}

function hintOf({ peer, source }: Scene, messages: number): string {
  if (peer === null) return "Choose a peer: its messages are followed from then on.";
  return messages === 0 && source === "live" ? "Messages are followed from the moment at which a peer is chosen." : "";
}
