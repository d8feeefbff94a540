/** What a figure must reach: itself, or as a multiple of the limit. */
export interface Goal {
  /** The figure is at most, or at least, this. */
  readonly most?: number;
  readonly least?: number;
  /** Figure ÷ limit is at most, or at least, this. */
  readonly mostOfLimit?: number;
  readonly leastOfLimit?: number;
}

/** One figure, and what the machine itself can do of the same kind, measured in the same run. */
export interface BenchRow {
  readonly what: string;
  readonly figure: number;
  /** Absent where the machine has no limit of the kind: memory, for example. */
  readonly limit?: number;
  /** For example `/s`. */
  readonly unit: string;
  /** Absent where no goal is set. */
  readonly goal?: Goal;
  /** More of the same measurement, for people: latencies, processor time. */
  readonly detail?: string;
}

/** What a benchmark file exports. */
export interface Bench {
  /** @param wanted whether a piece of work, by its name, is to be done: a costly one that is not is left out */
  measure(wanted: (work: string) => boolean): Promise<readonly BenchRow[]>;
}
