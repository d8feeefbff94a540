import { expect, test } from "vitest";
import { pythonRepr } from "../../../../src/protocol/pythonRepr.js";

test.each<[unknown, string]>([
  [null, "None"],
  [undefined, "None"],
  [true, "True"],
  [false, "False"],
  [12, "12"],
  [1.5, "1.5"],
  ["plain", "'plain'"],
  ["it's", `"it's"`],
  [`it's "so"`, String.raw`'it\'s "so"'`],
  ["a\\b\n\r\t", String.raw`'a\\b\n\r\t'`],
  [[1, ["x"], {}], "[1, ['x'], {}]"],
  [{ daemon_name: "nope", message: { a: null } }, "{'daemon_name': 'nope', 'message': {'a': None}}"],
])("%j is %s", (value, text) => {
  expect(pythonRepr(value)).toBe(text);
});
