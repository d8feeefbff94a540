import { z } from "zod";

/** When a change of a setting takes effect in a running node that gets SIGHUP. */
export type Reload = "at once" | "new connections" | "restart";

/** What people are told of one setting; the documentation and the messages are made of it. */
export interface SettingNotes {
  /** What it is for, in one sentence. */
  readonly about: string;
  /** What may be written: follows "is not" in messages. */
  readonly allowed: string;
  /** Unit of a number; without one it is a count, or no number at all. */
  readonly unit?: string;
  readonly example: string;
  readonly reload: Reload;
}

/** A value of the schema with its notes. */
export function setting<Schema extends z.ZodType>(schema: Schema, notes: SettingNotes): Schema {
  return schema.meta({ ...notes });
}

/** One setting of the schema. */
export interface SettingRow {
  /** `http.tls.certificate` */
  readonly path: string;
  readonly default: unknown;
  readonly notes: SettingNotes;
  /** How a text of the environment or the command line becomes a value. */
  readonly kind: "text" | "number" | "boolean" | "list";
}

/** The settings of a schema, sections within it walked, in their order. */
export function settingRows(schema: z.ZodType, path = ""): readonly SettingRow[] {
  const inner = schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault ? schema.unwrap() : schema;
  if (inner instanceof z.ZodObject) {
    const shape: Readonly<Record<string, z.ZodType>> = inner.shape;
    return Object.entries(shape).flatMap(([name, value]) => settingRows(value, path === "" ? name : `${path}.${name}`));
  }
  const notes = schema.meta() as SettingNotes | undefined;
  if (notes === undefined) return [];
  return [{ path, default: schema.parse(undefined), notes, kind: kindOf(inner as z.ZodType) }];
}

function kindOf(schema: z.ZodType): SettingRow["kind"] {
  const inner = schema instanceof z.ZodNullable ? schema.unwrap() : schema;
  if (inner instanceof z.ZodNumber) return "number";
  if (inner instanceof z.ZodBoolean) return "boolean";
  return inner instanceof z.ZodArray ? "list" : "text";
}
