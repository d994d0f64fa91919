// Text of a Go template -> tokens. Under the parser. Easy to get wrong: a trim marker needs a
// blank between itself and the action, so `{{-3}}` is the number -3; and a comment must fill its
// action.
import { UserError } from '../../errors.ts';

export interface Token {
  readonly kind:
    'text' | 'open' | 'close' | 'word' | 'field' | 'variable' | 'string' | 'number' | 'sign';
  readonly text: string;
  /** A blank stands before it: `.A .B` are two arguments, `.A.B` is one. */
  readonly spaced: boolean;
}

const SPACE = ' \t\r\n';
const WORD = /[\p{L}\p{Nd}_]+/uy;
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;
const SIGNS = [':=', '=', '|', '(', ')', ',', '.'];

/** @throws UserError when an action does not end or holds what cannot be. */
export function lex(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  let trim = false;
  for (;;) {
    const open = text.indexOf('{{', at);
    let plain = open < 0 ? text.slice(at) : text.slice(at, open);
    if (trim) plain = plain.replace(/^[ \t\r\n]+/, '');
    const trimsLeft = open >= 0 && text[open + 2] === '-' && isSpace(text[open + 3]);
    if (trimsLeft) plain = plain.replace(/[ \t\r\n]+$/, '');
    if (plain !== '') out.push({ kind: 'text', text: plain, spaced: false });
    if (open < 0) return out;
    const begin = open + 2 + (trimsLeft ? 2 : 0);
    const skipped = skipComment(text, begin);
    if (skipped !== undefined) {
      ({ at, trim } = skipped);
      continue;
    }
    const action = new ActionLexer(text, begin);
    out.push({ kind: 'open', text: '{{', spaced: false }, ...action.tokens());
    ({ at, trim } = action);
  }
}

function isSpace(char: string | undefined): boolean {
  return char !== undefined && SPACE.includes(char);
}

function skipComment(text: string, begin: number): { at: number; trim: boolean } | undefined {
  if (!text.startsWith('/*', begin)) return undefined;
  const end = text.indexOf('*/', begin + 2);
  if (end < 0) throw new UserError('unclosed comment');
  if (text.startsWith('}}', end + 2)) return { at: end + 4, trim: false };
  if (isSpace(text[end + 2]) && text.startsWith('-}}', end + 3)) return { at: end + 6, trim: true };
  throw new UserError('comment ends before closing delimiter');
}

class ActionLexer {
  at: number;
  trim = false;
  readonly #text: string;
  #depth = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  tokens(): Token[] {
    const out: Token[] = [];
    for (;;) {
      const spaced = this.#skipSpace();
      if (spaced && this.#text.startsWith('-}}', this.at)) {
        this.trim = true;
        this.at += 3;
        break;
      }
      if (this.#text.startsWith('}}', this.at)) {
        this.at += 2;
        break;
      }
      if (this.at >= this.#text.length) throw new UserError('unclosed action');
      out.push({ ...this.#token(), spaced });
    }
    if (this.#depth > 0) throw new UserError('unclosed left paren');
    out.push({ kind: 'close', text: '}}', spaced: false });
    return out;
  }

  #skipSpace(): boolean {
    const from = this.at;
    while (isSpace(this.#text[this.at])) this.at++;
    return this.at > from;
  }

  #token(): Omit<Token, 'spaced'> {
    const char = this.#text[this.at];
    if (char === '"' || char === '`' || char === "'") return this.#quoted(char);
    if (char === '$') return { kind: 'variable', text: this.#take(1) + this.#word() };
    if (char === '.' && !/\d/.test(this.#text[this.at + 1] ?? '')) {
      this.at++;
      const name = this.#word();
      return name === '' ? { kind: 'sign', text: '.' } : { kind: 'field', text: name };
    }
    if (/[\d.+-]/.test(char)) return this.#number(char);
    const sign = SIGNS.find((one) => this.#text.startsWith(one, this.at));
    if (sign !== undefined) return this.#sign(sign);
    const word = this.#word();
    if (word !== '') return { kind: 'word', text: word };
    const shown = String.fromCodePoint(this.#text.codePointAt(this.at) as number);
    throw new UserError(`unexpected ${JSON.stringify(shown)} in a command`);
  }

  #sign(sign: string): Omit<Token, 'spaced'> {
    this.at += sign.length;
    if (sign === '(') this.#depth++;
    if (sign === ')' && --this.#depth < 0) throw new UserError('unexpected right paren');
    return { kind: 'sign', text: sign };
  }

  #number(char: string): Omit<Token, 'spaced'> {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.#text);
    const next = found === null ? '' : (this.#text[NUMBER.lastIndex] ?? '');
    if (found === null || /[\p{L}\p{Nd}_]/u.test(next)) {
      const shown = this.#text.slice(this.at, this.at + 12).split(/[\s}]/, 1)[0];
      if (found === null) throw new UserError(`unexpected ${JSON.stringify(char)} in a command`);
      throw new UserError(`bad number syntax: ${JSON.stringify(shown)}`);
    }
    this.at += found[0].length;
    return { kind: 'number', text: found[0] };
  }

  #word(): string {
    WORD.lastIndex = this.at;
    const found = WORD.exec(this.#text);
    return found === null ? '' : this.#take(found[0].length);
  }

  #take(length: number): string {
    this.at += length;
    return this.#text.slice(this.at - length, this.at);
  }

  #quoted(quote: string): Omit<Token, 'spaced'> {
    const from = this.at++;
    for (;;) {
      const char = this.#text[this.at];
      if (char === undefined || (char === '\n' && quote !== '`')) {
        const what = quote === '`' ? 'raw quoted string' : 'quoted string';
        throw new UserError(`unterminated ${quote === "'" ? 'character constant' : what}`);
      }
      this.at++;
      if (char === quote) break;
      if (char === '\\' && quote !== '`') this.at++;
    }
    const text = this.#text.slice(from, this.at);
    return { kind: quote === "'" ? 'number' : 'string', text };
  }
}
