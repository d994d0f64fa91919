// What a matcher asks of a label's value, with Prometheus' meaning: a missing label has the empty
// value, and a regular expression (RE2 syntax, linear time) is anchored at both ends with a dot
// that matches line breaks. Common shapes of expressions are answered without the engine.
import { RE2JS } from 're2js';
import { messageOf, UserError } from '../errors.ts';
import type { Matcher } from '../model/matcher.ts';

/** The question of one matcher. */
export interface ValueTest {
  /** The only values that can pass, when they are few and known. */
  readonly values: readonly string[] | undefined;
  readonly test: (value: string) => boolean;
}

const SPECIAL = /[\\.+*?()[\]{}^$|]/;
const CACHE_MAX = 512;
const compiled = new Map<string, ValueTest>();

/** The text itself when nothing in it is special but by a backslash; undefined otherwise. */
function literal(text: string): string | undefined {
  if (!SPECIAL.test(text)) return text;
  let plain = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') {
      if (SPECIAL.test(text[i])) return undefined;
      plain += text[i];
    } else {
      i++;
      if (i === text.length || !SPECIAL.test(text[i])) return undefined;
      plain += text[i];
    }
  }
  return plain;
}

/** The values of `a|b|c` or `(a|b|c)`; undefined for any other expression. */
function alternatives(text: string): string[] | undefined {
  const grouped = /^\((?:\?:)?([^()\\]*)\)$/.exec(text);
  const out: string[] = [];
  for (const part of (grouped?.[1] ?? text).split('|')) {
    // A part that ends in a backslash had an escaped bar: leave such to the engine.
    const plain = part.endsWith('\\') ? undefined : literal(part);
    if (plain === undefined) return undefined;
    out.push(plain);
  }
  return out;
}

function compileRegexp(text: string): ValueTest {
  const values = alternatives(text);
  if (values !== undefined) {
    const set = new Set(values);
    return { values: [...set], test: (value) => set.has(value) };
  }
  if (text === '.*') return { values: undefined, test: () => true };
  if (text === '.+') return { values: undefined, test: (value) => value !== '' };
  const tail = text.slice(-2);
  const prefix = tail === '.*' || tail === '.+' ? literal(text.slice(0, -2)) : undefined;
  if (prefix !== undefined) {
    const least = prefix.length + (tail === '.+' ? 1 : 0);
    return {
      values: undefined,
      test: (value) => value.length >= least && value.startsWith(prefix),
    };
  }
  const engine = engineFor(text);
  return { values: undefined, test: (value) => engine.matches(value) };
}

function engineFor(text: string): RE2JS {
  try {
    return RE2JS.compile(text, RE2JS.DOTALL);
  } catch (error) {
    throw new UserError(`invalid regular expression ${JSON.stringify(text)}`, {
      hint: messageOf(error),
      cause: error,
    });
  }
}

/** The test of an expression; compiled once while it is among the last in use. */
export function regexpTest(text: string): ValueTest {
  let found = compiled.get(text);
  if (found === undefined) {
    found = compileRegexp(text);
    if (compiled.size >= CACHE_MAX) compiled.delete(compiled.keys().next().value as string);
  } else {
    compiled.delete(text);
  }
  compiled.set(text, found);
  return found;
}

/**
 * The test of a matcher.
 * @throws UserError when its expression is malformed.
 */
export function valueTest(matcher: Matcher): ValueTest {
  const { op, value: wanted } = matcher;
  if (op === '=') return { values: [wanted], test: (value) => value === wanted };
  if (op === '!=') return { values: undefined, test: (value) => value !== wanted };
  const positive = regexpTest(wanted);
  if (op === '=~') return positive;
  return { values: undefined, test: (value) => !positive.test(value) };
}
