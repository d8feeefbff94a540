import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeHeader,
  encodeFrame,
  encodeLastPart,
  HEADER_BYTES,
  LONGEST_COMMAND_BYTES,
} from "../../../../src/protocol/frame.js";

const fieldOf = (frame: Buffer): string => frame.toString("latin1", 8, 20);

describe("the command field", () => {
  test.each([
    ["hello", "hello ------"],
    ["ok", "ok ---------"],
    ["err", "err --------"],
    ["ok ", "ok  --------"],
    ["ok-m", "ok-m -------"],
    ["ok-m ", "ok-m  ------"],
    ["ok-c", "ok-c -------"],
    ["syn_m_c_ok", "syn_m_c_ok -"],
    ["syn_i_w_m_p", "syn_i_w_m_p "],
    ["sendsyn_res", "sendsyn_res "],
    ["", " -----------"],
  ])("of '%s' is '%s'", (command, field) => {
    expect(fieldOf(encodeFrame(1, command, Buffer.alloc(0)))).toBe(field);
  });

  test.each([
    ["file_upd", "file_upd --d"],
    ["syn_m_c_ok", "syn_m_c_ok d"],
    ["sendsyn_res", "sendsyn_resd"],
  ])("of a part of '%s' is '%s'", (command, field) => {
    expect(fieldOf(encodeFrame(1, command, Buffer.alloc(0), true))).toBe(field);
  });

  test.each([
    ["file_upd", "file_upd ---"],
    ["sendsyn_res", "sendsyn_res-"],
  ])("of the last part of '%s' is '%s'", (command, field) => {
    expect(fieldOf(encodeLastPart(1, command, Buffer.alloc(0)))).toBe(field);
  });

  test.each(["sync_i_w_m_p", "new_file_and_more", "sendsyn_res "])("has no room for '%s'", (command) => {
    expect(() => encodeFrame(1, command, Buffer.alloc(0))).toThrow(
      expect.objectContaining({ code: 3024, errorClass: "WazuhClusterError" }),
    );
  });
});

describe("a frame", () => {
  test("holds header and body in one buffer", () => {
    const frame = encodeFrame(0x01020304, "echo", Buffer.from("abc"));
    expect(frame.toString("latin1")).toBe("\x01\x02\x03\x04\0\0\0\x03echo -------abc");
  });

  test("is a copy of the body", () => {
    const body = Buffer.from("abc");
    const frame = encodeFrame(1, "echo", body);
    body.fill(0);
    expect(frame.toString("latin1", HEADER_BYTES)).toBe("abc");
  });

  test.each([0, 1, 0x7fffffff, 0x80000000, 0xffffffff])("carries counter %d", (counter) => {
    expect(encodeFrame(counter, "echo", Buffer.alloc(0)).readUInt32BE(0)).toBe(counter);
  });

  test.each([-1, 2 ** 32])("refuses counter %d, which is no unsigned 32-bit number", (counter) => {
    expect(() => encodeFrame(counter, "echo", Buffer.alloc(0))).toThrow(RangeError);
  });
});

describe("a header's command", () => {
  const headerWith = (field: string): Buffer => Buffer.concat([Buffer.alloc(8), Buffer.from(field, "latin1")]);

  test.each([
    ["hello ------", "hello"],
    ["ok  --------", "ok"],
    ["ok-m  ------", "ok-m"],
    ["echo        ", "echo"],
    ["echo -x-y-z-", "echo"],
    ["echo-c------", "echo-c-----"],
    ["echo\0\0\0\0\0\0\0\0", "echo\0\0\0\0\0\0\0"],
    ["syn_i_w_m_p ", "syn_i_w_m_p"],
    ["sendsyn_resd", "sendsyn_res"],
    [" -----------", ""],
  ])("of field '%s' is '%s'", (field, command) => {
    expect(decodeHeader(headerWith(field)).command).toBe(command);
  });

  test.each([
    ["file_upd --d", true],
    ["sendsyn_resd", true],
    ["file_upd ---", false],
    ["sendsyn_res ", false],
    ["sendsyn_res-", false],
    ["file_upd --D", false],
    ["file_upd d--", false],
  ])("of field '%s': more parts follow: %s", (field, divided) => {
    expect(decodeHeader(headerWith(field)).divided).toBe(divided);
  });

  test("keeps bytes that are no ASCII one to one", () => {
    const { command, field } = decodeHeader(headerWith("\xff\xfe\x80 -------d"));
    expect(command).toBe("\xff\xfe\x80");
    expect(field.toString("hex")).toBe("fffe80202d2d2d2d2d2d2d64");
  });
});

test("any header is decoded to what was encoded", () => {
  const commands = fc.stringMatching(/^[a-z_-]{1,11}$/);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0xffffffff }),
      commands,
      fc.uint8Array({ maxLength: 50 }),
      fc.boolean(),
      (counter, command, body, divided) => {
        expect(command.length).toBeLessThanOrEqual(LONGEST_COMMAND_BYTES);
        const header = decodeHeader(encodeFrame(counter, command, body, divided));
        expect(header).toMatchObject({ counter, command, divided, bodyBytes: body.length });
      },
    ),
  );
});
