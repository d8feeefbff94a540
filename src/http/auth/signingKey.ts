import { createPrivateKey, createPublicKey, generateKeyPair } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { HttpStartError } from "../HttpStartError.js";
import { createSmallFile, readSmallFile } from "./smallFiles.js";

/** The private key's place below the root (dapi.md 3.7). */
const SIGNING_KEY_FILE = "api/configuration/security/private_key.pem";

const CURVE = "P-521";
/** OpenSSL's name of it, as key details have it. */
const CURVE_DETAIL = "secp521r1";
const FOLDER_MODE = 0o770;

/** Both halves as PEM. */
export interface SigningKey {
  readonly privatePem: string;
  readonly publicPem: string;
}

const generate = promisify(generateKeyPair);

/**
 * The key that signs tokens: made once, mode 0600, and then read.
 *
 * @throws HttpStartError when the file holds anything but a private key of this curve, or can't be read or written
 */
export async function signingKey(root: string): Promise<SigningKey> {
  const path = join(root, SIGNING_KEY_FILE);
  try {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    let pem = await readSmallFile(path);
    if (pem === undefined) {
      const { privateKey } = await generate("ec", { namedCurve: CURVE });
      await createSmallFile(path, privateKey.export({ format: "pem", type: "pkcs8" }).toString());
      pem = (await readSmallFile(path)) ?? "";
    }
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== CURVE_DETAIL) {
      throw new Error(`it holds no key of curve ${CURVE}`);
    }
    return {
      privatePem: key.export({ format: "pem", type: "pkcs8" }).toString(),
      publicPem: createPublicKey(key).export({ format: "pem", type: "spki" }).toString(),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HttpStartError(
      `the key that signs tokens can't be read from ${path}: ${reason}. Mend its permissions, or remove it: a new one is made, and users log in again.`,
      { cause: error },
    );
  }
}
