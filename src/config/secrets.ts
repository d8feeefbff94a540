/** What is printed instead of a secret. Always of one length, so that it tells nothing. */
export const MASK = "********";

const SECRET_NAME = /(?:^|[_\-. ])(?:key|keys)$|passw(?:or)?d|passphrase|secret|token|authorization|cookie|clusterkey/i;

/**
 * Whether a setting, element or field of this name holds something that must never be printed
 * (quality.md 2): `key`, `haproxy_password`, `token`, … A name that merely contains "key", such as
 * `keepAlive` or `cluster_item_key`'s value, is judged by its last word.
 */
export function isSecretName(name: string): boolean {
  return name !== "cluster_item_key" && SECRET_NAME.test(name);
}

/** A secret for people: the mask, or a note that there is none. */
export function maskSecret(secret: string): string {
  return secret === "" ? "(not set)" : MASK;
}

/** A copy of plain data in which the values of secret names are masked, however deep they stand. */
export function maskSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecretName(name) ? MASK : maskSecrets(inner)]),
  );
}
