import { numberIn, objectIn } from "./applyFrame.js";
import { h, setAttribute, setChildren, setText } from "./dom.js";
import { bytes, count, duration } from "./format.js";
import type { Scene, View } from "./Scene.js";
import type { TransferView } from "./wire.js";

interface Row {
  readonly element: HTMLElement;
  readonly peer: HTMLElement;
  readonly path: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly amount: HTMLElement;
  readonly files: HTMLElement;
  readonly speed: HTMLElement;
}

const MOST_ROWS = 60;

/** Files on their way: how much of them, how fast. Ended ones stay for some seconds. */
export class TransfersView implements View {
  readonly element: HTMLElement;
  readonly #body = h("tbody");
  readonly #empty = h("p", { class: "hint" }, "Nothing is on its way. Ended transfers stay here for 20 s.");
  readonly #rows = new Map<string, Row>();

  constructor() {
    const names = ["Peer", "File", "Progress", "Bytes", "Files", "Speed"];
    const head = h("thead", {}, h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name))));
    this.element = h("div", { class: "transfers", role: "region", tabindex: "0", "aria-label": "Transfers" }, h("table", {}, head, this.#body), this.#empty);
  }

  render(scene: Scene): void {
    const all = Object.values(scene.state.transfers).sort((one, other) => other.startedAt - one.startedAt);
    const shown = all.slice(0, MOST_ROWS);
    const ids = new Set(shown.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    this.#empty.hidden = shown.length > 0;
    setChildren(this.#body, shown.map((transfer) => this.#row(transfer, scene)));
  }

  #row(transfer: TransferView, scene: Scene): HTMLElement {
    const { id, peer, direction, path, bytes: done, total, state, startedAt, at } = transfer;
    const row = this.#rows.get(id) ?? makeRow();
    this.#rows.set(id, row);
    setAttribute(row.element, "data-state", state);
    setText(row.peer, `${direction === "out" ? "to" : "from"} ${peer}`);
    setText(row.path, path.split("/").at(-1) ?? path);
    setAttribute(row.path, "title", path);
    const end = state === "done" ? Math.max(done, 1) : total;
    if (end === null) row.bar.removeAttribute("value");
    else {
      row.bar.max = Math.max(1, end);
      row.bar.value = state === "done" ? row.bar.max : done;
    }
    setAttribute(row.bar, "aria-label", `${path}: ${state}`);
    const amount = total === null || state === "done" ? bytes(done) : `${bytes(done)} of ${bytes(total)}`;
    setText(row.amount, state === "failed" ? `${amount}, failed` : amount);
    setText(row.files, filesOf(transfer, scene));
    const time = at - startedAt;
    const rate = time > 0 ? `${bytes((done * 1000) / time)}/s` : "";
    setText(row.speed, state === "running" ? rate : `${rate}${rate === "" ? "" : ", "}${duration(time)}`);
    return row.element;
  }
}

function makeRow(): Row {
  const [peer, path, amount, files, speed] = [h("td"), h("td", { class: "path" }), h("td"), h("td"), h("td")];
  const bar = h("progress", { max: 1 });
  const element = h("tr", {}, peer, path, h("td", {}, bar), amount, files, speed);
  return { element, peer, path, bar, amount, files, speed };
}

/** How many files an archive holds, as the process that packed it, or that it is for, counts them. */
function filesOf({ peer, path, direction }: TransferView, { state, node }: Scene): string {
  const actors = Object.values(state.actors).filter((actor) => node.type === "worker" || actor.peer === peer);
  const packer = actors.find(({ context }) => context["packedPath"] === path);
  if (packer?.machine === "integritySync") {
    const counts = objectIn(packer.context, "counts");
    return count((numberIn(counts, "missing") ?? 0) + (numberIn(counts, "shared") ?? 0), "file");
  }
  if (packer?.machine === "integrityCheck") return `index of ${count(numberIn(packer.context, "files") ?? 0, "file")}`;
  if (packer?.machine === "extraValidSend") return count(numberIn(packer.context, "parts") ?? 0, "group file");
  const receiver = actors.find(({ context }) => context["receivedPath"] === path);
  if (direction === "in" && receiver?.machine === "integritySync") return `index of ${count(numberIn(receiver.context, "files") ?? 0, "file")}`;
  return "";
}
