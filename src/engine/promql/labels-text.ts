// A label set as Prometheus prints it in messages: {a="1", b="2"}, names in quotes when they must
// be.
import { quote, quoteName } from './literals.ts';
import type { Labels } from '../model/labels.ts';

export function labelsText(labels: Labels): string {
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    parts.push(`${quoteName(labels[i])}=${quote(labels[i + 1])}`);
  }
  return `{${parts.join(', ')}}`;
}
