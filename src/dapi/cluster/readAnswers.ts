import { z } from "zod";
import { MusterError } from "../../protocol/errors/MusterError.js";

const item = z.record(z.string(), z.unknown());
const nodes = z.object({ items: z.array(item), totalItems: z.number() });
const health = z.object({ n_connected_nodes: z.number(), nodes: item });

/** What a master answers to `get_nodes` (dapi.md 4.1). @throws MusterError 3016 for another form */
export function readNodes(json: string): z.output<typeof nodes> {
  return read(nodes, json);
}

/** What a master answers to `get_health` (dapi.md 4.2). @throws MusterError 3016 for another form */
export function readHealth(json: string): z.output<typeof health> {
  return read(health, json);
}

function read<Schema extends z.ZodType>(schema: Schema, json: string): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(json));
  } catch (error) {
    throw MusterError.cluster(3016, "the master's answer has another form than expected", { cause: error });
  }
}
