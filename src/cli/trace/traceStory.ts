import Table from "cli-table3";
import { ALL_MACHINES } from "../../../machines/allMachines.js";
import { eventName } from "../../node/trace/possibleStates.js";
import type { TraceHeader, TraceLine } from "../../node/trace/TraceLine.js";
import type { ProcessSummary, StateTime } from "./TraceSummary.js";

const MACHINES = new Map(ALL_MACHINES.map((machine) => [machine.id, machine]));

/** `0.012s`, `1m 02.500s`. */
export function spanText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const seconds = ((milliseconds % 60_000) / 1000).toFixed(3);
  return minutes === 0 ? `${seconds}s` : `${String(minutes)}m ${seconds.padStart(6, "0")}s`;
}

export function headerText({ node, nodeType, version, clusterVersion, startedAt }: TraceHeader): string {
  return `Trace of the ${nodeType} ${shown(node)} from ${startedAt}, muster ${version ?? "(unknown version)"}, cluster version ${clusterVersion}.`;
}

/** One change of state as a sentence: when, who, from where to where and why, how long it had stayed, and what came of it. */
export function changeText(line: TraceLine, stayed: number | undefined): string {
  const { elapsed, machine, peer, actor, from, state, event, task, bytes, files, error } = line;
  const chart = MACHINES.get(machine);
  const why = chart === undefined ? event : eventName(chart, event);
  const who = `${shown(machine)}${peer === undefined ? "" : ` of ${shown(peer)}`} (${shown(actor)})`;
  const what = from === undefined ? `begins in ${shown(state)}` : `${shown(from)} → ${shown(state)}: ${shown(why)}`;
  const facts = [
    ...(stayed === undefined ? [] : [`after ${spanText(stayed)}`]),
    ...(task === undefined ? [] : [`task ${shown(task)}`]),
    ...(bytes === undefined || bytes === 0 ? [] : [`${bytes} bytes`]),
    ...(files === undefined || files === 0 ? [] : [`${files} files`]),
  ];
  const failure = error === undefined ? "" : ` FAILED in ${shown(error.step)}: Error ${error.code}, ${shown(error.message)}`;
  return `${`+${spanText(elapsed)}`.padStart(12)}  ${who}  ${what}${facts.length === 0 ? "" : ` [${facts.join(", ")}]`}${failure}`;
}

/** What the processes did, as a table; empty without any. */
export function processTable(processes: readonly ProcessSummary[]): string {
  if (processes.length === 0) return "";
  const table = plainTable(["PROCESS", "PEER", "ROUNDS", "FAILED", "TRANSFERS", "BYTES"]);
  for (const { machine, peer, rounds, failures, transfers, bytes } of processes) {
    table.push([shown(machine), shown(peer || "-"), rounds, failures, transfers, bytes]);
  }
  return table.toString();
}

/** How long the actors stayed in their states, as a table; empty without any. */
export function stateTable(states: readonly StateTime[]): string {
  if (states.length === 0) return "";
  const table = plainTable(["MACHINE", "PEER", "STATE", "TIMES", "IN ALL", "LONGEST"]);
  for (const { machine, peer, state, times, total, longest } of states) {
    table.push([shown(machine), shown(peer || "-"), shown(state), times, spanText(total), spanText(longest)]);
  }
  return table.toString();
}

/** Text of a file that anybody may have written: control characters as escapes, so that it steers no terminal. */
function shown(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => JSON.stringify(character).slice(1, -1));
}

function plainTable(head: string[]) {
  const none = { top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " };
  return new Table({ head, chars: none, style: { head: [], border: [], "padding-left": 0, "padding-right": 0 } });
}
