import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MusterError } from "../../../../src/protocol/errors/MusterError.js";
import * as payloads from "../../../../src/protocol/payloads.js";
import { pythonBytesText } from "../../../../src/protocol/pythonBytesText.js";

const bytes = (text: string) => Buffer.from(text);
const refused = (extra: string | RegExp = /expects/) =>
  expect.objectContaining({ code: 1000, errorClass: "WazuhInternalError", extraMessage: expect.stringMatching(extra) });

describe("a task and a path", () => {
  it("are split at the first space", () => {
    expect(payloads.parseTaskAndPath("syn_i_w_m_e", bytes("7-a queue/a b.zip"))).toEqual({
      taskId: "7-a",
      path: "queue/a b.zip",
    });
  });

  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ minLength: 1, unit: "grapheme" }), (taskId, path) => {
        expect(payloads.parseTaskAndPath("syn_m_c_e", payloads.formatTaskAndPath(taskId, path))).toEqual({
          taskId,
          path,
        });
      }),
    );
  });

  it.each(["", "task", " path", "task "])("of the form %j are refused", (text) => {
    expect(() => payloads.parseTaskAndPath("syn_i_w_m_e", bytes(text))).toThrow(
      refused(/^syn_i_w_m_e expects '<task id> <path>'/),
    );
  });
});

describe("a task and an error", () => {
  const json =
    '{"__wazuh_exception__": {"__class__": "WazuhClusterError", "__object__": {"code": 3016, "extra_message": "x"}}}';

  it("keep the error's code and text", () => {
    const { taskId, error } = payloads.parseTaskAndError("syn_i_w_m_r", bytes(`7 ${json}`));
    expect([taskId, error.code, error.extraMessage]).toEqual(["7", 3016, "x"]);
  });

  it("have no task when it is None", () => {
    expect(payloads.parseTaskAndError("syn_i_w_m_r", bytes(`None ${json}`)).taskId).toBeNull();
  });

  it.each(["7 not json", "7 ", "7", json])("of the form %j are refused", (text) => {
    expect(() => payloads.parseTaskAndError("syn_i_w_m_r", bytes(text))).toThrow(refused());
  });

  it.each(["task-1", null])("are read as they were written, for task %s", (taskId) => {
    const written = payloads.formatTaskAndError(taskId, MusterError.cluster(3027, "t"));
    expect(payloads.parseTaskAndError("syn_m_c_r", written)).toMatchObject({
      taskId,
      error: { code: 3027, extraMessage: "t" },
    });
  });

  it("carry anything that was thrown as error 1000", () => {
    const written = payloads.formatTaskAndError("t", new TypeError("boom"));
    expect(payloads.parseTaskAndError("syn_m_c_r", written).error).toMatchObject({ code: 1000, extraMessage: "boom" });
  });
});

describe("an id and a text", () => {
  it("are split at the first space; the text may be empty", () => {
    expect(payloads.parseIdAndText("dapi", bytes("12 {} x"))).toEqual({ id: "12", text: "{} x" });
    expect(payloads.parseIdAndText("dapi_err", bytes("12 "))).toEqual({ id: "12", text: "" });
  });

  it("without a space are refused: they end nothing", () => {
    expect(() => payloads.parseIdAndText("dapi", bytes("nospace"))).toThrow(
      refused(/^dapi expects '<id> <text>', but got b'nospace'$/),
    );
  });

  it("are read as they were written", () => {
    expect(payloads.parseIdAndText("dapi", payloads.formatIdAndText("9", "ü {}"))).toEqual({ id: "9", text: "ü {}" });
  });
});

describe("an id and a string id", () => {
  it("are read", () => {
    expect(payloads.parseIdAndStringId("dapi_res", bytes("8e-1 4294967295"))).toEqual({
      id: "8e-1",
      stringId: "4294967295",
    });
  });

  it.each(["8", "8 ", "8 x", "8 4294967296", "8 -1", "8 01", "8 1 "])("of the form %j are refused", (text) => {
    expect(() => payloads.parseIdAndStringId("dapi_res", bytes(text))).toThrow(refused());
  });
});

