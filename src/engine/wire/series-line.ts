// A series as exposition text writes it: `name{label="value"}`. For what leaves the system as text.
// Easy to get wrong: a name outside the old alphabet stands quoted inside the braces, and a line
// break in a value must not end the line.
import { NAME } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** The series without value and time. */
export function seriesLine(labels: Labels): string {
  let name = '';
  const pairs: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    const [label, value] = [labels[i], labels[i + 1]];
    if (label !== NAME) {
      const bare = LABEL_NAME.test(label) ? label : `"${escaped(label)}"`;
      pairs.push(`${bare}="${escaped(value)}"`);
    } else if (METRIC_NAME.test(value)) name = value;
    else pairs.unshift(`"${escaped(value)}"`);
  }
  return name !== '' && pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
