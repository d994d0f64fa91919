// The YAML that nearly all files of rules and SLOs are written in, read line by line: maps and
// lists by indentation, texts of one line, `|` blocks, braces within a line. Stands before the
// `yaml` package, whose nodes it makes, eight times as fast. Easy to get wrong: it must never read
// what the package reads otherwise; whatever it does not know makes it give the whole text back.
import { Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Node } from 'yaml';

/** Documents of a text and where its lines begin. */
export interface PlainYaml {
  readonly roots: readonly Node[];
  readonly lineStarts: readonly number[];
}

/** Maps within lists within maps; deeper texts are given back. */
const DEPTH_MAX = 60;
/** Tabs, carriage returns, byte order marks, directives, ends of documents, texts beside `---`. */
const ODD_TEXT = /[\t\r\ufeff]|^%|^\.\.\.|^---[^\n]/m;
/** A name and the colon behind it. */
const KEY = /([A-Za-z_][\w./-]{0,200}|"[^"\\\n]{0,200}"|'[^'\n]{0,200}'):(?=[ \n]|$)/y;
/** What a text without quotes may begin with, on a line of its own and within braces. */
const PLAIN_START = /[^\s,[\]{}#&*!|>'"%@`?:-]|-[^\s]/y;
const FLOW_PLAIN = /[A-Za-z0-9_./$+(=~^][^,[\]{}:#"'\n&*!|>%@`?]*/y;
/** Texts that might be something else than text. */
const SPECIAL = /^[-+.0-9~nNtTfF]/;
const WORDS = new Map<string, boolean | null>([
  ...['~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);
const INTEGER = /^[-+]?[0-9]+$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)$/;
/** Octal, hexadecimal, exponents, infinity: numbers that are rare. */
const ODD_NUMBER = /^(?:0[ox]|[-+]?\.(?:inf|nan)$|[-+]?[0-9.]+e[-+]?[0-9]+$)/i;
const ESCAPED = new Map([
  ...['"', '\\', '/'].map((char) => [char, char] as const),
  ...([['n', '\n'] as const, ['t', '\t'] as const, ['r', '\r'] as const] as const),
]);

/** Ends the reading: the `yaml` package reads the text then. */
class Unknown extends Error {}

function unknown(): never {
  throw new Unknown();
}

/** The text as nodes without comments; undefined where something in it is not known here. */
export function readPlainYaml(text: string): PlainYaml | undefined {
  if (ODD_TEXT.test(text)) return undefined;
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    lineStarts.push(at + 1);
  }
  try {
    return { roots: new Reader(text, lineStarts).documents(), lineStarts };
  } catch (thrown) {
    if (thrown instanceof Unknown) return undefined;
    throw thrown;
  }
}

interface Written {
  readonly source: string;
  readonly type: Scalar.Type;
  readonly start: number;
  readonly end: number;
}

function scalar(value: unknown, { source, type, start, end }: Written): Scalar {
  const node = new Scalar(value);
  node.source = source;
  node.type = type;
  node.range = [start, end, end];
  return node;
}

/** What a text without quotes stands for in the core schema of YAML 1.2. */
function plainValue(source: string): unknown {
  if (!SPECIAL.test(source)) return source;
  const word = WORDS.get(source);
  if (word !== undefined) return word;
  if (INTEGER.test(source)) return parseInt(source, 10);
  if (FLOAT.test(source)) return parseFloat(source);
  return ODD_NUMBER.test(source) ? unknown() : source;
}

class Reader {
  readonly #text: string;
  readonly #starts: readonly number[];
  #line = -1;
  /** Where reading stands, the end of its line, and its column: -1 behind a document. */
  #at = 0;
  #end = 0;
  #column = 0;
  #depth = 0;

  constructor(text: string, lineStarts: readonly number[]) {
    this.#text = text;
    this.#starts = lineStarts;
    this.#nextLine();
  }

  documents(): Node[] {
    const roots: Node[] = [];
    do {
      if (this.#isMarker()) this.#nextLine();
      roots.push(this.#block());
      if (this.#column >= 0) unknown();
    } while (this.#isMarker());
    return roots;
  }

  #isMarker(): boolean {
    return this.#column < 0 && this.#at < this.#end;
  }

  /** Goes to what stands in the next line that is neither empty nor a comment. */
  #nextLine(): void {
    const text = this.#text;
    for (;;) {
      this.#line++;
      if (this.#line >= this.#starts.length) {
        this.#column = -1;
        this.#at = this.#end = text.length;
        return;
      }
      const start = this.#starts[this.#line];
      const next = this.#starts[this.#line + 1];
      this.#end = next === undefined ? text.length : next - 1;
      let at = start;
      while (at < this.#end && text.charCodeAt(at) === 32) at++;
      if (at === this.#end || text[at] === '#') continue;
      this.#at = at;
      this.#column = text.startsWith('---', start) ? -1 : at - start;
      return;
    }
  }

  #isDash(): boolean {
    if (this.#text[this.#at] !== '-') return false;
    return this.#at + 1 === this.#end || this.#text[this.#at + 1] === ' ';
  }

  #isKey(): boolean {
    KEY.lastIndex = this.#at;
    return KEY.test(this.#text);
  }

  /** The map or list that begins where reading stands. */
  #block(): Node {
    if (this.#column < 0 || ++this.#depth > DEPTH_MAX) unknown();
    const node = this.#isDash() ? this.#list() : this.#map();
    this.#depth--;
    return node;
  }

  #map(): YAMLMap {
    const map = new YAMLMap();
    const names = new Set<unknown>();
    const [start, column] = [this.#at, this.#column];
    do {
      const key = this.#key();
      if (names.has(key.value)) unknown();
      names.add(key.value);
      map.items.push(new Pair(key, this.#valueOf(column)));
    } while (this.#column === column);
    if (this.#column > column) unknown();
    map.range = [start, this.#at, this.#at];
    return map;
  }

  #key(): Scalar {
    KEY.lastIndex = this.#at;
    const found = KEY.exec(this.#text);
    if (found === null) return unknown();
    const [, word] = found;
    const [start, end] = [this.#at, this.#at + word.length];
    this.#at = end + 1;
    if (word[0] !== '"' && word[0] !== "'") {
      return scalar(plainValue(word), { source: word, type: 'PLAIN', start, end });
    }
    const source = word.slice(1, -1);
    const type = word[0] === '"' ? 'QUOTE_DOUBLE' : 'QUOTE_SINGLE';
    return scalar(source, { source, type, start, end });
  }

  /** What a name stands for, and on to the line behind it. */
  #valueOf(column: number): Node {
    this.#skipSpaces();
    if (!this.#isRest()) return this.#inLine(column);
    this.#nextLine();
    if (this.#column > column) return this.#block();
    return this.#column === column && this.#isDash() ? this.#list() : unknown();
  }

  #list(): YAMLSeq {
    const list = new YAMLSeq();
    const [start, column] = [this.#at, this.#column];
    do {
      this.#at++;
      this.#skipSpaces();
      list.items.push(this.#item(column));
    } while (this.#column === column && this.#isDash());
    if (this.#column > column) unknown();
    list.range = [start, this.#at, this.#at];
    return list;
  }

  #item(column: number): Node {
    if (this.#isRest()) {
      this.#nextLine();
      return this.#column > column ? this.#block() : unknown();
    }
    this.#column = this.#at - this.#starts[this.#line];
    return this.#isDash() || this.#isKey() ? this.#block() : this.#inLine(column);
  }

  #skipSpaces(): void {
    while (this.#at < this.#end && this.#text.charCodeAt(this.#at) === 32) this.#at++;
  }

  /** Whether nothing follows in this line, or a comment alone, which a space comes before. */
  #isRest(): boolean {
    if (this.#at === this.#end) return true;
    return this.#text[this.#at] === '#' && this.#text[this.#at - 1] === ' ';
  }

  /** A value that begins in this line, and on to the line behind it. */
  #inLine(column: number): Node {
    const char = this.#text[this.#at];
    if (char === '|') return this.#literal(column);
    const node = char === '{' || char === '[' ? this.#flow() : this.#quotedOrPlain();
    this.#skipSpaces();
    if (!this.#isRest()) unknown();
    this.#nextLine();
    return node;
  }

  #quotedOrPlain(): Scalar {
    const char = this.#text[this.#at];
    if (char === '"') return this.#double();
    return char === "'" ? this.#single() : this.#plain();
  }

  #plain(): Scalar {
    const [text, start] = [this.#text, this.#at];
    PLAIN_START.lastIndex = start;
    if (!PLAIN_START.test(text)) unknown();
    const line = text.slice(start, this.#end);
    const comment = line.indexOf(' #');
    const source = (comment < 0 ? line : line.slice(0, comment)).replace(/ +$/, '');
    if (source.includes(': ') || source.endsWith(':')) unknown();
    this.#at = start + source.length;
    return scalar(plainValue(source), { source, type: 'PLAIN', start, end: this.#at });
  }

  #double(): Scalar {
    const [text, start] = [this.#text, this.#at];
    let value = '';
    let from = start + 1;
    for (let i = from; i < this.#end; i++) {
      const char = text.charCodeAt(i);
      if (char === 92) {
        value += text.slice(from, i) + (ESCAPED.get(text[++i]) ?? unknown());
        from = i + 1;
      } else if (char === 34) {
        this.#at = i + 1;
        value += text.slice(from, i);
        return scalar(value, { source: value, type: 'QUOTE_DOUBLE', start, end: this.#at });
      }
    }
    return unknown();
  }

  #single(): Scalar {
    const [text, start] = [this.#text, this.#at];
    for (let i = start + 1; i < this.#end; i++) {
      if (text.charCodeAt(i) !== 39) continue;
      if (text.charCodeAt(i + 1) === 39) {
        i++;
        continue;
      }
      this.#at = i + 1;
      const value = text.slice(start + 1, i).replaceAll("''", "'");
      return scalar(value, { source: value, type: 'QUOTE_SINGLE', start, end: this.#at });
    }
    return unknown();
  }

  /** Lines below a `|`, as far as they are indented deeper than the name. */
  #literal(column: number): Scalar {
    const [text, start] = [this.#text, this.#at];
    const header = text.slice(start, this.#end);
    if (header !== '|' && header !== '|-') unknown();
    const lines: string[] = [];
    let indent = 0;
    let filled = 0;
    for (let next = this.#line + 1; next < this.#starts.length; next++) {
      const from = this.#starts[next];
      const to = (this.#starts[next + 1] ?? text.length + 1) - 1;
      let own = from;
      while (own < to && text.charCodeAt(own) === 32) own++;
      if (own === to) {
        if (from < to) unknown();
        lines.push('');
        continue;
      }
      if (own - from <= column) break;
      if (indent === 0) indent = own - from;
      if (own - from < indent || to === text.length) unknown();
      lines.push(text.slice(from + indent, to));
      filled = lines.length;
      this.#line = next;
    }
    if (filled === 0) unknown();
    const value = lines.slice(0, filled).join('\n') + (header === '|' ? '\n' : '');
    this.#nextLine();
    return scalar(value, { source: value, type: 'BLOCK_LITERAL', start, end: this.#at });
  }

  /** A list or map in brackets, or a text in one. */
  #flow(): Node {
    const char = this.#text[this.#at];
    if (char !== '{' && char !== '[') return this.#flowText();
    if (++this.#depth > DEPTH_MAX) unknown();
    const start = this.#at++;
    const node = char === '{' ? this.#flowMap() : this.#flowList();
    node.flow = true;
    node.range = [start, this.#at, this.#at];
    this.#depth--;
    return node;
  }

  #flowMap(): YAMLMap {
    const map = new YAMLMap();
    const names = new Set<unknown>();
    this.#flowItems('}', () => map.items.push(this.#flowPair(names)));
    return map;
  }

  #flowList(): YAMLSeq {
    const list = new YAMLSeq();
    this.#flowItems(']', () => list.items.push(this.#flow()));
    return list;
  }

  #flowItems(close: string, read: () => void): void {
    this.#skipSpaces();
    for (let more = this.#text[this.#at] !== close; more;) {
      read();
      this.#skipSpaces();
      more = this.#text[this.#at] === ',';
      if (more) this.#at++;
      this.#skipSpaces();
    }
    if (this.#text[this.#at] !== close) unknown();
    this.#at++;
  }

  #flowPair(names: Set<unknown>): Pair {
    const key = this.#key();
    if (names.has(key.value)) unknown();
    names.add(key.value);
    if (this.#text[this.#at] !== ' ') unknown();
    this.#skipSpaces();
    return new Pair(key, this.#flow());
  }

  #flowText(): Scalar {
    const [text, start] = [this.#text, this.#at];
    const char = text[start];
    if (char === '"' || char === "'") return this.#quotedOrPlain();
    FLOW_PLAIN.lastIndex = start;
    const source = (FLOW_PLAIN.exec(text)?.[0] ?? unknown()).trimEnd();
    this.#at = start + source.length;
    return scalar(plainValue(source), { source, type: 'PLAIN', start, end: this.#at });
  }
}