describe("a length", () => {
  it.each([
    ["0", 0],
    ["1118", 1118],
    [" 12\n", 12],
    ["007", 7],
  ])("%j is %d", (text, length) => {
    expect(payloads.parseLength(bytes(text))).toBe(length);
  });

  it.each(["", "-1", "1.5", "1e3", "0x10", "abc", "1".repeat(16), "١"])("%j is refused with Python's text", (text) => {
    expect(() => payloads.parseLength(bytes(text))).toThrow(refused(/^invalid literal for int\(\) with base 10: b'/));
  });
});

describe("a sendsync request", () => {
  it("names a daemon and holds any message", () => {
    expect(payloads.parseSendsyncRequest("sendsync", '{"daemon_name": "wazuh-db", "message": {"a": 1}}')).toEqual({
      daemonName: "wazuh-db",
      message: { a: 1 },
    });
  });

  it.each(["", "null", "[]", "{}", '{"daemon_name": 7, "message": ""}', '{"daemon_name": "x"}'])(
    "of the form %j is refused",
    (text) => {
      expect(() => payloads.parseSendsyncRequest("sendsync", text)).toThrow(refused());
    },
  );
});

describe("a local client's payloads", () => {
  it("dapi_fwd: a node and a request", () => {
    expect(payloads.parseNodeAndText("dapi_fwd", bytes("worker2 {} x"))).toEqual({ nodeName: "worker2", text: "{} x" });
  });

  it.each([
    ["/var/ossec/tmp/a b master", { path: "/var/ossec/tmp/a b", nodeName: "master" }],
    ["/tmp/x None", { path: "/tmp/x", nodeName: null }],
  ])("send_file: %j", (text, expected) => {
    expect(payloads.parsePathAndNode("send_file", bytes(text))).toEqual(expected);
  });

  it.each(["", "x", " x", "x "])("send_file: %j is refused", (text) => {
    expect(() => payloads.parsePathAndNode("send_file", bytes(text))).toThrow(refused());
  });

  it("get_nodes: JSON, or nothing", () => {
    expect(payloads.parseJsonPayload("get_nodes", bytes('{"limit": 5}'))).toEqual({ limit: 5 });
    expect(payloads.parseJsonPayload("get_health", bytes(""))).toBeNull();
    expect(() => payloads.parseJsonPayload("get_nodes", bytes("{"))).toThrow(refused(/get_nodes expects JSON/));
  });
});

describe("an agent-info result", () => {
  it("has a count and texts", () => {
    const text = '{"updated_chunks": 2, "error_messages": ["Error 2003 - x", ["err", "y"]]}';
    expect(payloads.parseAgentInfoResult("syn_m_a_e", bytes(text))).toEqual({
      updatedChunks: 2,
      errorMessages: ["Error 2003 - x", '["err","y"]'],
    });
  });

  it.each(["", "7", "{}", '{"updated_chunks": "2", "error_messages": []}'])("of the form %j is refused", (text) => {
    expect(() => payloads.parseAgentInfoResult("syn_m_a_e", bytes(text))).toThrow(refused());
  });
});

describe("a permission", () => {
  it.each([
    ["True", true],
    ["False", false],
    ["true", false],
    ["", false],
    ["Error sending request: timeout expired.", false],
  ])("%j is %s", (text, granted) => {
    expect(payloads.isPermissionGranted(bytes(text))).toBe(granted);
  });
});

describe("a payload in an error's text", () => {
  it("is cut, and says by how much", () => {
    expect(payloads.malformed("dapi", "<id> <text>", Buffer.alloc(1000, "x")).extraMessage).toMatch(
      /b'x{80}' and 920 more bytes$/,
    );
  });

  it.each([
    ["plain", "b'plain'"],
    ["it's", `b"it's"`],
    [`both ' and "`, `b'both \\' and "'`],
    ["\\\t\r\n\u0000\u007f", "b'\\\\\\t\\r\\n\\x00\\x7f'"],
    ["ü", "b'\\xc3\\xbc'"],
    ["", "b''"],
  ])("%j is written as Python writes it", (text, expected) => {
    expect(pythonBytesText(text)).toBe(expected);
  });

  it("is printable ASCII for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (payload) => {
        expect(pythonBytesText(payload)).toMatch(/^b['"][ -~]*['"]$/);
      }),
    );
  });
});
