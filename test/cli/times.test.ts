// Times, durations and windows as the command line reads and writes them. The clock stands still at
// one instant.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { durationFlag, roundStep, timeFlag, timeText, windowOf } from '../../src/cli/times.ts';
import { UserError } from '../../src/engine/errors.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

it('times', () => {
  for (const [text, want] of [
    ['now', NOW],
    ['now-1h', NOW - 3_600_000],
    ['now+90', NOW + 90_000],
    ['now-1d12h', NOW - 36 * 3_600_000],
    ['0', 0],
    ['-1.5', -1500],
    ['1700000000.25', 1_700_000_000_250],
    ['2026-03-01T12:00Z', NOW],
    ['2026-03-01t13:00:00.5+01:00', NOW + 500],
  ] as const) {
    assert.equal(timeFlag('--at', text, NOW), want, text);
  }
  const bad = ['', 'today', 'now-', 'now-x', 'now1h', '2026-03-01', '2026-03-01T12:00:00'];
  bad.push('2026-13-01T12:00:00Z', '1e3', 'Infinity', '2026-03-01T12:00:00+1');
  for (const text of bad) assert.throws(() => timeFlag('--at', text, NOW), UserError, text);
});

it('durations', () => {
  assert.equal(durationFlag('--step', '15'), 15_000);
  assert.equal(durationFlag('--step', '0.5'), 500);
  assert.equal(durationFlag('--step', '1m30s'), 90_000);
  for (const text of ['', '0', '-1', '1x', '1s1m', '5 m']) {
    assert.throws(() => durationFlag('--step', text), UserError, text);
  }
});

it('windows', () => {
  assert.deepEqual(windowOf({}, NOW), { kind: 'instant', timeMs: NOW });
  const range = { kind: 'range', startMs: NOW - 3_600_000, endMs: NOW, stepMs: 15_000 };
  assert.deepEqual(windowOf({ since: '1h' }, NOW), range);
  assert.deepEqual(windowOf({ from: 'now-1h' }, NOW), range);
  assert.deepEqual(windowOf({ from: 'now-1h', to: 'now', step: '15s' }, NOW), range);
  for (const flags of [
    { at: 'now', since: '1h' },
    { since: '1h', from: 'now' },
    { to: 'now' },
    { step: '1s' },
    { from: 'now', to: 'now-1h' },
  ]) {
    assert.throws(() => windowOf(flags, NOW), UserError, JSON.stringify(flags));
  }
});

it('round steps give at most 240 points and no fewer than 80', () => {
  for (let length = 240_000; length < 3e11; length *= 1.37) {
    const points = length / roundStep(length);
    assert.ok(points <= 240 && points >= 80, `${length}: ${points}`);
  }
  assert.equal(roundStep(0), 1000);
});

it('times as text', () => {
  assert.equal(timeText()(NOW + 7), '2026-03-01T12:00:00.007Z');
  assert.equal(timeText('UTC')(NOW), '2026-03-01T12:00:00.000Z');
  const berlin = timeText('Europe/Berlin');
  assert.equal(berlin(NOW), '2026-03-01T13:00:00.000+01:00');
  assert.equal(berlin(Date.parse('2026-07-01T22:30:00Z')), '2026-07-02T00:30:00.000+02:00');
  assert.equal(timeText('Europe/London')(NOW), '2026-03-01T12:00:00.000+00:00');
  assert.equal(timeText()(9e15), '9000000000000');
  assert.throws(() => timeText('Nowhere/Land'), UserError);
});
