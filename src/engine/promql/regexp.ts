// Users' regular expressions, RE2 syntax, in linear time: for matchers and label_replace. Anchored
// at both ends, and a dot matches a line break, as everywhere in Prometheus.
import { RE2JS } from 're2js';
import { UserError, messageOf } from '../errors.ts';
import type { Matcher } from '../model/matcher.ts';

/** Expressions kept compiled: a dashboard's, some kilobytes each. */
const KEPT_MAX = 256;
const kept = new Map<string, RE2JS>();

/** A compiled anchored expression. @throws Error with RE2's words when the text is malformed. */
export function compileAnchored(text: string): RE2JS {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const compiled = RE2JS.compile(`^(?s:${text})$`);
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value as string);
  kept.set(text, compiled);
  return compiled;
}

/** True when a series without the label passes. @throws Error when the expression is malformed. */
export function matchesEmpty(matcher: Matcher): boolean {
  switch (matcher.op) {
    case '=':
      return matcher.value === '';
    case '!=':
      return matcher.value !== '';
    case '=~':
      return compileAnchored(matcher.value).test('');
    case '!~':
      return !compileAnchored(matcher.value).test('');
  }
}

/** A predicate on label values. @throws Error when the expression is malformed. */
export function matcherTest(matcher: Matcher): (value: string) => boolean {
  const { op, value } = matcher;
  if (op === '=') return (text) => text === value;
  if (op === '!=') return (text) => text !== value;
  const pattern = compileAnchored(value);
  return op === '=~' ? (text) => pattern.test(text) : (text) => !pattern.test(text);
}

/** An expression that may stand anywhere in a text. @throws UserError for a malformed one. */
function compileLoose(text: string): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (thrown) {
    throw new UserError(messageOf(thrown), { cause: thrown });
  }
}

/** Whether the expression matches anywhere, in linear time. @throws UserError. */
export function findPattern(pattern: string, text: string): boolean {
  return compileLoose(pattern).matcher(text).find();
}

/** Groups of the first match anywhere; a group that took no part is undefined. */
export interface PatternMatch {
  readonly groups: readonly (string | undefined)[];
  readonly named: Readonly<Record<string, string | undefined>>;
}

/** The first match anywhere, in linear time; undefined for none. @throws UserError. */
export function matchPattern(pattern: string, text: string): PatternMatch | undefined {
  const compiled = compileLoose(pattern);
  const matcher = compiled.matcher(text);
  if (!matcher.find()) return undefined;
  const groups = Array.from({ length: matcher.groupCount() }, (_, i) => {
    return matcher.group(i + 1) ?? undefined;
  });
  const named: Record<string, string | undefined> = Object.create(null);
  for (const [name, at] of Object.entries(compiled.namedGroups())) named[name] = groups[at - 1];
  return { groups, named };
}

/** `$$`, `${name}` and `$name` as Go's regexp reads them in a template. */
export const PLACES = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

type Named = Readonly<Record<string, number>>;
type Found = Pick<ReturnType<RE2JS['matcher']>, 'group' | 'groupCount'>;

/** What a name or number in a template stands for; nothing for a group that took no part. */
export function groupText(found: Found, named: Named, name: string): string {
  // With a zero before it, a number is a name, as for Go; and `constructor` is no group of its own.
  const numbered = /^(?:0|[1-9]\d{0,7})$/.test(name);
  const index = numbered ? Number(name) : Object.hasOwn(named, name) ? named[name] : Infinity;
  return index > found.groupCount() ? '' : (found.group(index) ?? '');
}

/** Go's template for a match. */
export function expandTemplate(template: string, found: Found, named: Named): string {
  const expand = (whole: string, braced?: string, bare?: string): string =>
    whole === '$$' ? '$' : groupText(found, named, braced ?? bare ?? '');
  return template.replaceAll(PLACES, expand);
}

/** Every match replaced; `$1`, `${1}`, `${name}` and `$$` as Go's regexp has them. */
export function replacePattern(pattern: string, by: string, text: string): string {
  const compiled = compileLoose(pattern);
  const matcher = compiled.matcher(text);
  const groups = compiled.namedGroups();
  let out = '';
  let at = 0;
  while (matcher.find()) {
    out += text.slice(at, matcher.start()) + expandTemplate(by, matcher, groups);
    at = matcher.end();
  }
  return out + text.slice(at);
}
