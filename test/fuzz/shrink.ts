/** Attempts at most: a smaller input is for people, not for its own sake. */
const MOST_ATTEMPTS = 3000;

/**
 * Takes pieces out of a failing input, large ones first, as long as it fails in the same way.
 *
 * @param attempt gives an input's failure, or undefined.
 */
export async function shrink(input: Buffer, failure: string, attempt: (input: Buffer) => Promise<string | undefined>): Promise<Buffer> {
  const wanted = kindOf(failure);
  let smallest = input;
  let attempts = 0;
  for (let piece = Math.ceil(smallest.length / 2); piece >= 1; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < smallest.length && attempts < MOST_ATTEMPTS; ) {
      const smaller = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + piece)]);
      attempts += 1;
      const same = kindOf((await attempt(smaller)) ?? "") === wanted;
      if (same) smallest = smaller;
      else at += piece;
    }
  }
  return Buffer.from(smallest);
}

/** A failure without the values in it: where it was thrown, or its first words. */
function kindOf(failure: string): string {
  const place = /at .*?((?:src|machines|workers|test)\/[\w./-]+:\d+)/.exec(failure)?.[1];
  return place ?? failure.replace(/\d+/g, "0").slice(0, 40);
}
