// From alerts to the matchers of a silence, and back to which alerts they would hide. Pure. Easy to
// get wrong: a value may hold anything, quotes and regular expressions included; and a silence must
// never be wider than the alerts it was made from say.
import { messageOf } from '../../engine/errors.ts';
import type { AlertView } from '../../engine/model/alerting.ts';
import type { Matcher } from '../../engine/model/matcher.ts';
import { matcherTest, matchesEmpty } from '../../engine/promql/regexp.ts';
import { matcherText, parseAlertMatchers } from '../../engine/wire/alert-matchers.ts';

/** Different values of one label that are written as alternatives. */
const ALTERNATIVES_MAX = 20;

/** Matchers, as text, that hold for all of these alerts. */
export function matchersFor(alerts: readonly AlertView[]): string {
  const [first] = alerts;
  const out: Matcher[] = [];
  for (const name of Object.keys(first.labels).sort(nameOrder)) {
    const values = new Set(alerts.map(({ labels }) => labels[name] ?? ''));
    if (values.has('')) continue;
    if (values.size === 1) out.push({ name, op: '=', value: first.labels[name] });
    else if (values.size <= ALTERNATIVES_MAX) {
      out.push({ name, op: '=~', value: [...values].sort().map(quoteRegExp).join('|') });
    }
  }
  return out.map(matcherText).join(', ');
}

function nameOrder(a: string, b: string): number {
  if ((a === 'alertname') !== (b === 'alertname')) return a === 'alertname' ? -1 : 1;
  return a < b ? -1 : 1;
}

function quoteRegExp(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

/** What is wrong with the text of matchers; undefined when it can be used. */
export function matchersFault(text: string): string | undefined {
  try {
    const matchers = parseAlertMatchers(text);
    if (matchers.length === 0) return 'at least one matcher is needed';
    return matchers.every(matchesEmpty) ? 'this would silence everything' : undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** The alerts that a silence with these matchers would hide now; none while they are faulty. */
export function wouldHide(text: string, alerts: readonly AlertView[]): readonly AlertView[] {
  if (matchersFault(text) !== undefined) return [];
  const tests = parseAlertMatchers(text).map((matcher) => {
    const test = matcherTest(matcher);
    return (alert: AlertView): boolean => test(alert.labels[matcher.name] ?? '');
  });
  return alerts.filter((alert) => tests.every((test) => test(alert)));
}
