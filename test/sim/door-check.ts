// What the door must make of samples: which it takes, into which class of lateness, in which
// order. Compared with the batches that reached the log in the same call. Easy to get wrong: order
// counts only within a series and a kind, because a body is split by partition, lateness and kind.
import { strict as assert } from 'node:assert';
import { FUTURE_MS_MAX, LATE_MS_MAX, LIVE_MS_MAX } from '../../src/engine/limits.ts';
import type { PushOutcome } from '../../src/engine/ports.ts';
import type { SentRecord } from './model.ts';
import type { Sent } from './sent.ts';

export interface Expected {
  readonly taken: readonly (Sent & { readonly lateness: number })[];
  readonly refused: number;
}

/** `watermarkMs` is the newest that was announced in this life of the program. */
export function expectedOf(
  rows: readonly Sent[],
  receivedMs: number,
  window: { readonly retentionMs: number; readonly watermarkMs: number },
): Expected {
  const liveFrom = Math.max(receivedMs - LIVE_MS_MAX, window.watermarkMs);
  const taken = rows
    .filter(({ t }) => t >= receivedMs - window.retentionMs && t <= receivedMs + FUTURE_MS_MAX)
    .map((row) => {
      const lateness = row.t >= liveFrom ? 0 : row.t >= receivedMs - LATE_MS_MAX ? 1 : 2;
      return { ...row, lateness };
    });
  return { taken, refused: rows.length - taken.length };
}

function linesOf(rows: Iterable<Sent & { readonly lateness: number }>): string[] {
  const lines = new Map<string, string[]>();
  for (const { series, t, bits, body, lateness } of rows) {
    const key = `${lateness} ${body === undefined ? 'float' : 'histogram'} ${series}`;
    const list = lines.get(key) ?? [];
    lines.set(key, list);
    list.push(`${t} ${bits.toString(16)} ${body ?? ''}`);
  }
  return [...lines].map(([key, list]) => `${key}: ${list.join(', ')}`).toSorted();
}

/** Holds the records of one append call against what was expected. */
export function checkRecords(
  expected: Expected,
  records: readonly SentRecord[],
  receivedMs: number,
): void {
  const rows = records.flatMap(({ samples, lateness }) =>
    samples.map((sample) => ({ ...sample, lateness })),
  );
  assert.deepEqual(linesOf(rows), linesOf(expected.taken), 'what the door appends of a body');
  for (const record of records) assert.equal(record.receivedMs, receivedMs, 'receive time');
}

export function checkOutcome(expected: Expected, refused: number, outcome: PushOutcome): void {
  assert.equal(outcome.accepted, expected.taken.length, 'samples said to be accepted');
  assert.equal(outcome.refused, expected.refused + refused, 'samples said to be refused');
  const reasons = Object.values(outcome.reasons).reduce((sum, count) => sum + count, 0);
  assert.equal(reasons, outcome.refused, 'every refusal has its reason');
}
