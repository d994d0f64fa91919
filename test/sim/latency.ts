// Native histograms that senders push and that stand in the log: whole and float counts, custom and
// exponential buckets, gauges, starts, stale markers. A sample of the model knows one by its sum's
// bits and its message. Easy to get wrong: the message holds its time, so one that is to come at
// another time is another message.
import { strict as assert } from 'node:assert';
import { Buffer } from 'node:buffer';
import { decodeHistogram, encodeHistogram } from '../../src/engine/codec/histogram.ts';
import type { FloatHistogram } from '../../src/engine/model/histogram.ts';
import { bitsOf } from '../support/open-records.ts';
import { randomHistogram } from '../support/random-histograms.ts';
import type { Dice } from './dice.ts';
import { STALE_BITS } from './sent.ts';
import type { Sent } from './sent.ts';

/** What any NaN is made when it is a histogram's sum. */
const NAN_SUM_BITS = 0x7ff8n << 48n;

/** A histogram of the log as a sample. */
export function sentHistogram(series: string, t: number, message: Uint8Array): Sent {
  const { histogram, stale } = decodeHistogram(message);
  const { sum } = histogram;
  const bits = stale ? STALE_BITS : Number.isNaN(sum) ? NAN_SUM_BITS : bitsOf(sum);
  return { series, t, bits, body: Buffer.from(message).toString('base64') };
}

/** Some histogram at a time. */
export function someHistogram(dice: Dice, series: string, t: number, stale: boolean): Sent {
  const integer = dice.chance(0.5);
  const startMs = dice.chance(0.3) ? t - dice.int(1, 100_000) : 0;
  const form = { timestampMs: t, startMs, integer, stale };
  return sentHistogram(series, t, encodeHistogram(randomHistogram(dice.random, integer), form));
}

/** Holds what a reader answered beside a sum against the message that was sent. */
export function checkHistogram(
  where: string,
  found: { readonly histogram?: FloatHistogram; readonly body?: Uint8Array },
  expected: string | undefined,
): void {
  const { histogram, body } = found;
  if (expected === undefined) return assert.equal(histogram, undefined, `${where}: a histogram`);
  assert.ok(histogram !== undefined && body !== undefined, `${where}: no histogram`);
  assert.equal(Buffer.from(body).toString('base64'), expected, `${where}: another message`);
  const sent = decodeHistogram(Buffer.from(expected, 'base64'));
  // Which hint a store gives depends on the neighbours.
  assert.deepEqual({ ...histogram, hint: 0 }, { ...sent.histogram, hint: 0 }, where);
}
