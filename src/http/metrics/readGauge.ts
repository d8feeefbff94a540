import { Gauge, type Registry } from "prom-client";

/** One value of a gauge, with its labels. */
export type Reading<Label extends string> = readonly [labels: Readonly<Record<Label, string>>, value: number];

export interface GaugeDefinition<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  /** Reads the values when they are asked for; what it does not give any more is gone from the answer. */
  readonly read: () => Iterable<Reading<Label>> | Promise<Iterable<Reading<Label>>>;
}

/** Adds a gauge that keeps nothing between two scrapes. */
export function readGauge<Label extends string>(registry: Registry, { name, help, labels, read }: GaugeDefinition<Label>): void {
  new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    async collect() {
      const readings = await read();
      this.reset();
      for (const [values, value] of readings) this.set(values, value);
    },
  });
}
