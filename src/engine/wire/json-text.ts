// JSON from outside whose keys may be anything: label names, for one. It stands under every decoder
// that lets a sender choose keys. Easy to get wrong: JSON.parse of V8 (Node 24) guesses the next
// key from objects that it read before and compares the guess with the text before escapes are
// undone, so after {"a\\":1} the text {"a\"":2} has the key a\ as well.

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = /[\t\n\r ]*/y;
const WORDS: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
/** Lists within lists; nothing that anybody sends has ten. */
const DEPTH_MAX = 256;

/** What the text says, as JSON.parse has it but for its guesses. @throws SyntaxError. */
export function parseJson(text: string): unknown {
  return hasEscapedKey(text) ? new JsonReader(text).whole() : JSON.parse(text);
}

/** Where the string that begins at `at` ends, its quote included; 0 where it does not. */
function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i + 1;
    if (unit === BACKSLASH) i++;
  }
  return 0;
}

/** Goes over the text once, string by string: senders may well choose one that is all escapes. */
function hasEscapedKey(text: string): boolean {
  const first = text.indexOf('\\');
  if (first < 0) return false;
  for (let at = text.indexOf('"'); at >= 0;) {
    const end = stringEnd(text, at);
    // JSON.parse says better what is wrong.
    if (end === 0) return false;
    SPACE.lastIndex = end;
    SPACE.exec(text);
    const key = text[SPACE.lastIndex] === ':';
    if (key && end > first && text.slice(at, end).includes('\\')) return true;
    at = text.indexOf('"', end);
  }
  return false;
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    const value = this.#value();
    this.#token(SPACE);
    if (this.#at < this.#text.length) this.#fail();
    return value;
  }

  #value(): unknown {
    this.#token(SPACE);
    const c = this.#text[this.#at];
    if (c === '"') return this.#string();
    if (c === '{' || c === '[') {
      if (++this.#depth > DEPTH_MAX) throw new SyntaxError('JSON that is nested too deeply');
      this.#at++;
      const value = c === '{' ? this.#object() : this.#list();
      this.#depth--;
      return value;
    }
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const digits = this.#token(NUMBER);
    return digits === '' ? this.#fail() : Number(digits);
  }

  #object(): unknown {
    const members: [string, unknown][] = [];
    if (this.#closes('}')) return {};
    do {
      this.#token(SPACE);
      const key = this.#string();
      if (!this.#takes(':')) this.#fail();
      members.push([key, this.#value()]);
    } while (this.#takes(','));
    if (!this.#takes('}')) this.#fail();
    // Also of __proto__ it makes a member like any other.
    return Object.fromEntries(members);
  }

  #list(): unknown[] {
    const values: unknown[] = [];
    if (this.#closes(']')) return values;
    do {
      values.push(this.#value());
    } while (this.#takes(','));
    if (!this.#takes(']')) this.#fail();
    return values;
  }

  /** A string alone has no keys, so that nothing is guessed. */
  #string(): string {
    const from = this.#at;
    const end = this.#text[from] === '"' ? stringEnd(this.#text, from) : 0;
    if (end === 0) this.#fail();
    this.#at = end;
    return JSON.parse(this.#text.slice(from, end)) as string;
  }

  #closes(c: string): boolean {
    this.#token(SPACE);
    return this.#takes(c);
  }

  #takes(c: string): boolean {
    this.#token(SPACE);
    if (this.#text[this.#at] !== c) return false;
    this.#at++;
    return true;
  }

  #token(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [''];
    this.#at += found.length;
    return found;
  }

  #fail(): never {
    throw new SyntaxError(`Unexpected token in JSON at position ${this.#at}`);
  }
}
