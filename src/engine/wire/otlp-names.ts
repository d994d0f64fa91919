// Names of OTLP metrics and attributes as Prometheus writes them: letters, digits and underscores,
// the unit spelled out, `_total` for counters and `_ratio` for gauges of unit 1. It stands beside
// the OTLP writer. Easy to get wrong: a suffix that the name has already is not added again.
// Source: OpenTelemetry's Prometheus compatibility; prometheus/otlptranslator.
import type { Metric } from './otlp-model.ts';

const UNITS = new Map(
  Object.entries({
    d: 'days',
    h: 'hours',
    min: 'minutes',
    s: 'seconds',
    ms: 'milliseconds',
    us: 'microseconds',
    ns: 'nanoseconds',
    By: 'bytes',
    KiBy: 'kibibytes',
    MiBy: 'mebibytes',
    GiBy: 'gibibytes',
    TiBy: 'tibibytes',
    KBy: 'kilobytes',
    MBy: 'megabytes',
    GBy: 'gigabytes',
    TBy: 'terabytes',
    m: 'meters',
    V: 'volts',
    A: 'amperes',
    J: 'joules',
    W: 'watts',
    g: 'grams',
    Cel: 'celsius',
    Hz: 'hertz',
    '1': '',
    '%': 'percent',
  }),
);
const PER_UNITS = new Map(
  Object.entries({
    s: 'second',
    m: 'minute',
    h: 'hour',
    d: 'day',
    w: 'week',
    mo: 'month',
    y: 'year',
  }),
);

/** Names found so far, by all that decides about them; emptied when full. */
const names = new Map<string, string>();
const NAMES_MAX = 10_000;

type Named = Pick<Metric, 'name' | 'unit' | 'kind' | 'monotonic'>;

/** The name of a metric's series, without what its kind adds (`_bucket` and the like). */
export function metricName(metric: Named): string {
  const { name, unit, kind, monotonic } = metric;
  const key = `${kind}\u0000${monotonic ? 1 : 0}\u0000${unit}\u0000${name}`;
  const known = names.get(key);
  if (known !== undefined) return known;
  if (names.size >= NAMES_MAX) names.clear();
  const found = plainName(metric);
  names.set(key, found);
  return found;
}

function plainName(metric: Named): string {
  const tokens = metric.name.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '');
  if (tokens.length === 0) return '';
  const [main = '', per = ''] = metric.unit.split('/', 2).map((part) => part.trim());
  const mainUnit = unitText(main, UNITS);
  if (mainUnit !== '' && !tokens.includes(mainUnit)) tokens.push(mainUnit);
  const perUnit = unitText(per, PER_UNITS);
  if (perUnit !== '' && !tokens.includes(perUnit)) tokens.push('per', perUnit);
  if (metric.kind === 'sum' && metric.monotonic) moveToEnd(tokens, 'total');
  if (metric.kind === 'gauge' && metric.unit === '1') moveToEnd(tokens, 'ratio');
  const name = tokens.join('_');
  return /^\d/.test(name) ? `_${name}` : name;
}

function unitText(unit: string, words: ReadonlyMap<string, string>): string {
  // What stands in braces is a remark, not a unit.
  if (unit === '' || /[{}]/.test(unit)) return '';
  const text = words.get(unit) ?? unit;
  return text
    .split(/[^a-zA-Z0-9]+/)
    .filter((token) => token !== '')
    .join('_');
}

function moveToEnd(tokens: string[], token: string): void {
  const rest = tokens.filter((other) => other !== token);
  tokens.splice(0, tokens.length, ...rest, token);
}

/** Names found so far; emptied when full, so that no sender fills the memory. */
const labels = new Map<string, string>();
const LABELS_MAX = 10_000;

/** The label of an attribute's key. */
export function labelName(key: string): string {
  const known = labels.get(key);
  if (known !== undefined) return known;
  if (labels.size >= LABELS_MAX) labels.clear();
  const label = plainLabel(key);
  labels.set(key, label);
  return label;
}

function plainLabel(key: string): string {
  const plain = key.replace(/[^a-zA-Z0-9_]/g, '_');
  return /^\d/.test(plain) ? `key_${plain}` : plain;
}
