// The XML of an answer of Amazon's query services as a tree: elements with texts, nothing else. It
// stands under EC2 discovery. Easy to get wrong: the answer is somebody else's, so depth and size
// are bounded, entities other than XML's own five and numbers are refused, and there is no DTD.
import { MonError } from '../errors.ts';

/** One element: its children by name in their order, and its text. */
export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

const DEPTH_MAX = 32;
const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};
const TOKEN = /<(\/?)([A-Za-z_][\w:.-]*)[^<>]*?(\/?)>|<\?[^>]*\?>|<!--[^]*?-->|([^<]+)/gy;

function bad(words: string): never {
  throw new MonError('MON_SERVER_FAILED', `the answer is no XML: ${words}`);
}

function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&([^;]*);?/g, (whole, name: string) => {
    if (Object.hasOwn(ENTITIES, name)) return ENTITIES[name];
    const found = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
    const code = found === null ? NaN : parseInt(found[1] ?? found[2], found[1] ? 16 : 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : bad(`the entity ${whole.slice(0, 20)}`);
  });
}

/** The root element of a text. @throws MonError MON_SERVER_FAILED. */
export function parseXml(text: string): XmlElement {
  const root: XmlElement = { name: '', children: [], text: '' };
  const open: XmlElement[] = [root];
  let at = 0;
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    at = TOKEN.lastIndex;
    const [, closing, name, empty, words] = found;
    const inner = open[open.length - 1];
    if (words !== undefined) {
      if (inner !== root) inner.text += unescaped(words);
    } else if (closing === '/') {
      if (inner.name !== name || inner === root) bad(`${name} ends where it did not begin`);
      open.pop();
    } else if (name !== undefined) {
      const element: XmlElement = { name, children: [], text: '' };
      inner.children.push(element);
      if (empty !== '/') open.push(element);
      if (open.length > DEPTH_MAX) bad('elements within elements without an end');
    }
  }
  if (at !== text.length) bad(`at character ${at}`);
  if (open.length > 1 || root.children.length !== 1) bad('it is cut off');
  return root.children[0];
}

/** The first child of a name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** The text at a path of names, or undefined. */
export function textAt(element: XmlElement, ...path: string[]): string | undefined {
  let at: XmlElement | undefined = element;
  for (const name of path) at = childOf(at, name);
  return at?.text.trim();
}

/** The items of a set: <name><item/><item/></name>. */
export function itemsOf(element: XmlElement | undefined, name: string): XmlElement[] {
  return childOf(element, name)?.children.filter((child) => child.name === 'item') ?? [];
}
