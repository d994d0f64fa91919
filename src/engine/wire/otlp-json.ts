// An ExportMetricsServiceRequest in JSON, read into the same plain objects as the protobuf form.
// Easy to get wrong: keys are in lower camel case only, 64-bit numbers come as strings or as
// numbers; `__proto__` is a legal key, so objects are only asked for their own entries.
// Source: OTLP specification, JSON Protobuf encoding.
import { MonError, messageOf } from '../errors.ts';
import { parseJson } from './json-text.ts';
import type { ExponentialBuckets, Metric, Resource } from './otlp-model.ts';

type Fields = Record<string, unknown>;

function malformed(what: string): MonError {
  return new MonError('MON_BODY_MALFORMED', `OTLP: ${what}`);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(from: Fields, name: string): unknown {
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

function objectOf(value: unknown, what: string): Fields {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw malformed(`${what} is no object`);
  return value;
}

function items(from: Fields, name: string): Fields[] {
  const value = own(from, name) ?? [];
  if (!Array.isArray(value)) throw malformed(`${name} is no array`);
  return value.map((item) => objectOf(item, `an item of ${name}`));
}

function textOf(from: Fields, name: string): string {
  const value = own(from, name) ?? '';
  if (typeof value !== 'string') throw malformed(`${name} is no text`);
  return value;
}

/** A number, which may come as text; undefined where it is missing. */
function numberOf(from: Fields, name: string): number | undefined {
  const value = own(from, name);
  if (value === undefined || value === null) return undefined;
  return readNumber(value, name);
}

function readNumber(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return NaN;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  if (typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value)) {
    return Number(value);
  }
  throw malformed(`${name} is no number`);
}

function numbersOf(from: Fields, name: string): number[] {
  const value = own(from, name) ?? [];
  if (!Array.isArray(value)) throw malformed(`${name} is no array`);
  return value.map((item) => readNumber(item, name));
}

/** Nanoseconds, as text or number, as whole milliseconds. */
function millis(from: Fields, name: string): number {
  const value = own(from, name) ?? 0;
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) {
    return value.length > 6 ? Number(value.slice(0, -6)) : 0;
  }
  if (typeof value === 'number' && value >= 0 && value < 2 ** 64) return Math.floor(value / 1e6);
  throw malformed(`${name} is no time`);
}

function attributesOf(from: Fields): Map<string, string> {
  const out = new Map<string, string>();
  for (const item of items(from, 'attributes')) {
    const key = textOf(item, 'key');
    const value = anyValue(own(item, 'value'));
    if (key !== '') out.set(key, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return out;
}

/** How deep attribute values may hold one another. */
const DEPTH_MAX = 8;

function anyValue(given: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) throw malformed('attribute values lie too deep in one another');
  const value = objectOf(given, 'the value of an attribute');
  for (const name of ['stringValue', 'boolValue', 'doubleValue', 'bytesValue']) {
    const found = own(value, name);
    if (found !== undefined) return found;
  }
  if (own(value, 'intValue') !== undefined) return numberOf(value, 'intValue');
  const list = own(value, 'arrayValue');
  if (list !== undefined) {
    const values = items(objectOf(list, 'arrayValue'), 'values');
    return values.map((item) => anyValue(item, depth + 1));
  }
  const pairs = own(value, 'kvlistValue');
  if (pairs === undefined) return '';
  const values = items(objectOf(pairs, 'kvlistValue'), 'values');
  return Object.fromEntries(
    values.map((item) => [textOf(item, 'key'), anyValue(own(item, 'value'), depth + 1)]),
  );
}

/** Reads a body. @throws MonError MON_BODY_MALFORMED. */
export function readOtlpJson(bytes: Uint8Array): Resource[] {
  let parsed: unknown;
  try {
    parsed = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (failure) {
    throw malformed(messageOf(failure));
  }
  if (!isObject(parsed)) throw malformed('the body is no object');
  return items(parsed, 'resourceMetrics').map((resource) => ({
    attributes: attributesOf(objectOf(own(resource, 'resource'), 'resource')),
    metrics: items(resource, 'scopeMetrics').flatMap((scope) => {
      return items(scope, 'metrics').map(metricOf);
    }),
  }));
}

const KINDS = [
  ['gauge', 'gauge'],
  ['sum', 'sum'],
  ['histogram', 'histogram'],
  ['exponentialHistogram', 'exponential'],
  ['summary', 'summary'],
] as const;

function metricOf(metric: Fields): Metric {
  const found = KINDS.find(([name]) => own(metric, name) !== undefined);
  const kind = found?.[1] ?? 'none';
  const data = objectOf(found === undefined ? {} : own(metric, found[0]), kind);
  const points = items(data, 'dataPoints');
  const temporality = own(data, 'aggregationTemporality') ?? 0;
  return {
    name: textOf(metric, 'name'),
    description: textOf(metric, 'description'),
    unit: textOf(metric, 'unit'),
    kind,
    temporality: temporalityOf(temporality),
    monotonic: own(data, 'isMonotonic') === true,
    numbers: kind === 'gauge' || kind === 'sum' ? points.map(numberPoint) : [],
    histograms: kind === 'histogram' ? points.map(histogramPoint) : [],
    exponentials: kind === 'exponential' ? points.map(exponentialPoint) : [],
    summaries: kind === 'summary' ? points.map(summaryPoint) : [],
  };
}

function temporalityOf(value: unknown): number {
  if (value === 'AGGREGATION_TEMPORALITY_DELTA') return 1;
  if (value === 'AGGREGATION_TEMPORALITY_CUMULATIVE') return 2;
  return typeof value === 'number' ? value : 0;
}

function pointOf(point: Fields) {
  return {
    attributes: attributesOf(point),
    timeMs: millis(point, 'timeUnixNano'),
    startMs: millis(point, 'startTimeUnixNano'),
    flags: numberOf(point, 'flags') ?? 0,
  };
}

function numberPoint(point: Fields) {
  return { ...pointOf(point), value: numberOf(point, 'asDouble') ?? numberOf(point, 'asInt') };
}

function histogramPoint(point: Fields) {
  return {
    ...pointOf(point),
    count: numberOf(point, 'count') ?? 0,
    sum: numberOf(point, 'sum'),
    bounds: numbersOf(point, 'explicitBounds'),
    counts: numbersOf(point, 'bucketCounts'),
  };
}

function exponentialPoint(point: Fields) {
  return {
    ...pointOf(point),
    count: numberOf(point, 'count') ?? 0,
    sum: numberOf(point, 'sum'),
    scale: numberOf(point, 'scale') ?? 0,
    zeroCount: numberOf(point, 'zeroCount') ?? 0,
    zeroThreshold: numberOf(point, 'zeroThreshold') ?? 0,
    positive: buckets(own(point, 'positive')),
    negative: buckets(own(point, 'negative')),
  };
}

function buckets(value: unknown): ExponentialBuckets {
  const given = objectOf(value, 'buckets');
  return { offset: numberOf(given, 'offset') ?? 0, counts: numbersOf(given, 'bucketCounts') };
}

function summaryPoint(point: Fields) {
  return {
    ...pointOf(point),
    count: numberOf(point, 'count') ?? 0,
    sum: numberOf(point, 'sum') ?? 0,
    quantiles: items(point, 'quantileValues').map((item) => {
      return [numberOf(item, 'quantile') ?? 0, numberOf(item, 'value') ?? 0] as const;
    }),
  };
}
