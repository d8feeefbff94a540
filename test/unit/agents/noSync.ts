import type { AgentSync } from "../../../src/agents/AgentSync.js";

/** For stores whose three lists nobody asks for. */
export const noSync: AgentSync = {
  read: () => Promise.reject(new Error("this store has no lists")),
  write: () => Promise.reject(new Error("this store has no lists")),
};
