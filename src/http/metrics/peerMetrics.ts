import type { Registry } from "prom-client";
import type { NodeWatch } from "../../node/watch/NodeWatch.js";
import type { StepStatus } from "../../node/watch/StepWatch.js";
import type { PeerTraffic } from "../../node/watch/Traffic.js";
import { readCounter } from "./readCounter.js";
import { readGauge, type Reading } from "./readGauge.js";

/** Who is connected and in step, and what goes over the connections. */
export function addPeerMetrics(registry: Registry, { steps, traffic }: Pick<NodeWatch, "steps" | "traffic">): void {
  const ofWorkers = (name: string, help: string, value: (status: StepStatus) => number | null): void => {
    readGauge(registry, {
      name,
      help,
      labels: ["worker"],
      read: () =>
        steps.report().flatMap((status): Reading<"worker">[] => {
          const read = value(status);
          return read === null ? [] : [[{ worker: status.worker }, read]];
        }),
    });
  };
  ofWorkers("muster_worker_connected", "1 while a worker is connected, 0 once it is gone.", ({ connected }) => Number(connected));
  ofWorkers("muster_worker_in_step", "1 while the last comparison found a connected worker's files in order.", ({ inStep }) => Number(inStep));
  ofWorkers("muster_worker_out_of_step", "1 while a worker has had no confirmed check for longer than limits.outOfStepAfter.", ({ outOfStep }) => Number(outOfStep));
  ofWorkers("muster_worker_unconfirmed_seconds", "Seconds since a worker's files were last confirmed, or since it was first seen.", ({ seconds }) => seconds);
  readGauge(registry, {
    name: "muster_connected_peers",
    help: "Workers that are connected; on a worker 1 while it is connected to the master.",
    labels: [],
    read: () => [[{}, steps.report().filter(({ connected }) => connected).length]],
  });

  const ofTraffic = (name: string, help: string, inward: keyof PeerTraffic, outward: keyof PeerTraffic): void => {
    readCounter(registry, {
      name,
      help,
      labels: ["peer", "direction"],
      read: () =>
        traffic.read().flatMap((peer): Reading<"peer" | "direction">[] => [
          [{ peer: peer.peer, direction: "in" }, Number(peer[inward])],
          [{ peer: peer.peer, direction: "out" }, Number(peer[outward])],
        ]),
    });
  };
  ofTraffic("muster_bytes_total", "Bytes on the connections with a peer, as they were sent and received.", "bytesIn", "bytesOut");
  ofTraffic("muster_frames_total", "Frames on the connections with a peer.", "framesIn", "framesOut");
  ofTraffic("muster_transfers_total", "Files moved whole over the connections with a peer.", "filesIn", "filesOut");
  ofTraffic("muster_transfer_bytes_total", "Clear bytes of files moved over the connections with a peer.", "fileBytesIn", "fileBytesOut");
}
