import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** What scrypt is to spend: 16 MiB and some tens of milliseconds on a thread of Node's. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** A password as it is kept. */
export interface PasswordHash {
  readonly cost: ScryptCost;
  /** Base64. */
  readonly salt: string;
  /** Base64. */
  readonly hash: string;
}

const COST: ScryptCost = { N: 16_384, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Twice what the cost above needs. */
const SCRYPT_BYTES = 64 * 1024 * 1024;

/** Shortest and longest password, in characters. */
const SHORTEST_PASSWORD = 8;
const LONGEST_PASSWORD = 256;

/** Bytes of chance in a generated password. */
const GENERATED_BYTES = 18;

/** Why a text can't be a password; undefined: it can. */
export function passwordFault(password: string): string | undefined {
  if (password.length < SHORTEST_PASSWORD) return `a password has at least ${SHORTEST_PASSWORD} characters`;
  if (password.length > LONGEST_PASSWORD) return `a password has at most ${LONGEST_PASSWORD} characters`;
  return undefined;
}

/** A password that nobody guesses, for a shell and a browser alike. */
export function generatePassword(): string {
  return randomBytes(GENERATED_BYTES).toString("base64url");
}

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, COST);
  return { cost: COST, salt: salt.toString("base64"), hash: hash.toString("base64") };
}

/** Takes as long whether it matches or not. */
export async function matchesPassword(password: string, known: PasswordHash): Promise<boolean> {
  const expected = Buffer.from(known.hash, "base64");
  const hash = await derive(password.slice(0, LONGEST_PASSWORD + 1), Buffer.from(known.salt, "base64"), known.cost);
  return expected.length === hash.length && timingSafeEqual(expected, hash);
}

/** A hash that no password has: checked for a user who does not exist, so that the answer takes as long. */
export function nobodysHash(): PasswordHash {
  return {
    cost: COST,
    salt: randomBytes(SALT_BYTES).toString("base64"),
    hash: randomBytes(HASH_BYTES).toString("base64"),
  };
}

function derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, HASH_BYTES, { ...cost, maxmem: SCRYPT_BYTES }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
