import type { AgentInfoOutcome } from "../../machines/agentInfoSync.js";
import { PythonFloat, stringifyPython } from "../protocol/pythonJson.js";

/** What a node stored, as the other one reads it: `syn_m_a_e`, `syn_w_g_e`, `syn_wgc_e` (dialects.md 1.7, 1.8). */
export function storeResult({ updatedChunks, errorMessages, timeSpent }: AgentInfoOutcome): string {
  return stringifyPython({
    updated_chunks: updatedChunks,
    error_messages: errorMessages,
    ...(timeSpent === undefined ? {} : { time_spent: new PythonFloat(timeSpent) }),
  });
}
