import { parseOssecConf, type ConfElement } from "../../../src/config/parseOssecConf.js";
import { readClusterBlock } from "../../../src/config/readClusterBlock.js";
import { validateClusterBlock } from "../../../src/config/validateClusterBlock.js";
import { confJson } from "../../../src/dapi/catalogue/manager/confJson.js";
import { maskElements } from "../../../src/dapi/catalogue/manager/maskElements.js";
import { maskText } from "../../../src/dapi/catalogue/manager/maskText.js";
import { readXml, XmlSyntaxError, type XmlElement } from "../../../src/dapi/catalogue/ruleset/XmlElement.js";
import { MusterError } from "../../../src/protocol/errors/MusterError.js";
import { must, takenOrRefused, type FuzzTarget } from "../FuzzTarget.js";
import { texts } from "./recorded.js";

const KEY = "0123456789abcdefghijklmnopqrstuv";
const SECRET = "hUsHhUsH";
const CLUSTER = `<ossec_config><cluster><name>c</name><node_name>n</node_name><node_type>master</node_type><key>${KEY}</key><port>1516</port><bind_addr>0.0.0.0</bind_addr><nodes><node>a</node></nodes><disabled>no</disabled></cluster></ossec_config>`;

/** ossec.conf, as a node's configuration and as what the API shows of it: what the JSON masks, the text masks too. */
export const ossecConf: FuzzTarget = {
  name: "ossecConf",
  corpus: () =>
    texts(
      CLUSTER,
      `<!-- -- --><ossec_config>\n<global><email_notification>no</email_notification></global><integration><hook_url>${SECRET}</hook_url><api_key>${SECRET}</api_key></integration></ossec_config>\n${CLUSTER}`,
      `<ossec_config><labels><label key="x.password">${SECRET}</label><label key="y">z</label></labels><wodle name="aws"><bucket type="a" secret_key="${SECRET}"><path><![CDATA[a<b]]></path></bucket></wodle></ossec_config>`,
      `<ossec_config><ruleset><list>a && b \\<c</list></ruleset><auth><password>${SECRET}</password></auth><remote><url>https://u:${SECRET}@h/</url></remote></ossec_config>`,
    ),
  dictionary: ["<cluster>", "</cluster>", "<key>", "</key>", KEY, SECRET, "<password>", "</password>", `<password>${SECRET}</password>`, "<label key=\"token\">", "</label>", "<![CDATA[", "]]>", "<!--", "-->", "<ossec_config>", "</ossec_config>", "&lt;", "&#65;", "\\<", " key='", "<node_type>worker</node_type>", "<port>", "<a/>"],
  moreSteps: 30_000,
  run: async (input) => {
    const text = input.toString("utf8");
    const roots = takenOrRefused(() => parseOssecConf(text, "ossec.conf"), MusterError);
    for (const { position } of everyElement(roots ?? [])) must(position.line >= 1 && position.column >= 1, "an element has no place");
    const reading = takenOrRefused(() => readClusterBlock(text, "ossec.conf"), MusterError);
    if (reading !== undefined) validateClusterBlock(reading);
    let xml: readonly XmlElement[];
    try {
      xml = await readXml(text, async () => undefined);
    } catch (error) {
      if (error instanceof XmlSyntaxError) return;
      throw error;
    }
    const shown = JSON.stringify([confJson(maskElements(xml, KEY)), namesAndTexts(maskElements(xml, KEY))]);
    const masked = maskText(text, KEY);
    must(!shown.includes(KEY) && !masked.includes(KEY), "the cluster's key is shown");
    if (!shown.includes(SECRET) && !/<!--|<!\[CDATA|<\?|<!/.test(text)) must(!secretIn(masked, xml), "the text shows what the JSON masks");
  },
};

/** Whether the secret stands in a text, and not in a name only. */
function secretIn(masked: string, xml: readonly XmlElement[]): boolean {
  return masked.includes(SECRET) && !JSON.stringify(namesOf(xml)).toLowerCase().includes(SECRET.toLowerCase());
}

function namesOf(elements: readonly XmlElement[]): readonly unknown[] {
  return elements.map(({ name, attributes, children }) => [name, [...attributes.keys()], namesOf(children)]);
}

function namesAndTexts(elements: readonly XmlElement[]): readonly unknown[] {
  return elements.map(({ name, attributes, text, children }) => [name, [...attributes], text, namesAndTexts(children)]);
}

function everyElement(elements: readonly ConfElement[]): readonly ConfElement[] {
  return elements.flatMap((element) => [element, ...everyElement(element.children)]);
}
