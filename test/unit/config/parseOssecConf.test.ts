import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/config/ConfigurationError.js";
import { parseOssecConf } from "../../../src/config/parseOssecConf.js";

const FILE = "/node/etc/ossec.conf";

function failure(text: string): ConfigurationError {
  try {
    parseOssecConf(text, FILE);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error("parsed");
}

describe("ossec.conf as it is found in the field", () => {
  it("has several roots, in their order", () => {
    const roots = parseOssecConf("<ossec_config><a>1</a></ossec_config>\n<ossec_config/>\n<agent_config/>", FILE);
    expect(roots.map((root) => root.name)).toEqual(["ossec_config", "ossec_config", "agent_config"]);
  });

  it("is empty", () => {
    expect(parseOssecConf("", FILE)).toEqual([]);
    expect(parseOssecConf(" \n\t", FILE)).toEqual([]);
  });

  it.each([
    ["a raw ampersand", "<a>one & two</a>", "one & two"],
    ["a raw ampersand at the end", "<a>x&</a>", "x&"],
    ["an entity of its own", "<a>&unknown;</a>", "&unknown;"],
    ["XML's entities", "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;</a>", "<>&\"'AB"],
    ["an escaped angle bracket", "<a>x \\< y</a>", "x < y"],
    ["a backslash before a closing tag", "<a>C:\\</a>", "C:\\"],
    ["CDATA with what it may hold", "<a><![CDATA[<b> & <!-- c -->]]></a>", "<b> & <!-- c -->"],
    ["a comment", "<a>1<!-- 2 -->3</a>", "13"],
    ["a comment with two dashes in it", "<a>1<!-- -- --- -->2</a>", "12"],
    ["a comment with tags and ampersands in it", "<a>1<!-- <key>&</key> -->2</a>", "12"],
    ["spaces and line ends around the text", "<a>\r\n  x y \n</a>", "x y"],
    ["characters of the private use area", "<a>\uE000&\uE001</a>", "\uE000&\uE001"],
    ["an attribute", '<a b="c & d">x</a>', "x"],
  ])("holds %s", (_name, text, expected) => {
    expect(parseOssecConf(text, FILE)[0]?.text).toBe(expected);
  });

  it("begins with a byte order mark", () => {
    expect(parseOssecConf("\uFEFF<a>1</a>", FILE)[0]).toMatchObject({ name: "a", text: "1" });
  });

  it("begins with an XML declaration, also after a comment", () => {
    expect(parseOssecConf('<?xml version="1.0"?>\n<a/>', FILE)).toHaveLength(1);
    expect(parseOssecConf('<!-- x -->\n<?xml version="1.0" encoding="UTF-8"?>\n<a/>', FILE)).toHaveLength(1);
  });

  it("has names in capitals", () => {
    expect(parseOssecConf("<OSSEC_Config><Cluster/></OSSEC_Config>", FILE)).toMatchObject([
      { name: "ossec_config", children: [{ name: "cluster" }] },
    ]);
  });

  it("keeps an element's own text apart from its children's", () => {
    expect(parseOssecConf("<a> x <b>y</b> z </a>", FILE)[0]).toMatchObject({
      text: "x  z",
      children: [{ name: "b", text: "y" }],
    });
  });
});

describe("positions", () => {
  it.each([
    ["the first element", "<a/>", { line: 1, column: 1 }],
    ["an element on a later line", "\n\n  <a/>", { line: 3, column: 3 }],
    ["an element after comments and raw ampersands", "<!-- a & b -->\r\n & & <a/>", { line: 2, column: 6 }],
    ["an element whose tag goes over lines", "x <a\n  b='c'\n>1</a>", { line: 1, column: 3 }],
    ["an element behind a byte order mark", "\uFEFF<a/>", { line: 1, column: 2 }],
  ])("are where %s begins", (_name, text, expected) => {
    expect(parseOssecConf(text, FILE)[0]?.position).toEqual(expected);
  });
});

describe("text that is no XML", () => {
  it.each([
    ["an element that is not closed", "<a>\n<b>1</a>", "2:8:", "unexpected close tag"],
    ["a file that ends too early", "<a>\n<b>", "2:3:", "unclosed tag: b"],
    ["a comment that is not closed", "<a/><!-- x", "1:10:", "unexpected end"],
    ["a character that XML forbids", "<a>\u0001</a>", "1:4:", "disallowed character"],
    [
      "a document type, whose entities could grow without end",
      '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
      "1:9:",
      "doctype",
    ],
  ])("names file, line and column of %s", (_name, text, place, reason) => {
    const error = failure(text);
    expect(error.code).toBe(3006);
    expect(error.toString()).toContain(
      `Error 3006 - Error reading cluster configuration: XML syntax error at ${FILE}:${place}`,
    );
    expect(error.message).toContain(reason);
  });

  it("is told with its first mistake only", () => {
    expect(failure("<a><b><c>").problems).toHaveLength(1);
  });

  it("never shows a part of a key that was taken for a tag", () => {
    const error = failure("<cluster><key>abcdef<ghijkl0123</key></cluster>");
    expect(error.message).toContain("malformed value");
    expect(error.message).not.toContain("ghijkl");
  });

  it("nests a hundred thousand elements without harm", () => {
    expect(failure("<a>".repeat(100_000)).code).toBe(3006);
  });
});
