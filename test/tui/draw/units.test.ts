// Numbers, sizes and durations as they are shown.
// Rounding at the edge of a prefix is what goes wrong: 999.6 is 1k, never 1000.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  agreeableDuration,
  formatAge,
  formatDuration,
  formatRange,
  formatValue,
  oneTwoFive,
  tickStep,
  type Unit,
} from '../../../src/tui/draw/units.ts';

test('values with their units', () => {
  const cases: readonly (readonly [number, Unit, string])[] = [
    [0, 'short', '0'],
    [1234, 'short', '1.23k'],
    [999.4, 'short', '999'],
    [999.6, 'short', '1k'],
    [-1_500_000, 'short', '-1.5M'],
    [0.25, 'short', '0.25'],
    [0.00002, 'short', '2.0e-5'],
    [1536, 'bytes', '1.5 KiB'],
    [1023.7, 'bytes', '1 KiB'],
    [3 * 1024 ** 3, 'bytes/s', '3 GiB/s'],
    [12_300, '/s', '12.3k/s'],
    [0.5, 'percent', '50%'],
    [0.0012, 'percent', '0.12%'],
    [0.0125, 'seconds', '12.5ms'],
    [90, 'seconds', '1m 30s'],
    [Number.NaN, 'short', 'NaN'],
    [Infinity, 'bytes', '+Inf'],
    [-Infinity, 'seconds', '-Inf'],
  ];
  for (const [value, unit, want] of cases) assert.equal(formatValue(value, unit), want);
});

test('durations, ages and ranges', () => {
  const durations: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [0.0005, '500ns'],
    [0.25, '250µs'],
    [12.34, '12.3ms'],
    [999.7, '1s'],
    [1500, '1.5s'],
    [59_999, '1m'],
    [125_000, '2m 5s'],
    [3_600_000, '1h'],
    [100_000_000, '1d 3h'],
    [-2000, '-2s'],
  ];
  for (const [ms, want] of durations) assert.equal(formatDuration(ms), want, String(ms));
  assert.equal(formatAge(999), '0s');
  assert.equal(formatAge(59_900), '59s');
  assert.equal(formatAge(61_500), '1m 1s');
  assert.equal(formatRange(90_000), '1m30s');
  assert.equal(formatRange(604_800_000), '7d');
  assert.equal(formatRange(1500), '1s500ms');
});

test('steps are 1, 2, 5 or round times', () => {
  assert.equal(oneTwoFive(0.3), 0.5);
  assert.ok(Math.abs(oneTwoFive(0.1 + 0.2 - 0.1) - 0.2) < 1e-12);
  assert.equal(oneTwoFive(1000), 1000);
  assert.equal(oneTwoFive(Number.NaN), 1);
  assert.equal(agreeableDuration(7000), 10_000);
  assert.equal(agreeableDuration(4_000_000), 7_200_000);
  assert.equal(tickStep(1500, 'bytes'), 2048);
  assert.equal(tickStep(600 * 1024, 'bytes'), 1024 ** 2);
  assert.equal(tickStep(40, 'seconds'), 60);
});
