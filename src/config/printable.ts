/** Longest part of a user's own text that a message repeats, in characters. */
const LONGEST_QUOTE = 80;

/**
 * A value from a file in a form that fits into a one-line message: control characters and line
 * separators are shown as escapes, and a long text is cut.
 */
export function printable(text: string): string {
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return short.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}
