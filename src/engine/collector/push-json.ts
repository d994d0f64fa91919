// The seed's push form: `{"metrics": {name: value} | [{name, value, timestamp?, labels?, type?}],
// "labels": {…}}`. Reads a body into samples with their labels; the door takes them from there.
// Easy to get wrong: `__proto__` is a legal label, so objects are only ever walked by their own
// entries.
import { MonError, messageOf } from '../errors.ts';
import { BODY_COMPRESSED_BYTES_MAX, JSON_METRICS_MAX } from '../limits.ts';
import type { MetadataEntry } from '../model/batch.ts';
import { makeLabels, NAME, type Labels } from '../model/labels.ts';
import { parseJson } from '../wire/json-text.ts';

/** A sample as it was sent: `refused` says why it is none. */
export interface JsonSample {
  readonly labels: Labels;
  readonly timestampMs: number;
  readonly value: number;
  readonly refused?: 'labelName' | 'labelValue' | 'value' | 'timestamp' | 'noName';
}

export interface JsonPush {
  readonly samples: readonly JsonSample[];
  readonly metadata: readonly MetadataEntry[];
}

/**
 * Below this a timestamp is in seconds: as ms it would lie in 1973, as seconds in the year 5138.
 */
const SECONDS_BELOW = 1e11;
const SPECIAL = new Map([
  ['NaN', NaN],
  ['+Inf', Infinity],
  ['Inf', Infinity],
  ['-Inf', -Infinity],
]);
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'info', 'stateset', 'unknown']);

function malformed(words: string): MonError {
  return new MonError('MON_BODY_MALFORMED', `JSON push: ${words}`, {
    hint: 'send {"metrics": {"name": 1.5}, "labels": {"host": "a"}}',
  });
}

/**
 * Reads a body.
 * @throws MonError MON_BODY_MALFORMED when it is not of this form, MON_BODY_TOO_LARGE.
 */
export function readJsonPush(body: Uint8Array, receivedMs: number): JsonPush {
  if (body.length > BODY_COMPRESSED_BYTES_MAX) {
    const words = `JSON push: ${body.length} bytes, ${BODY_COMPRESSED_BYTES_MAX} at most`;
    throw new MonError('MON_BODY_TOO_LARGE', words);
  }
  let parsed: unknown;
  try {
    parsed = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (failure) {
    throw malformed(messageOf(failure));
  }
  if (!isObject(parsed)) throw malformed('the body is not an object');
  const metrics = own(parsed, 'metrics');
  const shared = own(parsed, 'labels') ?? {};
  if (!isObject(shared)) throw malformed('"labels" is not an object');
  const items = Array.isArray(metrics) ? metrics : isObject(metrics) ? named(metrics) : undefined;
  if (items === undefined) throw malformed('"metrics" is neither an object nor an array');
  if (items.length > JSON_METRICS_MAX) {
    const words = `JSON push: ${items.length} metrics, ${JSON_METRICS_MAX} at most`;
    throw new MonError('MON_BODY_TOO_LARGE', words);
  }
  const metadata = new Map<string, MetadataEntry>();
  const samples = items.map((item: unknown) => {
    if (!isObject(item)) throw malformed('a metric of the array is not an object');
    const name = own(item, 'name');
    const type = own(item, 'type');
    if (typeof name === 'string' && typeof type === 'string' && TYPES.has(type) && name !== '') {
      metadata.set(name, { family: name, type, help: '', unit: '' });
    }
    return sampleOf(item, shared, receivedMs);
  });
  return { samples, metadata: [...metadata.values()] };
}

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(from: Fields, name: string): unknown {
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

function named(metrics: Fields): Fields[] {
  return Object.entries(metrics).map(([name, value]) => ({ name, value }));
}

function sampleOf(item: Fields, shared: Fields, receivedMs: number): JsonSample {
  const pairs = new Map<string, string>();
  const none = { labels: [] as Labels, timestampMs: receivedMs, value: 0 };
  const labels = own(item, 'labels') ?? {};
  if (!isObject(labels)) return { ...none, refused: 'labelValue' };
  for (const [name, value] of [...Object.entries(shared), ...Object.entries(labels)]) {
    if (name === '') return { ...none, refused: 'labelName' };
    const text = labelText(value);
    if (text === undefined) return { ...none, refused: 'labelValue' };
    pairs.set(name, text);
  }
  const name = own(item, 'name');
  if (typeof name !== 'string' || name === '') return { ...none, refused: 'noName' };
  pairs.set(NAME, name);
  const sample = { ...none, labels: makeLabels(pairs) };
  const value = valueOf(own(item, 'value'));
  if (value === undefined) return { ...sample, refused: 'value' };
  const time = own(item, 'timestamp');
  if (time === undefined || time === null) return { ...sample, value };
  if (typeof time !== 'number' || !Number.isFinite(time))
    return { ...sample, refused: 'timestamp' };
  const timestampMs = Math.round(Math.abs(time) < SECONDS_BELOW ? time * 1000 : time);
  if (!Number.isSafeInteger(timestampMs)) return { ...sample, refused: 'timestamp' };
  return { ...sample, timestampMs, value };
}

function labelText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function valueOf(value: unknown): number | undefined {
  return typeof value === 'string'
    ? SPECIAL.get(value)
    : typeof value === 'number'
      ? value
      : undefined;
}
