import type { History } from "./History.js";
import { TRACE_FORMAT, WIRE_VERSION, type ChartView, type NodeIdentity, type TraceFile } from "./wire.js";

/** Bytes of a file that is opened: more than the page ever exports. */
const LARGEST_TRACE = 64 * 1024 * 1024;

/** What the page knows of a node's last minutes, as a file. */
export function formatTrace(node: NodeIdentity, charts: Iterable<ChartView>, history: History): string {
  const { base, frames, traffic } = history.content;
  const trace: TraceFile = { format: TRACE_FORMAT, version: WIRE_VERSION, node, charts: [...charts], base, frames, traffic };
  return JSON.stringify(trace);
}

/** @throws Error that says what is wrong with the file */
export async function readTrace(file: File): Promise<TraceFile> {
  if (file.size > LARGEST_TRACE) throw new Error(`${file.name} is larger than ${String(LARGEST_TRACE / 1024 ** 2)} MiB: it is no trace of this page.`);
  let value: unknown;
  try {
    value = JSON.parse(await file.text());
  } catch (error) {
    throw new Error(`${file.name} is no JSON: choose a file that this page has exported.`, { cause: error });
  }
  const trace = value as Partial<TraceFile> | null;
  if (typeof trace !== "object" || trace === null || trace.format !== TRACE_FORMAT) {
    throw new Error(`${file.name} is no trace of the inspector: choose a file that this page has exported.`);
  }
  if (trace.version !== WIRE_VERSION) throw new Error(`${file.name} has version ${String(trace.version)}; this page reads version ${String(WIRE_VERSION)}.`);
  const { node, charts, base, frames, traffic } = trace;
  const isWhole = isObject(node) && Array.isArray(charts) && Array.isArray(frames) && Array.isArray(traffic) && isObject(base) && isObject(base.actors);
  if (!isWhole) throw new Error(`${file.name} is incomplete: export it again.`);
  return trace as TraceFile;
}

/** Hands a text to the viewer as a file. */
export function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
