import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FernetCipher, plainCipher } from "../../../../src/protocol/Cipher.js";
import type { CryptOffload } from "../../../../src/protocol/Cipher.js";
import { decryptToken, encryptToken, FernetKey, openTokenInPlace, tokenBytes } from "../../../../src/protocol/fernet.js";
import { ManualClock } from "../../../support/manualClock.js";
import { seededRandom } from "../../../support/seededRandom.js";

const KEY = FernetKey.fromClusterKey("0123456789abcdef0123456789abcdef");
const OTHER = FernetKey.fromClusterKey("fedcba9876543210fedcba9876543210");

function recordingOffload() {
  const calls: string[] = [];
  const offload: CryptOffload = {
    encrypt: async (key, payload, seconds, iv) => {
      calls.push("encrypt");
      return encryptToken(key, payload, seconds, iv);
    },
    decrypt: async (key, token) => {
      calls.push("decrypt");
      return new Uint8Array(decryptToken(key, token));
    },
    openInPlace: async (keys, token) => {
      calls.push("openInPlace");
      const { start, bytes, key } = openTokenInPlace(keys, token);
      return { key: keys[key] as FernetKey, payload: token.subarray(start, start + bytes) };
    },
  };
  return { calls, offload };
}

const cipher = (options: Partial<ConstructorParameters<typeof FernetCipher>[0]> = {}) =>
  new FernetCipher({ keys: [KEY], clock: new ManualClock(1622540400_999), random: seededRandom(1), ...options });

describe("plainCipher", () => {
  it("changes nothing, and takes an empty payload", async () => {
    expect(await plainCipher.seal(Buffer.from("text"))).toEqual(Buffer.from("text"));
    expect(await plainCipher.open(new Uint8Array(0))).toEqual(Buffer.alloc(0));
  });
});

describe("FernetCipher", () => {
  it("seals to the token of the reference for its time and IV", async () => {
    const iv = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
    const sealed = await cipher({ random: { bytes: () => iv } }).seal(Buffer.from("worker1 wazuh worker 4.3.0"));
    expect(sealed.toString()).toBe(
      "gAAAAABgtgBwAAECAwQFBgcICQoLDA0OD1eQNFCmQAopUrpVi4UupujpnIxt4JwX_kvDmaRBtVFWjJ0V1T9sHG6lV0ZkQZi_zFi_QtzwF125jse1ZBli9fg=",
    );
  });

  it("uses a new IV for every token", async () => {
    const same = cipher();
    expect(await same.seal(Buffer.from("x"))).not.toEqual(await same.seal(Buffer.from("x")));
  });

  it("opens what it sealed, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (payload) => {
        const sealed = await cipher().seal(payload);
        expect(sealed.length).toBe(tokenBytes(payload.length));
        expect(new Uint8Array(await cipher().open(sealed))).toEqual(payload);
      }),
    );
  });

  it("seals with the first key and opens with any", async () => {
    const sealed = await cipher({ keys: [OTHER, KEY] }).seal(Buffer.from("x"));
    expect(() => cipher({ keys: [KEY] }).open(sealed)).toThrow(expect.objectContaining({ code: 3025 }));
    expect(await cipher({ keys: [KEY, OTHER] }).open(sealed)).toEqual(Buffer.from("x"));
  });

  it("refuses to work without a key", () => {
    expect(() => cipher({ keys: [] })).toThrow(/at least one cluster key/);
  });

  it("hands on only what is larger than inlineBytes", async () => {
    const { calls, offload } = recordingOffload();
    const offloading = cipher({ offload, inlineBytes: 200 });
    expect(Buffer.isBuffer(offloading.seal(Buffer.alloc(200)))).toBe(true);
    expect(calls).toEqual([]);
    const sealed = await offloading.seal(Buffer.alloc(201));
    expect(await offloading.open(sealed)).toEqual(Buffer.alloc(201));
    expect(calls).toEqual(["encrypt", "decrypt"]);
  });

  it("makes a Buffer of whatever bytes a thread returns", async () => {
    const { offload } = recordingOffload();
    const sealed = await cipher().seal(Buffer.alloc(300));
    expect(Buffer.isBuffer(await cipher({ offload, inlineBytes: 10 }).open(sealed))).toBe(true);
  });
});
