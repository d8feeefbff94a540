/** Whether the node serves. */
export interface Readiness {
  readonly ready: boolean;
  /** For people: why not, or `ready`. */
  readonly reason: string;
}
