import { isSecretName, MASK } from "../../../config/secrets.js";

/** Names that look like secrets and hold a switch or a path. */
const NO_SECRETS: ReadonlySet<string> = new Set(["use_password", "ssl_manager_key"]);

/** Names of secrets in ossec.conf besides the usual ones: whoever knows a webhook's address may use it. */
const MORE_SECRETS = /(?:^|[_\-.])pass$|^hook_url$/i;

/** User and password in front of a URL's host. */
const URL_PASSWORD = /(:\/\/[^\s/:@<>"']{0,256}:)[^\s/@<>"']{1,256}(?=@)/g;

/** Whether an option or an attribute of this name holds what must not leave the node in clear (quality.md 2). */
export function isConfSecret(name: string): boolean {
  return !NO_SECRETS.has(name.toLowerCase()) && (isSecretName(name) || MORE_SECRETS.test(name));
}

/**
 * Whether an attribute's value is a secret. A label's `key` is its name.
 *
 * @param element the element's name
 */
export function isSecretAttribute(element: string, attribute: string): boolean {
  return isConfSecret(attribute) && !isLabelName(element, attribute);
}

/** Whether an element's text is a secret: by its name, or for a label by its key. */
export function isSecretElement(element: string, attributes: ReadonlyMap<string, string>): boolean {
  const label = [...attributes].find(([name]) => isLabelName(element, name));
  return label === undefined ? isConfSecret(element) : isConfSecret(label[1]);
}

/** A text that is no secret itself, without what it may have of some: the cluster's key, passwords in URLs. */
export function withoutKnownSecrets(text: string, clusterKey: string): string {
  const keyless = clusterKey === "" ? text : text.replaceAll(clusterKey, MASK);
  return keyless.replace(URL_PASSWORD, `$1${MASK}`);
}

function isLabelName(element: string, attribute: string): boolean {
  return element.toLowerCase() === "label" && attribute.toLowerCase() === "key";
}
