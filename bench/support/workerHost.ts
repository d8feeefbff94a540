import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWorker } from "../../src/library/createNode.js";
import { BENCH_CLUSTER, BENCH_KEY } from "./BenchNode.js";

interface HostedWorkers {
  readonly port: number;
  readonly roots: readonly string[];
}

/** Real muster workers, with machines and trees of their own, in one process. Resolves once they have begun to look for their master. */
export async function hostWorkers(workers: HostedWorkers): Promise<ChildProcess> {
  const child = fork(import.meta.filename, ["host"], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  child.send(workers);
  await once(child, "message");
  return child;
}

async function host({ port, roots }: HostedWorkers): Promise<void> {
  for (const [at, root] of roots.entries()) {
    const name = `w${String(at + 1)}`;
    const node = await createWorker({ root, name, cluster: BENCH_CLUSTER, key: BENCH_KEY, port, master: "127.0.0.1", threads: 1 });
    await node.start();
  }
  process.send?.("started");
}

if (process.argv[1] === import.meta.filename && process.argv[2] === "host") {
  process.once("message", (workers: HostedWorkers) => void host(workers));
  // The bench has ended, however it did.
  process.once("disconnect", () => process.exit());
}
