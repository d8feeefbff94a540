import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../../src/config/Limits.js";
import { CommonCommands, unknownCommandText } from "../../../../src/protocol/CommonCommands.js";
import type { Answer } from "../../../../src/protocol/CommonCommands.js";
import { encodeException } from "../../../../src/protocol/errors/exceptionJson.js";
import { IncomingFiles } from "../../../../src/protocol/transfer/IncomingFiles.js";
import { IncomingStrings } from "../../../../src/protocol/transfer/IncomingStrings.js";
import { seededRandom } from "../../../support/seededRandom.js";
import { MemoryFiles } from "./memoryFiles.js";

const PATH = "/queue/cluster/worker1/a.zip";
const DIGEST = createHash("sha256").update("some bytes").digest();

function commonCommands() {
  const disk = new MemoryFiles();
  const files = new IncomingFiles({
    sinks: disk,
    allow: (path) => path.startsWith("queue/cluster/"),
    limits: DEFAULT_LIMITS,
  });
  const strings = new IncomingStrings({ random: seededRandom(3), limits: DEFAULT_LIMITS });
  const common = new CommonCommands({ files, strings });
  /** What travels: the answer, or the exception as JSON. */
  const ask = async (command: string, payload: string | Buffer): Promise<Answer | undefined> => {
    try {
      return await common.answer(command, Buffer.from(payload));
    } catch (error) {
      return { command: "err", payload: encodeException(error) };
    }
  };
  return { common, ask, disk };
}

const internalError = (text: string) => ({
  command: "err",
  payload: `{"__wazuh_exception__": {"__class__": "WazuhInternalError", "__object__": {"type": "about:blank", "title": "Wazuh Internal Error", "code": 1000, "extra_message": ${JSON.stringify(text)}, "extra_remediation": null, "cmd_error": false, "dapi_errors": {}}}}`,
});

describe("the common commands", () => {
  it("echo gives the same bytes back, none included", async () => {
    const { ask } = commonCommands();
    const bytes = Buffer.from([0, 255, 32, 10]);
    expect(await ask("echo", bytes)).toEqual({ command: "ok", payload: bytes });
    expect(await ask("echo", "")).toEqual({ command: "ok", payload: Buffer.alloc(0) });
  });

  it("answer a whole file with the texts of the reference", async () => {
    const { ask, disk } = commonCommands();
    expect(await ask("new_file", PATH)).toEqual({ command: "ok ", payload: "Ready to receive new file" });
    expect(await ask("file_upd", `${PATH} some `)).toEqual({ command: "ok", payload: "File updated" });
    expect(await ask("file_upd", `${PATH} bytes`)).toEqual({ command: "ok", payload: "File updated" });
    const end = Buffer.concat([Buffer.from(`${PATH} `), DIGEST]);
    expect(await ask("file_end", end)).toEqual({ command: "ok", payload: "File received correctly" });
    expect(disk.contents.get(PATH.slice(1))?.toString()).toBe("some bytes");
  });

  it("keep spaces in a file's bytes: only the first one separates", async () => {
    const { ask, disk } = commonCommands();
    await ask("new_file", PATH);
    await ask("file_upd", `${PATH}  a b `);
    expect(disk.contents.get(PATH.slice(1))?.toString()).toBe(" a b ");
  });

  it("take a digest that holds spaces", async () => {
    const { ask } = commonCommands();
    const content = "24";
    let salt = 0;
    while (!createHash("sha256").update(`${content}${salt}`).digest().includes(0x20)) salt += 1;
    await ask("new_file", PATH);
    await ask("file_upd", `${PATH} ${content}${salt}`);
    const digest = createHash("sha256").update(`${content}${salt}`).digest();
    expect(await ask("file_end", Buffer.concat([Buffer.from(`${PATH} `), digest]))).toMatchObject({ command: "ok" });
  });

  it("answer a wrong checksum with the plain text", async () => {
    const { ask } = commonCommands();
    await ask("new_file", PATH);
    expect(await ask("file_end", Buffer.concat([Buffer.from(`${PATH} `), DIGEST]))).toEqual({
      command: "err",
      payload: "File wasn't correctly received. Checksums aren't equal.",
    });
  });

  it("answer a path outside with the plain text", async () => {
    const { ask } = commonCommands();
    expect(await ask("new_file", "/etc/ossec.conf")).toEqual({ command: "err", payload: "Write path not allowed" });
  });

  it("answer a whole string with the texts of the reference", async () => {
    const { common, ask } = commonCommands();
    const id = String(seededRandom(3).uint32());
    expect(await ask("new_str", "5")).toEqual({ command: "ok", payload: id });
    expect(await ask("str_upd", `${id} a b c`)).toEqual({ command: "ok", payload: "String updated" });
    expect(common.strings.take(id)?.toString()).toBe("a b c");
  });

  it("answer err_str with the id that was dropped, or None", async () => {
    const { ask } = commonCommands();
    const id = (await ask("new_str", "10"))?.payload;
    expect(await ask("err_str", "10")).toEqual({ command: "ok", payload: id });
    expect(await ask("err_str", "10")).toEqual({ command: "ok", payload: "None" });
  });

  it.each(["new_str", "err_str"])("answer a length of %s that is no number with Python's text", async (command) => {
    const { ask } = commonCommands();
    expect(await ask(command, "abc")).toEqual(internalError("invalid literal for int() with base 10: b'abc'"));
  });

  it.each([
    ["str_upd", "1 x", "b'1'"],
    ["file_upd", "/q x", "b'/q'"],
    ["file_end", "/q 0123", "b'/q'"],
  ])("answer %s for an unknown name with the name alone", async (command, payload, text) => {
    const { ask } = commonCommands();
    expect(await ask(command, payload)).toEqual(internalError(text));
  });

  it.each(["str_upd", "file_upd", "file_end"])(
    "answer %s without a space by an error that says the form",
    async (command) => {
      const { ask } = commonCommands();
      const answer = await ask(command, "no-space");
      expect(answer?.command).toBe("err");
      expect(answer?.payload.toString()).toContain(`${command} expects '<`);
    },
  );

  it("leave every other command to the caller", () => {
    const { common } = commonCommands();
    for (const command of ["hello", "dapi", "ok", "", "new_file ", "constructor", "__proto__"]) {
      expect(common.answer(command, Buffer.alloc(0))).toBeUndefined();
    }
  });
});

