/** Code units from which the order of UTF-16 and that of UTF-8 can differ. */
const FIRST_SURROGATE = 0xd800;
const MAY_DIFFER = /[\ud800-\uffff]/;

/**
 * Orders two paths by their UTF-8 bytes (which is the order of their code points), as the file index
 * is sorted. JavaScript's own order of strings differs from it for characters beyond U+FFFF.
 */
export function comparePaths(left: string, right: string): number {
  if (left === right) return 0;
  if (!MAY_DIFFER.test(left) || !MAY_DIFFER.test(right)) return left < right ? -1 : 1;
  const length = Math.min(left.length, right.length);
  for (let position = 0; position < length; position++) {
    const difference = rank(left.charCodeAt(position)) - rank(right.charCodeAt(position));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Lifts surrogates above the rest of the basic plane, where their code points belong. */
function rank(unit: number): number {
  return unit >= FIRST_SURROGATE && unit < 0xe000 ? unit + 0x10000 : unit;
}
