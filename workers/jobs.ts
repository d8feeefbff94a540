import type { ClusterItems } from "../src/config/ClusterItems.js";
import type { Limits } from "../src/config/Limits.js";
import type { Dialect } from "../src/protocol/dialects/Dialect.js";
import type { OpenedInPlace } from "../src/protocol/fernet.js";

/**
 * The jobs of the thread pool. A job is plain data with a `kind`; `workers/doJob.ts` does it. Large
 * results live on disk or in SharedArrayBuffers, so that neither is copied through the main thread:
 * what a job returns to it are counts, paths and references.
 */

/** What every integrity job needs to know about the node. */
export interface NodeScope {
  readonly root: string;
  readonly nodeName: string;
  readonly items: ClusterItems;
  readonly dialect: Dialect;
  readonly limits: Limits;
}

/** A file that a job had to leave out, and why. `code` is the system's code where there is one. */
export interface FileProblem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** A file with one certain content. */
export interface FileVersion {
  readonly path: string;
  /** Hexadecimal. */
  readonly hash: string;
}

/** How many files each group of a comparison holds. */
export interface DifferenceCounts {
  readonly missing: number;
  readonly shared: number;
  readonly extra: number;
  readonly extraValid: number;
}

/** Walks the tree; files unchanged since `previous` (mtime and size) keep their hash. */
export interface WalkJob {
  readonly kind: "walk";
  readonly scope: NodeScope;
  /** The packed index of the last pass. */
  readonly previous?: SharedArrayBuffer;
}
export interface WalkResult {
  /** A packed index in which the entries to hash have no hash yet. */
  readonly draft: SharedArrayBuffer;
  readonly files: number;
  /** Slots of the draft that need hashing, cut into batches of similar weight: [from, to) pairs. */
  readonly batches: readonly (readonly [number, number])[];
  /** Files to hash, in all batches together. */
  readonly toHash: number;
  /** False when the tree holds exactly what `previous` says: then `draft` is as good as `previous`. */
  readonly changed: boolean;
  readonly problems: readonly FileProblem[];
}

/** Hashes the unhashed entries of slots [from, to) and writes the hashes into the draft in place. */
export interface HashJob {
  readonly kind: "hash";
  readonly scope: NodeScope;
  readonly draft: SharedArrayBuffer;
  readonly from: number;
  readonly to: number;
}
export interface HashResult {
  readonly hashed: number;
  /** Files that vanished or could not be read: flagged in the draft, and absent for every reader. */
  readonly problems: readonly FileProblem[];
}

/** Writes an archive that holds only files_metadata.json: a worker's whole index. */
export interface PackIndexJob {
  readonly kind: "packIndex";
  readonly scope: NodeScope;
  readonly index: SharedArrayBuffer;
  /** Absolute path of the archive to make. */
  readonly destination: string;
}
export interface PackResult {
  readonly bytes: number;
  readonly files: number;
  /** Of the whole archive: what its transfer ends with. */
  readonly sha256: Uint8Array;
}

/** Reads a worker's archive (only files_metadata.json) into a packed index, validated. */
export interface ReadIndexJob {
  readonly kind: "readIndex";
  readonly scope: NodeScope;
  readonly archive: string;
}
export interface ReadIndexResult {
  readonly index: SharedArrayBuffer;
  readonly files: number;
}

/** Compares the master's index with a worker's. */
export interface CompareJob {
  readonly kind: "compare";
  readonly scope: NodeScope;
  readonly own: SharedArrayBuffer;
  readonly peer: SharedArrayBuffer;
  /** Extra-valid files that must not be asked for again as long as they have this hash. */
  readonly settled?: readonly FileVersion[];
}
export interface CompareResult {
  readonly counts: DifferenceCounts;
  /** The group files that the worker will be asked for. */
  readonly extraValid: readonly FileVersion[];
  /** The difference, encoded; only other jobs read it. */
  readonly difference: SharedArrayBuffer;
  /** The same for differences whose archives hold the same; null when the archive can be this worker's only. */
  readonly content: string | null;
}

/** Packs missing and shared files and the difference's metadata for one worker. */
export interface PackDifferenceJob {
  readonly kind: "packDifference";
  readonly scope: NodeScope;
  readonly difference: SharedArrayBuffer;
  readonly workerName: string;
  readonly destination: string;
  /** Bytes of the archive without its metadata, packed; not known to a format that does not pack. */
  readonly mostPackedBytes?: number;
}
export interface PackDifferenceResult extends PackResult {
  /** After files that vanished meanwhile were moved or left out. */
  readonly counts: DifferenceCounts;
  readonly problems: readonly FileProblem[];
}

/** Unpacks a master's archive into a private folder; refuses whatever its metadata does not list. */
export interface UnpackJob {
  readonly kind: "unpack";
  readonly scope: NodeScope;
  readonly archive: string;
  /** Absolute path of the folder to make (`<archive>dir`). */
  readonly folder: string;
}
export interface UnpackResult {
  readonly files: number;
  readonly bytes: number;
  readonly counts: DifferenceCounts;
}

