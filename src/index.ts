/** muster as a library: nodes of a cluster in a program of one's own (docs/library.md). */
export { createMaster, createWorker } from "./library/createNode.js";
export { ClusterNode } from "./library/ClusterNode.js";
export type { ClusterNodeOptions, NodeAnswer, NodeLife, NodeRequest } from "./library/ClusterNode.js";
export type { MasterOptions, NodeOptions, SettingValue, WorkerOptions } from "./library/NodeOptions.js";
export type { ActorState, StateChange } from "./library/NodeState.js";
export type { NodeEnd } from "./node/startNode.js";
export { ConfigurationError } from "./config/ConfigurationError.js";
export type { ConfigurationProblem } from "./config/ConfigurationProblem.js";
export type { NodeConfig } from "./config/NodeConfig.js";
export { MusterError } from "./protocol/errors/MusterError.js";
export type { LogContext, LogFields, Logger, LogLevel } from "./telemetry/Logger.js";
