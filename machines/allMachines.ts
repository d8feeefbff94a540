import type { AnyStateMachine } from "xstate";
import { agentGroupsCollect } from "./agentGroupsCollect.js";
import { agentGroupsReceive } from "./agentGroupsReceive.js";
import { agentGroupsSend } from "./agentGroupsSend.js";
import { agentInfoSend } from "./agentInfoSend.js";
import { agentInfoSync } from "./agentInfoSync.js";
import { dapiQueue } from "./dapiQueue.js";
import { dapiRequest } from "./dapiRequest.js";
import { extraValidSend } from "./extraValidSend.js";
import { extraValidSync } from "./extraValidSync.js";
import { integrityApply } from "./integrityApply.js";
import { integrityCheck } from "./integrityCheck.js";
import { integrityIndexer } from "./integrityIndexer.js";
import { integritySync } from "./integritySync.js";
import { keepalive } from "./keepalive.js";
import { keepaliveMonitor } from "./keepaliveMonitor.js";
import { localClient } from "./localClient.js";
import { localServer } from "./localServer.js";
import { master } from "./master.js";
import { sendsyncQueue } from "./sendsyncQueue.js";
import { worker } from "./worker.js";
import { workerPeer } from "./workerPeer.js";

/** Every machine in the order of actors.md: the master's, the worker's, those of both. A new machine is a line here. */
export const ALL_MACHINES: readonly AnyStateMachine[] = [
  master,
  integrityIndexer,
  keepaliveMonitor,
  agentGroupsCollect,
  workerPeer,
  integritySync,
  extraValidSync,
  agentInfoSync,
  agentGroupsSend,
  worker,
  keepalive,
  integrityCheck,
  integrityApply,
  extraValidSend,
  agentInfoSend,
  agentGroupsReceive,
  dapiQueue,
  dapiRequest,
  sendsyncQueue,
  localServer,
  localClient,
];
