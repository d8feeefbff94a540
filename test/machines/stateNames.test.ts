import { describe, expect, test } from "vitest";
import type { AnyStateMachine } from "xstate";
import { agentGroupsCollect } from "../../machines/agentGroupsCollect.js";
import { agentGroupsReceive } from "../../machines/agentGroupsReceive.js";
import { agentGroupsSend } from "../../machines/agentGroupsSend.js";
import { agentInfoSend } from "../../machines/agentInfoSend.js";
import { agentInfoSync } from "../../machines/agentInfoSync.js";
import { extraValidSend } from "../../machines/extraValidSend.js";
import { extraValidSync } from "../../machines/extraValidSync.js";
import { dapiQueue } from "../../machines/dapiQueue.js";
import { dapiRequest } from "../../machines/dapiRequest.js";
import { integrityApply } from "../../machines/integrityApply.js";
import { integrityCheck } from "../../machines/integrityCheck.js";
import { integrityIndexer } from "../../machines/integrityIndexer.js";
import { integritySync } from "../../machines/integritySync.js";
import { keepalive } from "../../machines/keepalive.js";
import { keepaliveMonitor } from "../../machines/keepaliveMonitor.js";
import { localClient } from "../../machines/localClient.js";
import { localServer } from "../../machines/localServer.js";
import { master } from "../../machines/master.js";
import { sendsyncQueue } from "../../machines/sendsyncQueue.js";
import { worker } from "../../machines/worker.js";
import { workerPeer } from "../../machines/workerPeer.js";

/** The tables of actors.md: the names are part of the interface. */
const NAMES: readonly (readonly [AnyStateMachine, string])[] = [
  [master, "starting, running, draining, stopped, failed"],
  [integrityIndexer, "waiting, indexing"],
  [keepaliveMonitor, "waiting, checking"],
  [workerPeer, "handshaking, connected, closing, closed"],
  [
    integritySync,
    "free, receivingFile, unpacking, comparing, confirming, packing, requestingTask, sendingFile, announcing, reportingError",
  ],
  [extraValidSync, "free, receivingFile, unpacking, applying, reportingError"],
  [agentInfoSync, "free, storing, reporting, reportingError"],
  [worker, "disconnected, connecting, handshaking, connected, waitingToReconnect, draining, stopped, failed"],
  [keepalive, "waiting, pinging, lost"],
  [
    integrityCheck,
    "free, indexing, awaitingPermission, requestingTask, packing, sendingFile, announcing, awaitingVerdict, reportingError",
  ],
  [integrityApply, "free, receivingFile, unpacking, applying, reportingError"],
  [
    extraValidSend,
    "free, merging, awaitingPermission, requestingTask, packing, sendingFile, announcing, reportingError",
  ],
  [agentGroupsCollect, "delaying, waiting, collecting"],
  [agentGroupsSend, "free, collecting, sending, awaitingResult"],
  [agentGroupsReceive, "free, applying, reporting, comparing, askingFullSet, recalculating, reportingError"],
  [dapiQueue, "idle, working, saturated"],
  [dapiRequest, "resolving, executing, forwarding, collecting, responding, done, failed"],
  [sendsyncQueue, "idle, working, saturated"],
  [localServer, "idle, serving, saturated"],
  [localClient, "connected, closed"],
  [agentInfoSend, "free, awaitingPermission, collecting, sendingString, awaitingResult, reportingError"],
];

describe("the state names are those of the interface", () => {
  test.each(NAMES.map(([machine, names]) => ({ id: machine.id, machine, names })))("$id", ({ machine, names }) => {
    expect(Object.keys(machine.states).sort()).toEqual(names.split(", ").sort());
  });

  test("only the wait for a verdict has states within", () => {
    const nested = NAMES.flatMap(([machine]) =>
      Object.entries(machine.states).flatMap(([name, { states }]) =>
        Object.keys(states).map((inner) => `${machine.id}.${name}.${inner}`),
      ),
    );
    expect(nested).toEqual(["integrityCheck.awaitingVerdict.undecided", "integrityCheck.awaitingVerdict.filesComing"]);
  });
});