describe("an unknown command's text", () => {
  it.each([
    ["nonsense", "unknown command 'b'nonsense''"],
    ["echo-c-----", "unknown command 'b'echo-c-----''"],
    ["\u00ff\u0000", "unknown command 'b'\\xff\\x00''"],
    ["it's", "unknown command 'b\"it's\"'"],
  ])("for %j is %s", (command, text) => {
    expect(unknownCommandText(command)).toBe(text);
  });
});

interface Recorded {
  readonly conn: number;
  readonly from: string;
  readonly counter: number;
  readonly field?: string;
  readonly command?: string;
  readonly payload?: string;
}

const COMMON = ["echo", "new_file", "file_upd", "file_end", "new_str", "str_upd", "err_str"];

/** Requests of the recording with their answers, in order; those whose payload was not kept are left out. */
function exchanges(name: string): { request: Recorded; answer: Recorded }[] {
  const url = new URL(`../../../fixtures/vectors/4.3-zip/${name}`, import.meta.url);
  const records = readFileSync(url, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Recorded);
  return records.flatMap((request, index) => {
    const answer = records
      .slice(index + 1)
      .find(({ conn, counter, from }) => conn === request.conn && counter === request.counter && from !== request.from);
    return answer === undefined || /^(ok|err)/.test(request.command ?? "ok") ? [] : [{ request, answer }];
  });
}

describe("the recordings of real daemons", () => {
  it.each(["second-worker.jsonl", "local-master.jsonl", "local-worker.jsonl"])(
    "%s: strings and errors are answered alike",
    async (name) => {
      const { ask } = commonCommands();
      /** The recording's string ids → ours. */
      const ids = new Map<string, string>();
      let compared = 0;
      for (const { request, answer } of exchanges(name)) {
        const isString = ["new_str", "str_upd", "err_str", "echo"].includes(request.command ?? "");
        const isRefused = answer.command === "err" && COMMON.includes(request.command ?? "");
        if (!(isString || isRefused) || request.payload === undefined || answer.payload === undefined) continue;
        let payload = Buffer.from(request.payload, "base64");
        const expected = Buffer.from(answer.payload, "base64").toString();
        const [head = ""] = payload.toString("latin1").split(" ");
        const ownId = request.command === "str_upd" ? ids.get(head) : undefined;
        if (ownId !== undefined) payload = Buffer.concat([Buffer.from(ownId), payload.subarray(head.length)]);
        const ours = await ask(request.command ?? "", payload);
        compared += 1;
        expect(ours?.command).toBe(answer.command);
        if (request.command !== "new_str") expect(ours?.payload.toString()).toBe(expected);
        else ids.set(expected, ours?.payload.toString() ?? "");
      }
      expect(compared).toBeGreaterThan(4);
    },
  );

  it("first-sync.jsonl: files are answered alike, the answer's field included", async () => {
    const answers = new Map<string, Set<string>>();
    for (const { request, answer } of exchanges("first-sync.jsonl")) {
      if (!["new_file", "file_upd", "file_end"].includes(request.command ?? "")) continue;
      const texts = answers.get(request.command ?? "") ?? new Set();
      answers.set(
        request.command ?? "",
        texts.add(`${answer.field}|${Buffer.from(answer.payload ?? "", "base64").toString()}`),
      );
    }
    const { ask } = commonCommands();
    const line = async (command: string, payload: string | Buffer) => {
      const answer = await ask(command, payload);
      return new Set([`${`${answer?.command} `.padEnd(12, "-")}|${answer?.payload.toString()}`]);
    };
    expect(answers).toEqual(
      new Map([
        ["new_file", await line("new_file", PATH)],
        ["file_upd", await line("file_upd", `${PATH} some bytes`)],
        ["file_end", await line("file_end", Buffer.concat([Buffer.from(`${PATH} `), DIGEST]))],
      ]),
    );
  });
});
