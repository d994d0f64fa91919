// Matchers as Alertmanager writes them: in routes, inhibition rules, silences and amtool's filters.
// Two grammars live side by side there, the classic one and the one for UTF-8 names; a text that
// both can read and read differently is taken the classic way, as Alertmanager's fallback mode
// does. Easy to get wrong: the classic grammar allows bare values with spaces and odd characters.
import { UserError, messageOf } from '../errors.ts';
import type { MatchOp, Matcher } from '../model/matcher.ts';
import { compileAnchored } from '../promql/regexp.ts';

const CLASSIC = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!=|!~|=)\s*([^]*?)\s*$/;
const RESERVED = /[\s{}!=~,\\"'`]/u;

/** Why a text is no list of matchers; turned into a UserError at the edge. */
class NotMatchers extends Error {}

/**
 * The matchers of one text, such as `{severity="critical", host=~"web.*"}`.
 * @throws UserError that says what was expected.
 */
export function parseAlertMatchers(text: string): Matcher[] {
  const classic = attempt(() => parseClassic(text));
  const modern = attempt(() => parseModern(text));
  if (Array.isArray(classic)) return classic;
  if (Array.isArray(modern)) return modern;
  const hint = 'write NAME=VALUE, NAME!=VALUE, NAME=~REGEXP or NAME!~REGEXP, joined by commas';
  throw new UserError(`not a list of matchers: ${modern}`, { hint });
}

function attempt(parse: () => Matcher[]): Matcher[] | string {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof NotMatchers) return thrown.message;
    throw thrown;
  }
}

function checked(name: string, op: MatchOp, value: string): Matcher {
  if (op === '=~' || op === '!~') {
    try {
      compileAnchored(value);
    } catch (thrown) {
      throw new NotMatchers(`${JSON.stringify(value)} is no regular expression (${words(thrown)})`);
    }
  }
  return { name, op, value };
}

function words(thrown: unknown): string {
  return messageOf(thrown).replace('^(?s:', '').replace(')$', '');
}

/** The grammar before 0.27: names of letters, values quoted or bare. */
function parseClassic(text: string): Matcher[] {
  const body = text.replace(/^\{/, '').replace(/\}$/, '');
  return splitOutsideQuotes(body).map(parseClassicOne);
}

function splitOutsideQuotes(body: string): string[] {
  const tokens: string[] = [];
  let token = '';
  let inside = false;
  let escaped = false;
  for (const c of body) {
    if (c === ',' && !inside) {
      tokens.push(token);
      token = '';
      continue;
    }
    if (c === '"') {
      if (!escaped) inside = !inside;
      escaped = false;
    } else escaped = c === '\\' ? !escaped : false;
    token += c;
  }
  if (token.trim() !== '') tokens.push(token.trim());
  return tokens;
}

function parseClassicOne(text: string): Matcher {
  const found = CLASSIC.exec(text);
  if (found === null) throw new NotMatchers(`bad matcher format: ${text}`);
  return checked(found[1], found[2] as MatchOp, unescapeClassic(found[3]));
}

function unescapeClassic(raw: string): string {
  const quoted = raw.startsWith('"');
  const text = quoted ? raw.slice(1) : raw;
  const fail = (): never => {
    throw new NotMatchers(`the value has a quote that is not escaped: ${raw}`);
  };
  let out = '';
  let closed = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '\\' && i < text.length - 1) {
      const next = text[++i];
      out += next === 'n' ? '\n' : next === '"' || next === '\\' ? next : `\\${next}`;
    } else if (c === '"') {
      if (!quoted || i < text.length - 1) fail();
      closed = true;
    } else out += c;
  }
  return quoted && !closed ? fail() : out;
}

interface Token {
  readonly kind: '{' | '}' | ',' | 'op' | 'word' | 'end';
  readonly text: string;
}

