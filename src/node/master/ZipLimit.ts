import type { ClusterIntervals } from "../../config/ClusterItems.js";
import type { Clock } from "../../protocol/Clock.js";
import { TransferCancelled } from "../TransferCancelled.js";

/** The cluster's settings of the limit. */
export type ZipLimitSettings = Pick<
  ClusterIntervals["communication"],
  "maxZipSize" | "minZipSize" | "zipLimitTolerance" | "timeoutReceivingFile"
>;

/**
 * How large an archive for one worker may be, packed: it shrinks when the worker gave one up before it was whole,
 * and grows again with each one that arrives with time to spare (dialects.md 1.5).
 */
export class ZipLimit {
  readonly #settings: ZipLimitSettings;
  #bytes: number;

  constructor(settings: ZipLimitSettings) {
    this.#settings = settings;
    this.#bytes = settings.maxZipSize;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Runs a transfer and learns from its end. */
  async adapt<Sent>(clock: Pick<Clock, "now">, transfer: () => Promise<Sent>): Promise<Sent> {
    const startedAt = clock.now();
    try {
      const sent = await transfer();
      this.#arrived((clock.now() - startedAt) / 1000);
      return sent;
    } catch (error) {
      if (error instanceof TransferCancelled) this.#cancelled(error.bytes);
      throw error;
    }
  }

  #cancelled(sentBytes: number): void {
    const { minZipSize, zipLimitTolerance } = this.#settings;
    this.#bytes = Math.max(minZipSize, Math.floor(sentBytes * (1 - zipLimitTolerance)));
  }

  #arrived(seconds: number): void {
    const { maxZipSize, zipLimitTolerance, timeoutReceivingFile } = this.#settings;
    if (seconds >= timeoutReceivingFile * (1 - zipLimitTolerance)) return;
    this.#bytes = Math.min(maxZipSize, Math.ceil(this.#bytes / (1 - zipLimitTolerance)));
  }
}
