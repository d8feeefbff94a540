type Child = Node | string | null;
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element with attributes and children; an attribute that is false, null or undefined is left out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function s<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<Made extends Element>(element: Made, attributes: Attributes, children: readonly Child[]): Made {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** Sets a text only when it differs, within the text node that is there: the page is told ten times a second, and most of it stays. */
export function setText(element: Element, text: string): void {
  const { firstChild } = element;
  if (!(firstChild instanceof Text) || firstChild.nextSibling !== null) {
    if (firstChild !== null || text !== "") element.textContent = text;
  } else if (firstChild.data !== text) firstChild.data = text;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Makes an element's children those given, in their order; true when anything was added, moved or removed. */
export function setChildren(parent: Element, wanted: readonly Element[]): boolean {
  const kept = new Set(wanted);
  let hasChanged = false;
  let next = parent.firstElementChild;
  // What goes, goes first: a list that loses its first rows would move all others else.
  const skipGone = (): void => {
    while (next !== null && !kept.has(next)) {
      const following: Element | null = next.nextElementSibling;
      next.remove();
      next = following;
      hasChanged = true;
    }
  };
  skipGone();
  for (const child of wanted) {
    if (child === next) next = next.nextElementSibling;
    // The one before it has its place elsewhere, and goes there in its turn: moving it alone is less than moving all others.
    else if (next?.nextElementSibling === child) next = child.nextElementSibling;
    else {
      parent.insertBefore(child, next);
      hasChanged = true;
    }
    skipGone();
  }
  return hasChanged;
}
