// Users' regular expressions, RE2 syntax, in linear time: for matchers and label_replace. Anchored
// at both ends, and a dot matches a line break, as everywhere in Prometheus.
import { RE2JS } from 're2js';
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