/** The grammar since 0.27: any UTF-8 name, quoted where it has reserved characters. */
function parseModern(text: string): Matcher[] {
  const tokens = modernTokens(text);
  const out: Matcher[] = [];
  let at = 0;
  const next = (): Token => tokens[at++];
  const braced = tokens[0].kind === '{';
  if (braced) at = 1;
  const ends = braced ? '}' : 'end';
  while (tokens[at].kind !== ends) {
    const name = next();
    if (name.kind !== 'word') throw expected('a label name', name);
    const op = next();
    if (op.kind !== 'op') throw expected('an operator such as =, !=, =~ or !~', op);
    const value = next();
    if (value.kind !== 'word') throw expected('a label value', value);
    out.push(checked(name.text, op.text as MatchOp, value.text));
    const after = tokens[at];
    if (after.kind === ends) break;
    if (after.kind !== ',') throw expected(braced ? 'a comma or }' : 'a comma', after);
    at++;
  }
  if (braced) at++;
  if (tokens[at].kind !== 'end') throw expected('the end', tokens[at]);
  return out;
}

function expected(what: string, got: Token): NotMatchers {
  const shown = got.kind === 'end' ? 'the end' : JSON.stringify(got.text);
  return new NotMatchers(`expected ${what}, found ${shown}`);
}

function modernTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const c = text[at];
    const two = text.slice(at, at + 2);
    if (/\s/u.test(c)) at++;
    else if (c === '{' || c === '}' || c === ',') {
      tokens.push({ kind: c, text: c });
      at++;
    } else if (two === '=~' || two === '!=' || two === '!~') {
      tokens.push({ kind: 'op', text: two });
      at += 2;
    } else if (c === '=') {
      tokens.push({ kind: 'op', text: c });
      at++;
    } else if (c === '"') {
      const end = quoteEnd(text, at);
      tokens.push({ kind: 'word', text: goUnquote(text.slice(at, end)) });
      at = end;
    } else if (RESERVED.test(c)) throw new NotMatchers(`${c}: invalid input`);
    else {
      const start = at;
      while (at < text.length && !RESERVED.test(text[at])) at++;
      tokens.push({ kind: 'word', text: text.slice(start, at) });
    }
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

function quoteEnd(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  throw new NotMatchers(`${text.slice(from)}: missing end "`);
}

const SIMPLE: Readonly<Record<string, string>> = {
  ...{ a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', '"': '"' },
};
const ESCAPE = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g;

/** A quoted Go string without its quotes; \x may build UTF-8 byte by byte. */
function goUnquote(quoted: string): string {
  const body = quoted.slice(1, -1);
  if (/[\n]/.test(body)) throw new NotMatchers(`${quoted}: invalid input`);
  if (!body.includes('\\')) return body;
  const bytes: Buffer[] = [];
  let from = 0;
  for (const found of body.matchAll(ESCAPE)) {
    bytes.push(Buffer.from(body.slice(from, found.index)));
    from = found.index + found[0].length;
    const [, simple, hex, short, long] = found;
    const code = parseInt(short ?? long ?? '0', 16);
    if (found[5] !== undefined || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw new NotMatchers(`${quoted}: invalid input`);
    }
    if (simple !== undefined) bytes.push(Buffer.from(SIMPLE[simple]));
    else if (hex !== undefined) bytes.push(Buffer.from([parseInt(hex, 16)]));
    else bytes.push(Buffer.from(String.fromCodePoint(code)));
  }
  bytes.push(Buffer.from(body.slice(from)));
  const out = Buffer.concat(bytes);
  const text = out.toString('utf8');
  if (!Buffer.from(text).equals(out)) throw new NotMatchers(`${quoted}: invalid input`);
  return text;
}

/** One matcher as Alertmanager prints it: both grammars read it back alike. */
export function matcherText({ name, op, value }: Matcher): string {
  if (RESERVED.test(name) || name === '') return `${goQuote(name)}${op}${goQuote(value)}`;
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
  return `${name}${op}"${escaped}"`;
}

/** A list of matchers as Alertmanager prints it, in its order. */
export function matchersText(matchers: readonly Matcher[]): string {
  return `{${matchers.map(matcherText).join(',')}}`;
}

/** The order in which Alertmanager keeps them: by name, then value, then operator. */
export function sortMatchers(matchers: readonly Matcher[]): Matcher[] {
  const ops: readonly MatchOp[] = ['=', '!=', '=~', '!~'];
  const rank = (m: Matcher): number => ops.indexOf(m.op);
  const by = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...matchers].sort(
    (a, b) => by(a.name, b.name) || by(a.value, b.value) || rank(a) - rank(b),
  );
}

/** A text as Go's %q shows it, near enough for matchers. */
export function goQuote(text: string): string {
  return JSON.stringify(text).replaceAll('\\u007f', '\\x7f');
}
