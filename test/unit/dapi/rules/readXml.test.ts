import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DEEPEST_ELEMENT,
  readXml,
  XmlSyntaxError,
  type XmlElement,
} from "../../../../src/dapi/catalogue/ruleset/XmlElement.js";

const noPause = (): Promise<void> => Promise.resolve();
const read = (text: string): Promise<readonly XmlElement[]> => readXml(text, noPause);

async function textOf(text: string): Promise<string | null | undefined> {
  return (await read(text))[0]?.text;
}

async function faultOf(text: string): Promise<XmlSyntaxError> {
  try {
    await read(text);
  } catch (error) {
    if (error instanceof XmlSyntaxError) return error;
  }
  throw new Error("was taken");
}

describe("XML of the field", () => {
  test("has several roots, with attributes and children", async () => {
    const [first, second, ...others] = await read(`<var name="A">x</var>\n<Group name="g,"><RULE id='1'/></Group>\n`);
    expect(first).toMatchObject({ name: "var", text: "x", children: [] });
    expect(first?.attributes.get("name")).toBe("A");
    expect(second).toMatchObject({ name: "group", children: [{ name: "rule", text: null }] });
    expect(others).toEqual([]);
  });

  test("has text before an element's first child only", async () => {
    expect(await textOf("<a> one <b>two</b> three</a>")).toBe(" one ");
    expect(await textOf("<a><b/>three</a>")).toBeNull();
  });

  test.each([
    ["<a>x & y &amp; z &foo; &lt;</a>", "x & y & z &foo; <"],
    ["<a>1 < 2</a>", "1 < 2"],
    ["<a>\\<tag> \\. \\d</a>", "\\<tag> \\. \\d"],
    ["<a>^<\\d+></a>", "^<\\d+>"],
    ["<a>be<!-- a -- b --->fore</a>", "before"],
    ["<a><![CDATA[<x> & -- ]]></a>", "<x> & -- "],
    ["<a>&#65;&#x42;</a>", "AB"],
    ['<?xml version="1.0"?>\n<a>x</a>', "x"],
    ["\uFEFF<a>x</a>", "x"],
    ["<!-- only -- a comment --><a>x</a>", "x"],
  ])("%j has the text %j", async (xml, expected) => {
    expect(await textOf(xml)).toBe(expected);
  });

  test("may be empty", async () => {
    expect(await read("")).toEqual([]);
    expect(await read("<!-- nothing -->\n")).toEqual([]);
  });

  test.each(["<a>", "<a></b>", "</a>", "<a b></a>", '<a b="1" b="2"/>', "<a <b>x</b></a>", "<!-- open <a/>"])(
    "%j is refused",
    async (text) => {
      expect((await faultOf(text)).message).toMatch(/, line 1$/);
    },
  );

  test("is refused with the line of the mistake, also below comments", async () => {
    const text = "<?xml version='1.0'?>\n<!-- one -- \n two -->\n<a>\n</b>\n";
    expect((await faultOf(text)).line).toBe(5);
  });

  test("may not nest too deeply", async () => {
    const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
    expect(await read(nested(DEEPEST_ELEMENT))).toHaveLength(1);
    expect((await faultOf(nested(DEEPEST_ELEMENT + 1))).message).toContain("nested more than");
  });

  test("is parsed with pauses when it is large, with the same result", async () => {
    let pauses = 0;
    const pause = (): Promise<void> => {
      pauses += 1;
      return Promise.resolve();
    };
    const elements = await readXml("<a b='ü'>x &amp; y</a>\n".repeat(10_000), pause);
    expect(elements).toHaveLength(10_000);
    expect(elements.every(({ text }) => text === "x & y")).toBe(true);
    expect(pauses).toBeGreaterThan(2);
  });

  test("gives any text back that was escaped", async () => {
    const anyText = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => !/[\r\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text));
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("]]>", "]]&gt;");
        expect(await textOf(`<a>${escaped}</a>`)).toBe(text);
      }),
    );
  });

  test("is read or refused, whatever it is", async () => {
    const pieces = fc.constantFrom(
      "<",
      ">",
      "a",
      "</a>",
      "<a>",
      "&",
      ";",
      "<!--",
      "-->",
      "\\",
      "<![CDATA[",
      "]]>",
      '"',
      "=",
      "\n",
      "<?xml",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (all) => {
        const outcome = await read(all.join("")).catch((error: unknown) => error);
        expect(Array.isArray(outcome) || outcome instanceof XmlSyntaxError).toBe(true);
      }),
    );
  });
});
