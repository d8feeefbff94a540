import { parseDecoders } from "../../../src/dapi/catalogue/decoders/parseDecoders.js";
import { DecoderError } from "../../../src/dapi/catalogue/decoders/parseDecoders.js";
import { CdbListError, parseCdbList } from "../../../src/dapi/catalogue/lists/parseCdbList.js";
import { parseLogLine } from "../../../src/dapi/catalogue/manager/parseLogLine.js";
import { parseRules, RuleError } from "../../../src/dapi/catalogue/rules/parseRules.js";
import { readXml, XmlSyntaxError } from "../../../src/dapi/catalogue/ruleset/XmlElement.js";
import { takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { texts } from "./recorded.js";

/** Files of a node that the API reads: rules, decoders, lists, log lines. */
export const rulesets: FuzzTarget = {
  name: "rulesets",
  corpus: () =>
    texts(
      '<var name="BAD">error|warn</var><group name="a,b,"><rule id="100" level="3"><if_sid>5</if_sid><match negate="yes">$BAD</match><description>x $(y)</description><group>pci_dss_1.1,gdpr_x</group></rule></group>',
      '<decoder name="d"><parent>p</parent><prematch offset="after_parent">^a</prematch><regex type="pcre2">(\\d+)</regex><order>x,y</order></decoder>',
      'a:b\n"c:d":"e"\nTEMPLATE:\n\nf:\n',
      "2021/11/22 16:53:20 wazuh-remoted: INFO: (1410): Reading.",
    ),
  dictionary: ["<rule ", 'id="1"', 'level="x"', "</rule>", "<group ", "</group>", "<decoder ", "</decoder>", "<var ", "$BAD", "&amp;", "<![CDATA[", "]]>", "<!--", "-->", '":"', "TEMPLATE:", "WARNING", "CRITICAL"],
  moreSteps: 20_000,
  run: async (input) => {
    const text = input.toString("utf8");
    parseLogLine(text);
    try {
      await parseCdbList(text, async () => undefined);
    } catch (error) {
      if (!(error instanceof CdbListError)) throw error;
    }
    try {
      const xml = await readXml(text, async () => undefined);
      takenOrRefused(() => parseRules(xml), RuleError);
      takenOrRefused(() => parseDecoders(xml), DecoderError);
    } catch (error) {
      if (!(error instanceof XmlSyntaxError)) throw error;
    }
  },
};
