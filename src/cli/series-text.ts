// A series and a value as people and exposition formats write them. Pure. Easy to get wrong: a name
// that is not in the old alphabet stands quoted inside the braces; and a float has to be read back
// as it was.
import { NAME } from '../engine/model/labels.ts';
import type { Labels } from '../engine/model/labels.ts';

const LEGACY_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** `name{a="b"}`, `{a="b"}` for a series without a name, `{}` for one without labels. */
export function seriesText(labels: Labels): string {
  let name = '';
  const inside: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    const [label, value] = [labels[i], labels[i + 1]];
    if (label !== NAME) {
      inside.push(`${LEGACY_LABEL.test(label) ? label : quoted(label)}=${quoted(value)}`);
    } else if (LEGACY_METRIC.test(value)) {
      name = value;
    } else {
      inside.unshift(quoted(value));
    }
  }
  return inside.length === 0 && name !== '' ? name : `${name}{${inside.join(',')}}`;
}

function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

/** A float as Prometheus writes it. */
export function valueText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A float for JSON: a number, or a text where JSON has no number for it. */
export function jsonValue(value: number): number | string {
  return Number.isFinite(value) && !Object.is(value, -0) ? value : valueText(value);
}
