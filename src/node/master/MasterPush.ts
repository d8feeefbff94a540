import type { IndexOutcome } from "../../../machines/integrityIndexer.js";
import type { IncomingRequest } from "../../protocol/Channel.js";
import { ANSWER, TO_MASTER } from "../../protocol/commands.js";
import { FEATURE, formatFeatures, parseFeatures } from "../../protocol/features.js";
import type { FolderWatcher } from "../ports/FolderWatcher.js";
import { ChangeNews } from "./ChangeNews.js";
import type { MasterPeer } from "./MasterPeer.js";
import type { MasterServices } from "./MasterServices.js";
import { TreeWatch } from "./TreeWatch.js";

export interface MasterPushOptions {
  readonly services: Pick<MasterServices, "config" | "clock" | "logger" | "indexer">;
  readonly watchFolder: FolderWatcher | undefined;
  /** Files may have changed. */
  readonly onChange: () => void;
}

/** A master's part of the push: hears of changes of its files, and tells the workers that want to know (quality.md 1). */
export class MasterPush {
  readonly #services: MasterPushOptions["services"];
  readonly #news: ChangeNews;
  readonly #watch: TreeWatch | undefined;

  constructor({ services, watchFolder, onChange }: MasterPushOptions) {
    const { config, clock, logger } = services;
    this.#services = services;
    this.#news = new ChangeNews(clock);
    if (watchFolder === undefined || !config.settings.push.enabled) return;
    this.#watch = new TreeWatch({
      root: config.root,
      clock,
      watchFolder,
      onChange,
      onTrouble: (message) => {
        logger.warn(message, { subtag: "Local integrity" });
      },
    });
  }

  /** A pass over the files; `watched` in its outcome: changes after its beginning are told. */
  async index(signal: AbortSignal): Promise<IndexOutcome> {
    const { indexer, config } = this.#services;
    const isFirst = indexer.current === undefined;
    const watched = (await this.#watch?.cover(config.items)) ?? false;
    const outcome = await indexer.refresh(signal);
    this.#watch?.passed(outcome.changed, isFirst);
    return { ...outcome, watched };
  }

  /** Answers a worker that tells its features; false for another command. @throws MusterError 1000 for a payload of another form */
  command({ command, counter, payload }: IncomingRequest, peer: MasterPeer): boolean {
    if (command !== TO_MASTER.features) return false;
    peer.features = parseFeatures(payload);
    const own = this.#services.config.settings.push.enabled ? [FEATURE.push] : [];
    peer.connection.channel.answer(counter, ANSWER.ok, formatFeatures(own));
    return true;
  }

  /** Files have changed: those of the peers that want to know are told. */
  announce(peers: Iterable<MasterPeer>): void {
    this.#news.announce([...peers].filter(({ features }) => features.includes(FEATURE.push)));
  }

  /** A peer is gone. */
  forget(peer: MasterPeer): void {
    this.#news.forget(peer);
  }

  stop(): void {
    this.#news.stop();
    void this.#watch?.stop();
  }
}
