// Whether a label set passes matchers, for series that are looked at one by one: those of cold
// objects. Easy to get wrong: a label that is not there has the empty value.
import { valueTest } from '../head/value-test.ts';
import { labelValue, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';

export function matchesLabels(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((one) => valueTest(one).test(labelValue(labels, one.name)));
}