/** Applies an unpacked archive to the tree. One bad file is a problem; the rest goes on. */
export interface ApplyJob {
  readonly kind: "apply";
  readonly scope: NodeScope;
  readonly folder: string;
}
export interface ApplyResult {
  readonly created: number;
  readonly overwritten: number;
  readonly deleted: number;
  readonly problems: readonly FileProblem[];
  /** Paths of the group files that the master asks for. */
  readonly extraValid: readonly string[];
  /** A file of an item with `restart` was changed: rules, decoders, lists. */
  readonly rulesetChanged: boolean;
  /** Agents that a new client.keys no longer lists; their `belongs` rows are to go. */
  readonly removedAgents: readonly string[];
}

/** Merges the asked-for group files into one (protocol.md 9). */
export interface MergeGroupsJob {
  readonly kind: "mergeGroups";
  readonly scope: NodeScope;
  readonly paths: readonly string[];
  /** Absolute path of the merged file to make. */
  readonly destination: string;
}
export interface MergeGroupsResult {
  readonly parts: number;
  readonly problems: readonly FileProblem[];
}

/** Packs a merged file with its metadata: the extra-valid archive (protocol.md 6). */
export interface PackGroupsJob {
  readonly kind: "packGroups";
  readonly scope: NodeScope;
  /** Path of the merged file relative to root, as it is named in the archive. */
  readonly merged: string;
  readonly destination: string;
}

/** The master's side: writes group files of agents that it knows. */
export interface ApplyExtraValidJob {
  readonly kind: "applyExtraValid";
  readonly scope: NodeScope;
  readonly workerName: string;
  readonly archive: string;
  /** Group files that the master asked this worker for; others are refused. */
  readonly asked: readonly string[];
}
export interface ApplyExtraValidResult {
  readonly written: number;
  /** Older than the master's own file. */
  readonly older: number;
  /** Ids of agents that the master's client.keys does not list. */
  readonly unknownAgents: readonly string[];
  readonly problems: readonly FileProblem[];
}

/** Encrypts a payload (transferred in) to a Fernet token (transferred out). */
export interface EncryptJob {
  readonly kind: "encrypt";
  readonly key: string;
  readonly payload: Uint8Array;
  readonly seconds: number;
  readonly iv: Uint8Array;
}
/** Decrypts a Fernet token (transferred in) to its payload (transferred out); error 3025. */
export interface DecryptJob {
  readonly kind: "decrypt";
  readonly key: string;
  readonly token: Uint8Array;
}
export interface CryptResult {
  readonly bytes: Uint8Array;
}

/** Encrypts a part of a file to a Fernet token in shared memory. */
export interface SealFileJob {
  readonly kind: "sealFile";
  readonly key: string;
  /** Clear bytes that stand before those of the file. */
  readonly prefix: Uint8Array;
  /** Absolute. */
  readonly file: string;
  readonly position: number;
  readonly length: number;
  readonly seconds: number;
  readonly iv: Uint8Array;
  /** Where the token goes, from `offset` on. */
  readonly target: SharedArrayBuffer;
  readonly offset: number;
}
export interface SealedResult {
  /** The token's length. */
  readonly bytes: number;
}

/** Decrypts a Fernet token in its own shared memory; error 3025 when no key verifies it. */
export interface OpenInPlaceJob {
  readonly kind: "openInPlace";
  readonly keys: readonly string[];
  readonly memory: SharedArrayBuffer;
  readonly offset: number;
  readonly length: number;
}

/** Job kind → its job and its result. */
export interface PoolJobs {
  walk: { job: WalkJob; result: WalkResult };
  hash: { job: HashJob; result: HashResult };
  packIndex: { job: PackIndexJob; result: PackResult };
  readIndex: { job: ReadIndexJob; result: ReadIndexResult };
  compare: { job: CompareJob; result: CompareResult };
  packDifference: { job: PackDifferenceJob; result: PackDifferenceResult };
  unpack: { job: UnpackJob; result: UnpackResult };
  apply: { job: ApplyJob; result: ApplyResult };
  mergeGroups: { job: MergeGroupsJob; result: MergeGroupsResult };
  packGroups: { job: PackGroupsJob; result: PackResult };
  applyExtraValid: { job: ApplyExtraValidJob; result: ApplyExtraValidResult };
  encrypt: { job: EncryptJob; result: CryptResult };
  decrypt: { job: DecryptJob; result: CryptResult };
  sealFile: { job: SealFileJob; result: SealedResult };
  openInPlace: { job: OpenInPlaceJob; result: OpenedInPlace };
}
export type JobKind = keyof PoolJobs;
export type PoolJob = PoolJobs[JobKind]["job"];

/** A job as it goes to a thread. */
export interface CancellableJob {
  readonly job: PoolJob;
  /** One shared word; not 0: nobody waits for the job any more, and it need not begin. */
  readonly cancelled: Int32Array;
}

/** What a pool thread returns: errors travel as data, because threads strip an error's code. */
export type PoolAnswer =
  | { readonly ok: true; readonly result: PoolJobs[JobKind]["result"] }
  | { readonly ok: false; readonly error: { readonly code: number; readonly message: string; readonly extra: string | null; readonly systemCode: string | null } };
