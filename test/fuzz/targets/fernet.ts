import { createHmac } from "node:crypto";
import { decryptToken, encryptToken, FernetKey } from "../../../src/protocol/fernet.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { must, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { recordedFrames, samples } from "./recorded.js";
import { RECORDED_CLUSTER_KEY } from "../../support/recordings.js";

const KEY = FernetKey.fromClusterKey(RECORDED_CLUSTER_KEY);
const SIGNING_KEY = Buffer.from(RECORDED_CLUSTER_KEY.slice(0, 16));
/** First byte of an input whose rest is to be signed: mutants of a token alone would all fail at the signature. */
const TO_BE_SIGNED = 0x73;

/** Tokens, as they come and with a signature that holds over odd contents. */
export const fernet: FuzzTarget = {
  name: "fernet",
  corpus: () => {
    const tokens = samples(recordedFrames().flatMap(({ encrypted, body }) => (encrypted && body !== undefined ? [body] : [])));
    const raw = tokens.map((token) => Buffer.from(token.toString("latin1"), "base64url"));
    return [...tokens, ...raw.map((bytes) => Buffer.concat([Buffer.from([TO_BE_SIGNED]), bytes.subarray(0, -32)]))];
  },
  dictionary: ["gAAAAA", "=", "==", "-_", "+/"],
  run: (input) => {
    const decrypt = (token: Buffer): Buffer | undefined => {
      const payload = takenOrRefused(() => decryptToken(KEY, token), MusterError);
      must(payload === undefined || payload.length <= token.length, "a payload is longer than its token");
      return payload;
    };
    const asItCame = decrypt(input);
    if (input[0] !== TO_BE_SIGNED) {
      if (asItCame === undefined) return;
      const [time, iv] = [Number(Buffer.from(input.toString("latin1"), "base64url").readBigUInt64BE(1)), Buffer.from(input.toString("latin1"), "base64url").subarray(9, 25)];
      if (!Number.isSafeInteger(time)) return;
      must(decryptToken(KEY, encryptToken(KEY, asItCame, time, iv)).equals(asItCame), "a payload is another one when it is encrypted and decrypted");
      return;
    }
    const signed = input.subarray(1);
    const token = Buffer.concat([signed, createHmac("sha256", SIGNING_KEY).update(signed).digest()]);
    const text = Buffer.from(token.toString("base64").replaceAll("+", "-").replaceAll("/", "_"));
    const payload = decrypt(text);
    if (payload === undefined) return;
    must(decrypt(text)?.equals(payload) === true, "a token gives two payloads");
  },
};
