import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readClusterJson } from "../../../src/config/clusterJson.js";
import { parseOssecConf } from "../../../src/config/parseOssecConf.js";
import { printable } from "../../../src/config/printable.js";
import { readClusterBlock } from "../../../src/config/readClusterBlock.js";
import { resolveNodeConfig } from "../../../src/config/resolveNodeConfig.js";
import { TextPositions } from "../../../src/config/TextPositions.js";
import { validateClusterBlock } from "../../../src/config/validateClusterBlock.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const textOf = (letters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...letters), minLength, maxLength });

const validBlock = fc.record({
  name: textOf(`${LETTERS}!"#$%&'-.:<=>?[\\]^_{|}~`, 1, 40),
  nodeName: textOf(`${LETTERS}._-`, 1, 128).filter((name) => name !== "." && name !== ".."),
  nodeType: fc.constantFrom("master", "worker"),
  key: textOf(`${LETTERS}_`, 32, 32),
  port: fc.integer({ min: 1025, max: 65534 }),
  bindAddress: fc.ipV4().filter((address) => address !== "127.0.1.1"),
  nodes: fc.array(
    fc.ipV4().filter((address) => address !== "0.0.0.0" && address !== "127.0.1.1"),
    { minLength: 1, maxLength: 3 },
  ),
  disabled: fc.boolean(),
});
/** What may stand between elements. */
const filler = fc
  .array(fc.constantFrom(" ", "\n", "\r\n", "\t", "<!-- a -- <key>b</key> & -->", "<extra>1 & 2</extra>"), {
    maxLength: 4,
  })
  .map((parts) => parts.join(""));

const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

describe("any valid block", () => {
  it("is read as it was written, in any order and with anything in between", () => {
    fc.assert(
      fc.property(
        validBlock.chain((block) =>
          fc.tuple(
            fc.constant(block),
            fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
            fc.array(filler, { minLength: 10, maxLength: 10 }),
          ),
        ),
        ([block, order, fillers]) => {
          const elements = [
            `<name>${escapeText(block.name)}</name>`,
            `<node_name>${block.nodeName}</node_name>`,
            `<node_type>${block.nodeType}</node_type>`,
            `<key>${block.key}</key>`,
            `<port>${block.port}</port>`,
            `<bind_addr>${block.bindAddress}</bind_addr>`,
            `<nodes>${block.nodes.map((node) => `<node>${node}</node>`).join("")}</nodes>`,
            `<disabled>${block.disabled ? "yes" : "no"}</disabled>`,
          ];
          const body = order.map((place, index) => `${fillers[index]}${elements[place]}`).join("");
          const text = `<ossec_config><global/></ossec_config>${fillers[8]}<ossec_config><cluster>${body}${fillers[9]}</cluster></ossec_config>`;
          const { block: read, problems } = validateClusterBlock(readClusterBlock(text, "f"));
          expect(problems).toEqual([]);
          expect(read).toMatchObject(block);
        },
      ),
    );
  });

  it("has positions that point at its elements", () => {
    fc.assert(
      fc.property(fc.array(filler, { maxLength: 6 }), (fillers) => {
        const text = `${fillers.join("")}<cluster>x</cluster>`;
        const element = parseOssecConf(text, "f").find((root) => root.name === "cluster");
        const line = text.split(/\r\n|\n/)[(element?.position.line ?? 0) - 1];
        expect(line?.slice((element?.position.column ?? 0) - 1)).toMatch(/^<cluster>/);
      }),
    );
  });
});

/** Texts that look like configurations, cut and mixed. */
const pieces = fc.array(
  fc.oneof(
    fc.constantFrom(
      "<ossec_config>",
      "</ossec_config>",
      "<cluster>",
      "</cluster>",
      "<key>",
      "</key>",
      "<nodes>",
      "<node>",
      "</nodes>",
      "<port>",
      "1516",
      "</port>",
      "<disabled>",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "&",
      "\\<",
      "<?xml ?>",
      "<!DOCTYPE a>",
      "<__proto__>",
      "\uE000",
      "\uFEFF",
      "\u0000",
    ),
    fc.string({ unit: "binary", maxLength: 6 }),
  ),
  { maxLength: 30 },
);

describe("any text at all", () => {
  const onlyMusterErrors = (text: string): void => {
    try {
      resolveNodeConfig({ root: "/r", readFile: () => text });
    } catch (error) {
      expect(error).toBeInstanceOf(MusterError);
      expect((error as Error).message).not.toMatch(/[\r\n]/);
    }
  };

  it("gives a configuration or a MusterError on one line", () => {
    fc.assert(
      fc.property(
        pieces.map((parts) => parts.join("")),
        onlyMusterErrors,
      ),
      { numRuns: 500 },
    );
  });

  it("also random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => onlyMusterErrors(Buffer.from(bytes).toString("utf8"))),
      { numRuns: 500 },
    );
  });

  it("as cluster.json gives items with all intervals above 0, whatever stands there", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom("files", "intervals", "distributed_api"), (json, section) => {
        for (const text of [
          json,
          `{"${section}": ${json}}`,
          `{"intervals": {"worker": ${json}}}`,
          `{"files": {"etc/": ${json}}}`,
        ]) {
          const { items } = readClusterJson(text, "f");
          const { maxZipSize, minZipSize, compressLevel, zipLimitTolerance, ...communication } = items.intervals.communication;
          expect([maxZipSize > 0, minZipSize > 0, compressLevel >= 0, zipLimitTolerance > 0]).toEqual([true, true, true, true]);
          const { worker, master } = items.intervals;
          for (const seconds of [worker, master, communication].flatMap((intervals) => Object.values<number>(intervals))) {
            expect(seconds).toBeGreaterThan(0);
          }
          for (const [key, item] of Object.entries(items.files)) {
            expect(key).toMatch(/^[^/].*\/$/);
            expect(item.permissions).toBeLessThanOrEqual(0o777);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("helpers", () => {
  it("positions count lines and columns as an editor does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "é", "\n", "\r\n", "\r"), { maxLength: 30 }),
        fc.nat(40),
        (parts, at) => {
          const text = parts.join("");
          const offset = Math.min(at, text.length);
          // An offset inside of a line end belongs to no line: it is left out.
          fc.pre(!(text[offset - 1] === "\r" && text[offset] === "\n"));
          const before = text.slice(0, offset).split(/\r\n|\r|\n/);
          expect(new TextPositions(text).at(offset)).toEqual({
            line: before.length,
            column: (before.at(-1)?.length ?? 0) + 1,
          });
        },
      ),
    );
  });

  it("quoted text is one short line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        expect(shown.length).toBeLessThanOrEqual(6 * 80 + 1);
      }),
    );
  });
});
