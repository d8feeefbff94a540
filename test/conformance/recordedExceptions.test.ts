import { describe, expect, test } from "vitest";
import { zlib414 } from "../../src/protocol/dialects/zlib414.js";
import { decodeException, encodeException, exceptionFor } from "../../src/protocol/errors/exceptionJson.js";
import { MusterError } from "../../src/protocol/errors/MusterError.js";
import { allRecordings } from "../support/recordings.js";

interface RecordedException {
  readonly where: string;
  readonly text: string;
}

/** Every exception's JSON in any payload: of `err` answers, of error reports, of API responses. */
function recordedExceptions(): RecordedException[] {
  return allRecordings().flatMap(({ name, frames }) =>
    frames.flatMap(({ index, command, text = "" }) => {
      const begin = text.indexOf('{"__wazuh_exception__"');
      return begin === -1 ? [] : [{ where: `${name}, frame ${index}, ${command}`, text: text.slice(begin) }];
    }),
  );
}

/** Payloads of `err` that are plain texts. */
function recordedErrorTexts(): string[] {
  return allRecordings().flatMap(({ frames }) =>
    frames.flatMap(({ command, text = "" }) => (command === "err" && !text.startsWith("{") ? [text] : [])),
  );
}

describe.each(recordedExceptions())("$where", ({ text }) => {
  test("is decoded and encoded to the same bytes", () => {
    expect(encodeException(decodeException(text))).toBe(text);
  });

  test("has a code of the catalogue", () => {
    expect(decodeException(text).message).not.toContain("Unknown error code");
  });
});

test("an exception for a peer of dialect 4.14 has no ids where it is the cluster's", () => {
  const text = encodeException(MusterError.cluster(3030), zlib414);
  expect(text).toBe(
    '{"__wazuh_exception__": {"__class__": "WazuhClusterError", "__object__": {"type": "about:blank", "title": "Wazuh Cluster Error", "code": 3030, "extra_message": null, "extra_remediation": null, "cmd_error": false, "dapi_errors": {}}}}',
  );
  expect(exceptionFor(encodeException(MusterError.cluster(3030)), zlib414)).toBe(text);
  expect(exceptionFor("a plain text", zlib414)).toBe("a plain text");
  const resource = encodeException(new MusterError("WazuhResourceNotFound", 1730, { ids: ["worker9"] }));
  expect(exceptionFor(resource, zlib414)).toBe(resource);
});

test.each(allRecordings("4.14").flatMap(({ name, frames }) => frames.flatMap(({ index, text = "" }) => {
  const begin = text.indexOf('{"__wazuh_exception__"');
  return begin === -1 ? [] : [{ where: `4.14: ${name}, frame ${index}`, text: text.slice(begin) }];
})))("$where is decoded and encoded to the same bytes", ({ text }) => {
  expect(encodeException(decodeException(text), zlib414)).toBe(text);
});

test("the recordings hold exceptions of every kind", () => {
  const kinds = recordedExceptions().map(({ text }) => {
    const error = decodeException(text);
    return `${error.errorClass} ${error.code}`;
  });
  expect([...new Set(kinds)].sort()).toEqual([
    "WazuhClusterError 3016",
    "WazuhClusterError 3027",
    "WazuhClusterError 3029",
    "WazuhClusterError 3030",
    "WazuhClusterError 3031",
    "WazuhClusterError 3032",
    "WazuhError 1724",
    "WazuhInternalError 1000",
  ]);
});

test("a recorded err that is no JSON becomes the cluster error 3000 with its text", () => {
  const texts = recordedErrorTexts();
  expect(texts.length).toBeGreaterThan(0);
  for (const text of texts) {
    const error = decodeException(text);
    expect(error).toMatchObject({ errorClass: "WazuhClusterError", code: 3000, extraMessage: text });
    expect(error.toString()).toBe(`Error 3000 - Cluster: ${text}`);
  }
});

test("the refusals of a hello are made by muster byte for byte", () => {
  const recorded = new Set(recordedExceptions().map(({ text }) => text));
  for (const code of [3029, 3030, 3031]) {
    expect(recorded).toContain(encodeException(MusterError.cluster(code)));
  }
});

test("the message of a recorded API error is the one that its node gave", () => {
  const recorded = recordedExceptions().filter(({ text }) => text.includes('"code": 1724'));
  expect(recorded.length).toBeGreaterThan(0);
  for (const { text } of recorded) {
    const error = decodeException(text);
    expect(error.message).toBe(error.dapiErrors["master"]?.error);
  }
});
