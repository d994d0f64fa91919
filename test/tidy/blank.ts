// Source text with everything blanked that is not code, so that rules may look for words without
// meeting them in a comment or a string. Lengths and lines stay, so places in the result are places
// in the file. Easy to get wrong: a slash may divide, begin a regular expression, or close a tag.

export interface Blanked {
  /** Without comments. */
  readonly uncommented: string;
  /** Without comments and without what stands inside strings, templates and regular expressions. */
  readonly code: string;
}

const BEFORE_REGEXP = new Set('(,=:[!&|?{;+-*%>~^');
const WORDS_BEFORE_REGEXP = /(?:^|\W)(?:return|typeof|case|in|of|await|yield|else|do)$/;

class Blanker {
  readonly #text: string;
  readonly #uncommented: string[];
  readonly #code: string[];
  /** For each template that is open: how deep its braces are. */
  readonly #templates: number[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#uncommented = text.split('');
    this.#code = text.split('');
  }

  run(): Blanked {
    while (this.#at < this.#text.length) this.#step();
    return { uncommented: this.#uncommented.join(''), code: this.#code.join('') };
  }

  #step(): void {
    const c = this.#text[this.#at];
    const two = c + (this.#text[this.#at + 1] ?? '');
    if (two === '//') return this.#comment(this.#lineEnd());
    if (two === '/*') return this.#comment(this.#find('*/', this.#at + 2) + 2);
    if (c === "'" || c === '"') return this.#string(c);
    if (c === '`') return this.#template(this.#at + 1);
    if (c === '/' && this.#beginsRegExp()) return this.#regExp();
    if (c === '{') this.#depth++;
    if (c === '}' && --this.#depth === this.#templates.at(-1)) {
      this.#templates.pop();
      return this.#template(this.#at + 1);
    }
    this.#at++;
  }

  #comment(end: number): void {
    wipe(this.#uncommented, this.#at, end);
    wipe(this.#code, this.#at, end);
    this.#at = end;
  }

  #string(quote: string): void {
    const end = this.#closing(quote, this.#at + 1);
    wipe(this.#code, this.#at + 1, end);
    this.#at = end + 1;
  }

  /** From behind a back quote or a closing brace to the end of the template or its next `${`. */
  #template(from: number): void {
    let end = from;
    while (end < this.#text.length && this.#text[end] !== '`') {
      if (this.#text[end] === '$' && this.#text[end + 1] === '{') {
        wipe(this.#code, from, end);
        this.#templates.push(this.#depth++);
        this.#at = end + 2;
        return;
      }
      end += this.#text[end] === '\\' ? 2 : 1;
    }
    wipe(this.#code, from, end);
    this.#at = end + 1;
  }

  #beginsRegExp(): boolean {
    const before = this.#code
      .slice(Math.max(0, this.#at - 60), this.#at)
      .join('')
      .trimEnd();
    if (before === '') return true;
    return BEFORE_REGEXP.has(before.at(-1) as string) || WORDS_BEFORE_REGEXP.test(before);
  }

  #regExp(): void {
    const lineEnd = this.#lineEnd();
    let inClass = false;
    for (let i = this.#at + 1; i < lineEnd; i++) {
      const c = this.#text[i];
      if (c === '\\') i++;
      else if (c === '[') inClass = true;
      else if (c === ']') inClass = false;
      else if (c === '/' && !inClass) {
        wipe(this.#code, this.#at + 1, i);
        this.#at = i + 1;
        return;
      }
    }
    this.#at++;
  }

  /** Place of the closing quote, or the end of the line: text in a tag has lone apostrophes. */
  #closing(quote: string, from: number): number {
    const lineEnd = this.#lineEnd();
    let i = from;
    while (i < lineEnd && this.#text[i] !== quote) i += this.#text[i] === '\\' ? 2 : 1;
    return Math.min(i, lineEnd);
  }

  #lineEnd(): number {
    return this.#find('\n', this.#at);
  }

  #find(word: string, from: number): number {
    const found = this.#text.indexOf(word, from);
    return found < 0 ? this.#text.length : found;
  }
}

function wipe(chars: string[], from: number, end: number): void {
  for (let i = from; i < end && i < chars.length; i++) if (chars[i] !== '\n') chars[i] = ' ';
}

/** Blanks comments, and in a second copy also the insides of literals. */
export function blank(text: string): Blanked {
  return new Blanker(text).run();
}
