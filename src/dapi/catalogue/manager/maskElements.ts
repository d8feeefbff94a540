import { MASK } from "../../../config/secrets.js";
import type { XmlElement } from "../ruleset/XmlElement.js";
import { isSecretAttribute, isSecretElement, withoutKnownSecrets } from "./confSecrets.js";

/** A copy of parsed elements in which all secrets are masked; in a secret element everything is one. */
export function maskElements(elements: readonly XmlElement[], clusterKey: string, inSecret = false): XmlElement[] {
  return elements.map((element) => {
    const isSecret = inSecret || isSecretElement(element.name, element.attributes);
    const mask = (text: string, secret: boolean): string => {
      if (secret) return text.trim() === "" ? text : MASK;
      return withoutKnownSecrets(text, clusterKey);
    };
    return {
      name: element.name,
      attributes: new Map(
        [...element.attributes].map(([name, value]) => [
          name,
          mask(value, inSecret || isSecretAttribute(element.name, name)),
        ]),
      ),
      text: element.text === null ? null : mask(element.text, isSecret),
      children: maskElements(element.children, clusterKey, isSecret),
    };
  });
}
