// Whether a silence is one that a filter means. Alertmanager takes the silence's own matchers as if
// they were labels. Easy to get wrong: a silence that says nothing of a name has the empty value.
import type { Matcher } from '../model/matcher.ts';
import { matcherTest } from '../promql/regexp.ts';

/** A test on the matchers of a silence. */
export function labelTestOf(filter: readonly Matcher[]): (own: readonly Matcher[]) => boolean {
  const tests = filter.map((matcher) => ({ matcher, test: matcherTest(matcher) }));
  return (own) =>
    tests.every(({ matcher, test }) => {
      const values = own.filter((one) => one.name === matcher.name).map((one) => one.value);
      const found = values.length === 0 ? [''] : values;
      return matcher.op.startsWith('!') ? found.every(test) : found.some(test);
    });
}
