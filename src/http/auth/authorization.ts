/** A name and a password, as basic authentication has them. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** Longest name and password that are looked at, in characters. */
const LONGEST_CREDENTIAL = 1024;

/** Reads `Basic <base64 of name:password>`; undefined for anything else. */
export function parseBasic(authorization: string): Credentials | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 1 || text.length > LONGEST_CREDENTIAL) return undefined;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Reads `Bearer <token>`; undefined for anything else. */
export function parseBearer(authorization: string): string | undefined {
  return /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i.exec(authorization)?.[1];
}
