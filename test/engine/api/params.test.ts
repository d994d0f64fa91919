// Parameters of a request: what is read, and Prometheus' words for what is refused. Taken from the
// answers of Prometheus itself where it has the parameter.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  TIME_MS_MAX,
  TIME_MS_MIN,
  durationParam,
  limitParam,
  parseDurationMs,
  parseTimeMs,
  rangeParams,
  timeParam,
  unescapeLabelName,
} from '../../../src/engine/api/params.ts';
import { UserError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

function refused(call: () => unknown, message: string): void {
  assert.throws(call, (thrown) => {
    assert.ok(thrown instanceof UserError);
    assert.equal(thrown.message, message);
    return true;
  });
}

test('times are float seconds or RFC 3339', () => {
  const f = (text: string, want: number | undefined): void => {
    assert.equal(parseTimeMs(text), want, text);
  };
  f('0', 0);
  f('1435781430.781', 1435781430781);
  f('1435781430.7816', 1435781430782);
  f('-1.5', -1500);
  f('1.5e9', 1.5e12);
  f('2015-07-01T20:10:51.781Z', 1435781451781);
  f('2015-07-01T20:10:51Z', 1435781451000);
  f('2015-07-01t20:10:51z', 1435781451000);
  f('2015-07-01T22:10:51+02:00', 1435781451000);
  f('2015-07-01T20:10:51.781999999Z', 1435781451781);
  f('-292273086-05-16T16:47:06Z', TIME_MS_MIN);
  f('292277025-08-18T07:12:54.999999999Z', TIME_MS_MAX);
  f('', undefined);
  f(' 1', undefined);
  f('1s', undefined);
  f('0x10', undefined);
  f('NaN', undefined);
  f('Infinity', undefined);
  f('1e300', undefined);
  f('2015-07-01', undefined);
  f('2015-13-01T00:00:00Z', undefined);
});

test('durations are float seconds or Prometheus durations', () => {
  const f = (text: string, want: number | undefined): void => {
    assert.equal(parseDurationMs(text), want, text);
  };
  f('15', 15_000);
  f('0.25', 250);
  f('1h30m', 5_400_000);
  f('1m500ms', 60_500);
  f('-5', -5000);
  f('', undefined);
  f('5x', undefined);
  f('30m1h', undefined);
  f('1e400', undefined);
});

test('missing parameters take their fallback, bad ones name themselves', () => {
  const params = (text: string): URLSearchParams => new URLSearchParams(text);
  assert.equal(timeParam(params(''), 'time', 7), 7);
  assert.equal(timeParam(params('time=2'), 'time', 7), 2000);
  refused(
    () => timeParam(params('time=x'), 'time', 7),
    'invalid parameter "time": Invalid time value for \'time\': ' +
      'cannot parse "x" to a valid timestamp',
  );
  assert.equal(durationParam(params(''), 'timeout'), undefined);
  assert.equal(durationParam(params('timeout=1m'), 'timeout'), 60_000);
  refused(
    () => durationParam(params('timeout=x'), 'timeout'),
    'invalid parameter "timeout": cannot parse "x" to a valid duration',
  );
  refused(
    () => durationParam(params('timeout=0'), 'timeout'),
    'invalid parameter "timeout": "0" must be greater than 0',
  );
  assert.equal(limitParam(params('limit=12'), 'limit', 0), 12);
  assert.equal(limitParam(params(''), 'limit', 5), 5);
  refused(
    () => limitParam(params('limit=-1'), 'limit', 0),
    'invalid parameter "limit": limit must be non-negative',
  );
  refused(
    () => limitParam(params('limit=many'), 'limit', 0),
    'invalid parameter "limit": cannot parse "many" to a number',
  );
});

test('a range is checked in the order and words of Prometheus', () => {
  const f = (text: string): unknown => rangeParams(new URLSearchParams(text));
  assert.deepEqual(f('start=0&end=10&step=5'), { startMs: 0, endMs: 10_000, stepMs: 5000 });
  assert.deepEqual(f('start=0&end=11000&step=1'), { startMs: 0, endMs: 11_000_000, stepMs: 1000 });
  refused(
    () => f('end=1&step=1'),
    'invalid parameter "start": cannot parse "" to a valid timestamp',
  );
  refused(
    () => f('start=1&step=1'),
    'invalid parameter "end": cannot parse "" to a valid timestamp',
  );
  refused(
    () => f('start=2&end=1&step=1'),
    'invalid parameter "end": end timestamp must not be before start time',
  );
  refused(
    () => f('start=0&end=1&step=x'),
    'invalid parameter "step": cannot parse "x" to a valid duration',
  );
  refused(
    () => f('start=0&end=1&step=0'),
    'invalid parameter "step": zero or negative query resolution step widths are not accepted. ' +
      'Try a positive integer',
  );
  refused(
    () => f('start=0&end=11001&step=1'),
    'exceeded maximum resolution of 11,000 points per timeseries. ' +
      'Try decreasing the query resolution (?step=XX)',
  );
});

test('U__ names are unescaped, and what is written wrongly stands for itself', () => {
  const f = (name: string, want: string): void => assert.equal(unescapeLabelName(name), want);
  f('job', 'job');
  f('U__http_2e_status', 'http.status');
  f('U__a__b', 'a_b');
  f('U___1F600_', '😀');
  f('U__bad_zz_', 'U__bad_zz_');
  f('U__open_2e', 'U__open_2e');
  f('U__half_d800_', 'U__half_d800_');
});

test('whatever is sent is read or refused, never anything else', () => {
  const seed = 8;
  const random = seededRandom(seed);
  const pieces = [
    '1',
    '.',
    'e',
    '-',
    '+',
    'h',
    'm',
    's',
    'T',
    'Z',
    ':',
    'U__',
    '_',
    '2e',
    'é',
    '\0',
  ];
  for (let i = 0; i < 20_000; i++) {
    let text = '';
    for (let n = random() * 12; n > 0; n--) text += pieces[Math.floor(random() * pieces.length)];
    const params = new URLSearchParams([
      ['start', text],
      ['end', '1'],
      ['step', text],
      ['limit', text],
    ]);
    const calls = [
      () => rangeParams(params),
      () => timeParam(params, 'start', 0),
      () => durationParam(params, 'step'),
      () => limitParam(params, 'limit', 0),
      () => void unescapeLabelName(text).length,
    ];
    for (const call of calls) {
      try {
        call();
      } catch (thrown) {
        assert.ok(thrown instanceof UserError, `${JSON.stringify(text)}, seed ${seed}: ${thrown}`);
      }
    }
    const ms = parseTimeMs(text) ?? 0;
    assert.ok(Number.isSafeInteger(ms), `${JSON.stringify(text)}, seed ${seed}`);
  }
});
