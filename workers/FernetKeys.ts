import { FernetKey } from "../src/protocol/fernet.js";

/** Cluster keys that one thread keeps ready: several are accepted at once while a key is being changed. */
const MOST_KEYS = 16;

/** Key objects by cluster key, so that a job of a few kilobytes does not begin with making one. */
export class FernetKeys {
  private readonly keys = new Map<string, FernetKey>();

  /** @throws MusterError 3004 for what is no cluster key. */
  of(clusterKey: string): FernetKey {
    const known = this.keys.get(clusterKey);
    if (known !== undefined) return known;
    const key = FernetKey.fromClusterKey(clusterKey);
    if (this.keys.size >= MOST_KEYS) this.keys.clear();
    this.keys.set(clusterKey, key);
    return key;
  }
}
