// A change of an alert as a record of the log of alerts: JSON, so that what reads the topic without
// being mon can read it too; docs/format/alert.md draws it. Written by the role alert, read by the
// role notify. Easy to get wrong: labels are pairs of texts and `__proto__` is one like any other;
// and all changes of one alert go to one partition, or their order would be lost.
import { crc32 } from 'node:zlib';
import { MonError } from '../errors.ts';
import { ALERT_RECORD_BYTES_MAX } from '../limits-links.ts';
import type { Batch } from '../model/batch.ts';
import { labelsKey, makeLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { AlertEvent } from '../ports.ts';

const VERSION = 1;
/**
 * Names that JSON has to escape are told in lists too: JSON.parse of V8 (seen in Node 24.21) takes
 * an escaped name for that of another object of the same shape that it has just read.
 */
// eslint-disable-next-line no-control-regex
const ESCAPED = /["\\\u0000-\u001f]/;

/** A record as a batch of the log of alerts, whose encoder takes the bytes as they are. */
export interface AlertBatch extends Batch {
  readonly record: Uint8Array;
}

/** The encoder of a log of alerts. */
export const alertEncoder = {
  encode: (batch: Batch): Uint8Array => (batch as AlertBatch).record,
};

/** Any bytes as a batch of a log of alerts. */
export function alertBatch(partition: number, record: Uint8Array): AlertBatch {
  return { partition, receivedMs: 0, lateness: 0, record };
}

/** The partition of all changes of an alert. */
export function alertPartition(labels: Labels, partitions: number): number {
  return crc32(labelsKey(labels)) % partitions;
}

/** The record of a change; annotations that make it too large are left out, which it says. */
export function encodeAlert(event: AlertEvent): Uint8Array {
  const bytes = Buffer.from(textOf(event));
  if (bytes.length <= ALERT_RECORD_BYTES_MAX) return bytes;
  const said = ['mon', 'the annotations of this alert were too large to be told'];
  return Buffer.from(textOf({ ...event, annotations: said, generatorUrl: '' }));
}

function textOf(event: AlertEvent): string {
  const { id, labels, annotations, startsAtMs, endsAtMs, atMs, generatorUrl, channels } = event;
  return JSON.stringify({
    ...{ version: VERSION, id, status: endsAtMs === 0 ? 'firing' : 'resolved' },
    ...{ labels: pairsOf(labels), annotations: pairsOf(annotations) },
    ...{ startsAtMs, endsAtMs, atMs, generatorUrl },
    ...(ESCAPED.test(namesOf(labels) + namesOf(annotations))
      ? { flat: { labels, annotations } }
      : {}),
    ...(channels === undefined ? {} : { channels }),
  });
}

function namesOf(labels: Labels): string {
  return labels.filter((_, i) => i % 2 === 0).join('');
}

function pairsOf(labels: Labels): Record<string, string> {
  const out = Object.create(null) as Record<string, string>;
  for (let i = 0; i < labels.length; i += 2) out[labels[i]] = labels[i + 1];
  return out;
}

/** @throws MonError MON_RECORD_MALFORMED; nothing else, whatever the bytes are. */
export function decodeAlert(record: Uint8Array): AlertEvent {
  let found: Record<string, unknown>;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(record);
    found = objectOf(JSON.parse(text));
  } catch {
    throw malformed('no JSON object');
  }
  if (found['version'] !== VERSION) throw malformed('an unknown version');
  const { channels, flat } = found;
  const exact = flat === undefined ? undefined : objectOf(flat);
  const labels = (name: string): Labels =>
    exact === undefined ? labelsAt(found, name) : listedAt(exact, name);
  return {
    id: textAt(found, 'id'),
    labels: labels('labels'),
    annotations: labels('annotations'),
    startsAtMs: timeAt(found, 'startsAtMs'),
    endsAtMs: timeAt(found, 'endsAtMs'),
    atMs: timeAt(found, 'atMs'),
    generatorUrl: textAt(found, 'generatorUrl'),
    ...(channels === undefined ? {} : { channels: textsOf(channels) }),
  };
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw malformed('no object');
}

function textAt(found: Record<string, unknown>, name: string): string {
  const value = Object.hasOwn(found, name) ? found[name] : undefined;
  if (typeof value === 'string') return value;
  throw malformed(`${name} is no text`);
}

function timeAt(found: Record<string, unknown>, name: string): number {
  const value = Object.hasOwn(found, name) ? found[name] : undefined;
  if (Number.isSafeInteger(value)) return value as number;
  throw malformed(`${name} is no time`);
}

function labelsAt(found: Record<string, unknown>, name: string): Labels {
  const pairs = Object.entries(objectOf(Object.hasOwn(found, name) ? found[name] : undefined));
  return makeLabels(
    pairs.map(([key, value]): [string, string] => {
      if (typeof value === 'string') return [key, value];
      throw malformed(`${name} holds something else than texts`);
    }),
  );
}

function listedAt(found: Record<string, unknown>, name: string): Labels {
  const list = textsOf(Object.hasOwn(found, name) ? found[name] : undefined);
  if (list.length % 2 > 0) throw malformed(`${name} holds a name without a value`);
  return makeLabels(list.flatMap((key, i) => (i % 2 === 0 ? [[key, list[i + 1]] as const] : [])));
}

function textsOf(value: unknown): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw malformed('something else than texts');
}

function malformed(why: string): MonError {
  return new MonError('MON_RECORD_MALFORMED', `a record of the log of alerts: ${why}`);
}
