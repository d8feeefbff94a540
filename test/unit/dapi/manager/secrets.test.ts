import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isConfSecret } from "../../../../src/dapi/catalogue/manager/confSecrets.js";
import { maskText } from "../../../../src/dapi/catalogue/manager/maskText.js";
import { encodeResult } from "../../../../src/dapi/encoding/resultJson.js";
import { CLUSTER_KEY, nodeFixture } from "../nodeFixture.js";

const SECRET = "s3cr3t-v4lu3";

/** Everything that read_ossec_conf says of a file, as text: JSON and raw. */
async function saidOf(conf: string): Promise<string> {
  const node = await nodeFixture({ "etc/ossec.conf": conf });
  const answers = [await node.run("manager:read_ossec_conf"), await node.run("manager:read_ossec_conf", { raw: true })];
  return answers.map(encodeResult).join("\n");
}

const integration = (inner: string): string =>
  `<ossec_config><integration><name>x</name>${inner}<level>3</level></integration></ossec_config>`;

describe("a secret", () => {
  test.each([
    `<api_key>${SECRET}</api_key>`,
    `<API_KEY >${SECRET}</API_KEY >`,
    `<api_key a="b>">${SECRET}</api_key>`,
    `<password>\n  ${SECRET}\n</password>`,
    `<password><![CDATA[-->${SECRET}]]></password>`,
    `<key><!-- old -->${SECRET}</key>`,
    `<key><!-- </key> ${SECRET} --></key>`,
    `<secret><inner deep="${SECRET}"><text>${SECRET}</text></inner></secret>`,
    `<password><password>x</password>${SECRET}</password>`,
    `<password><Password a="/>">x</Password><password/>${SECRET}</password>`,
    `<a_é_key>${SECRET}</a_é_key>`,
    `<user_pass>${SECRET}</user_pass>`,
    `<hook_url>https://hooks.example.com/services/${SECRET}</hook_url>`,
    `<host token='${SECRET}'>h</host>`,
    `<url>https://user:${SECRET}@example.com/</url>`,
    `<!-- <api_key>${SECRET}</api_key> -->`,
    `<!-- <api_key>${SECRET} -->`,
    `<alert_format>${CLUSTER_KEY}</alert_format>`,
    `<!-- was ${CLUSTER_KEY} -->`,
  ])("does not leave the node: %s", async (inner) => {
    const said = await saidOf(integration(inner));
    expect(said).not.toContain(SECRET);
    expect(said).not.toContain(CLUSTER_KEY);
    expect(said).toContain("********");
    expect(said).toContain('"level": "3"');
  });

  test("is a label's value when the label's key says so", async () => {
    const conf = `<ossec_config><labels><label key="aws.api_key">${SECRET}</label><label key="group">sales</label></labels></ossec_config>`;
    const node = await nodeFixture({ "etc/ossec.conf": conf });
    expect((await node.call("manager:read_ossec_conf")).affectedItems).toEqual([
      {
        labels: [
          {
            label: [
              { value: "********", key: "aws.api_key" },
              { value: "sales", key: "group" },
            ],
          },
        ],
      },
    ]);
    expect(maskText(conf, "")).toBe(conf.replace(SECRET, "********"));
  });

  test.each(["use_password", "ssl_manager_key", "cluster_item_key", "location", "keepalive", "bypass_x"])(
    "is not what is called %s",
    (name) => {
      expect(isConfSecret(name)).toBe(false);
    },
  );
});

test("empty secrets stay empty, closed elements and text without secrets as they are", () => {
  const conf = "<a><key></key><key/> <password>\n</password><b c='d'>e & f \\<g</b><!-- key --></a>";
  expect(maskText(conf, CLUSTER_KEY)).toBe(conf);
});

describe("any configuration", () => {
  const name = fc.constantFrom("name", "key", "password", "location", "api_token", "Secret", "nodes");
  const plain = fc.constantFrom("", "a", "x y", "1 & 2", "\\<", "\n  ");
  /** Elements as text, with a marked secret in those with a secret name. */
  const { conf } = fc.letrec<{ element: string; conf: string }>((tie) => ({
    element: fc.oneof(
      { depthSize: "small" },
      fc.tuple(name, plain, fc.boolean()).map(([tag, text, commented]) => {
        const content = isConfSecret(tag) ? `${text}${SECRET}` : text;
        return commented ? `<!-- <${tag}>${content}</${tag}> -->` : `<${tag}>${content}</${tag}>`;
      }),
      fc.tuple(fc.constantFrom("remote", "syscheck", "x"), plain, fc.array(tie("element"), { maxLength: 4 })).map(
        // Comments don't nest: what holds one is never put in one.
        ([tag, text, inner]) => `<${tag}>${text}${inner.join(text)}</${tag}>`,
      ),
    ),
    conf: fc.array(tie("element"), { maxLength: 6 }).map((elements) => elements.join("\n")),
  }));

  test("keeps its secrets, and all else of its text", () => {
    fc.assert(
      fc.property(conf, (text) => {
        const masked = maskText(text, CLUSTER_KEY);
        expect(masked).not.toContain(SECRET);
        // Masking again changes nothing.
        expect(maskText(masked, CLUSTER_KEY)).toBe(masked);
        // Outside secrets nothing is different.
        const bare = (part: string): string => part.replace(/>[^<>]*(?:s3cr3t-v4lu3|\*{8})</g, "><");
        const tags = (part: string): string[] => part.match(/<\/?\w+>/g) ?? [];
        expect(tags(masked)).toEqual(tags(text));
        if (!text.includes("\\<")) expect(bare(masked)).toBe(bare(text));
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  test("takes no longer than in proportion to its length", () => {
    const hostile = [
      "<key".repeat(50_000),
      "<key>".repeat(2_000),
      `<a ${"b=".repeat(50_000)}`,
      `<a ${'"'.repeat(50_001)}`,
      "://".repeat(50_000),
      `<key>${"<!--".repeat(50_000)}`,
    ];
    for (const text of hostile) expect(maskText(text, CLUSTER_KEY).length).toBeGreaterThan(0);
  });
});
