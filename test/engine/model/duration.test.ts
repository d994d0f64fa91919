// Durations there and back, and what is none. Easy to get wrong: weeks and years are shown only if
// nothing remains.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/engine/errors.ts';
import { durationOf, formatDuration, parseDuration } from '../../../src/engine/model/duration.ts';

test('durations there and back', () => {
  const table: [string, number][] = [
    ['0s', 0],
    ['1ms', 1],
    ['1s500ms', 1500],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['90d', 90 * 86_400_000],
    ['2w', 14 * 86_400_000],
    ['1y', 365 * 86_400_000],
    ['1d1ms', 86_400_001],
  ];
  for (const [text, ms] of table) {
    assert.equal(parseDuration(text), ms, text);
    assert.equal(formatDuration(ms), text);
  }
  assert.equal(durationOf('0'), 0);
  assert.equal(formatDuration(8 * 86_400_000), '8d');
});

test('what is no duration', () => {
  for (const text of ['', '1', '-1s', '1.5s', '1s1m', '1m1m', '1 s', 's', '300y', '1M']) {
    assert.equal(durationOf(text), undefined, text);
    assert.throws(() => parseDuration(text), UserError);
  }
});
