import { describe, expect, test } from "vitest";
import { formatRequest, parseRequest } from "../../src/dapi/encoding/requestJson.js";
import { decodeResult, encodeResult } from "../../src/dapi/encoding/resultJson.js";
import { allRecordings, type RecordedFrame } from "../support/recordings.js";

interface Recorded {
  readonly where: string;
  readonly json: string;
}

/** What follows the first `words` words of a frame's text. */
function textOf({ payload }: RecordedFrame, words: number): string {
  // The recording's own `text` is cut where it is long.
  return (payload?.toString("utf8") ?? "").split(" ").slice(words).join(" ");
}

const frames = allRecordings().flatMap(({ name, frames: list }) =>
  list.filter(({ text }) => text !== undefined).map((frame) => ({ frame, where: `${name} ${String(frame.index)} ${frame.command}` })),
);

/** Requests: `dapi` of a local client has no id, every other one has an id or a node's name before it. */
const requests: readonly Recorded[] = frames
  .filter(({ frame: { command } }) => command === "dapi" || command === "dapi_fwd")
  .map(({ frame, where }) => ({ where, json: textOf(frame, frame.command === "dapi" && frame.sender === "client" ? 0 : 1) }));

const results: readonly Recorded[] = frames
  .filter(({ frame: { command, text = "" } }) => command === "str_upd" && /^\d+ \{"__wazuh_(result|exception)__"/.test(text))
  .map(({ frame, where }) => ({ where, json: textOf(frame, 1) }));

describe("requests that real daemons sent", () => {
  test("are there", () => {
    expect(requests.length).toBeGreaterThan(20);
  });

  test.each(requests.filter(({ json }) => json.includes('"api_timeout"')))("$where: read and written again, byte for byte", ({ json }) => {
    expect(formatRequest(parseRequest(json))).toBe(json);
  });

  test.each(requests.filter(({ json }) => !json.includes('"api_timeout"')))("$where: what was left out has its default", ({ json }) => {
    const whole = JSON.parse(formatRequest(parseRequest(json))) as object;
    expect(whole).toMatchObject(JSON.parse(json) as object);
    expect(whole).toMatchObject({ request_type: "local_master", rbac_permissions: { rbac_mode: "black" }, api_timeout: null });
  });
});

describe("results that real daemons sent", () => {
  test("are there", () => {
    expect(results.length).toBeGreaterThan(20);
  });

  // Microseconds are the one thing that a Date has no room for.
  const rounded = (json: string): string => json.replaceAll(/("__wazuh_datetime__": "[^"]*\.\d{3})\d{3}"/g, '$1000"');

  test.each(results)("$where: read and written again, byte for byte", ({ json }) => {
    expect(encodeResult(decodeResult(json))).toBe(rounded(json));
  });
});
