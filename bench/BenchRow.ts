/** One figure, and what the machine itself can do of the same kind, measured in the same run. */
export interface BenchRow {
  readonly what: string;
  readonly figure: number;
  readonly limit: number;
  /** For example `/s`. */
  readonly unit: string;
  /** More of the same measurement, for people: latencies, processor time. */
  readonly detail?: string;
}
