import { z } from "zod";
import type { NodeFiles } from "../../CatalogueFunction.js";

/** Names of hash algorithms in the API, and in this program. */
const ALGORITHMS = {
  md5: "md5",
  sha1: "sha1",
  sha224: "sha224",
  sha256: "sha256",
  sha384: "sha384",
  sha512: "sha512",
  blake2b: "blake2b512",
  blake2s: "blake2s256",
  sha3_224: "sha3-224",
  sha3_256: "sha3-256",
  sha3_384: "sha3-384",
  sha3_512: "sha3-512",
} as const;

export type HashAlgorithm = keyof typeof ALGORITHMS;

export const hashAlgorithm = z
  .enum(Object.keys(ALGORITHMS) as [HashAlgorithm, ...HashAlgorithm[]])
  .nullish()
  .transform((name) => name ?? "md5")
  .describe("With which algorithm files are hashed.");

/** A file's hash in hexadecimal; null when it is not there, is no file or may not be read. */
export async function hashOf(files: NodeFiles, path: string, algorithm: HashAlgorithm): Promise<string | null> {
  try {
    return await files.hash(path, ALGORITHMS[algorithm]);
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === "string") return null;
    throw error;
  }
}
