import { Counter, type Registry } from "prom-client";
import type { GaugeDefinition } from "./readGauge.js";

/** Adds a counter whose sums the node keeps itself, and which are read when they are asked for. */
export function readCounter<Label extends string>(registry: Registry, { name, help, labels, read }: GaugeDefinition<Label>): void {
  new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    async collect() {
      const readings = await read();
      this.reset();
      for (const [values, value] of readings) this.inc(values, value);
    },
  });
}
