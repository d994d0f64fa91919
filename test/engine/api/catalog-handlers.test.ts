// Series, label names, label values and metadata, with real requests: whole bodies, and what
// reached the Source.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TIME_MS_MAX, TIME_MS_MIN } from '../../../src/engine/api/params.ts';
import { QUERY_SERIES_MAX } from '../../../src/engine/limits.ts';
import { form, startApi } from '../../support/api-fixture.ts';

const UP = [{ name: '__name__', op: '=', value: 'up' }];
const JOB = [{ name: 'job', op: '=~', value: 'n.+' }];

test('series are asked for by any of many selectors', async () => {
  await using api = await startApi();
  api.fakes.series = [
    ['__name__', 'up', 'job', 'a"b'],
    ['__name__', 'up', 'job', 'c'],
  ];
  const query = 'match%5B%5D=up&match[]=%7Bjob%3D~%22n.%2B%22%7D&start=1&end=2';
  const reply = await api.call(`/api/v1/series?${query}`);
  assert.equal(reply.status, 200);
  assert.equal(
    reply.text,
    '{"status":"success","data":[{"__name__":"up","job":"a\\"b"},{"__name__":"up","job":"c"}]}',
  );
  assert.deepEqual(api.fakes.asked, [['series', [UP, JOB], 1000, 2000, QUERY_SERIES_MAX + 1]]);
});

test('series by form, without a range, cut at the limit', async () => {
  await using api = await startApi();
  api.fakes.series = [
    ['a', '1'],
    ['a', '2'],
    ['a', '3'],
  ];
  const reply = await api.call('/api/v1/series', form({ 'match[]': 'up', limit: '2' }));
  assert.equal(
    reply.text,
    '{"status":"success","data":[{"a":"1"},{"a":"2"}],' +
      '"warnings":["results truncated due to limit"]}',
  );
  assert.deepEqual(api.fakes.asked, [['series', [UP], TIME_MS_MIN, TIME_MS_MAX, 3]]);
});

test('label names and values', async () => {
  await using api = await startApi();
  api.fakes.names = ['__name__', 'job', 'ü'];
  const names = await api.call('/api/v1/labels');
  assert.equal(names.text, '{"status":"success","data":["__name__","job","ü"]}');
  await api.call('/api/v1/labels', form({ 'match[]': 'up', start: '1' }));
  const values = await api.call('/api/v1/label/job/values?match[]=up&end=5&limit=2');
  assert.equal(
    values.text,
    '{"status":"success","data":["__name__","job"],"warnings":["results truncated due to limit"]}',
  );
  await api.call('/api/v1/label/U__http_2e_status/values');
  await api.call('/api/v1/label/caf%C3%A9/values');
  assert.deepEqual(api.fakes.asked, [
    ['labelNames', [], TIME_MS_MIN, TIME_MS_MAX],
    ['labelNames', [UP], 1000, TIME_MS_MAX],
    ['labelValues', 'job', [UP], TIME_MS_MIN, 5000],
    ['labelValues', 'http.status', [], TIME_MS_MIN, TIME_MS_MAX],
    ['labelValues', 'café', [], TIME_MS_MIN, TIME_MS_MAX],
  ]);
});

test('what is refused, in the words of Prometheus', async () => {
  await using api = await startApi();
  const f = async (path: string, want: object): Promise<void> => {
    const reply = await api.call(path);
    assert.equal(reply.status, 400, path);
    const body = JSON.parse(reply.text);
    assert.deepEqual(body, { status: 'error', errorType: 'bad_data', ...body, ...want });
  };
  await f('/api/v1/series', { error: 'no match[] parameter provided' });
  const empty = 'invalid parameter "match[]": match[] must contain at least one non-empty matcher';
  await f('/api/v1/series?match[]=%7B%7D', { error: empty });
  await f('/api/v1/series?match[]=%7Ba%3D~%22.*%22%7D', { error: empty });
  await f('/api/v1/label/job/values?match[]=%7Ba%3D%22%22%7D', { error: empty });
  await f('/api/v1/series?match[]=up%7B', { start: 3 });
  await f('/api/v1/series?match[]=rate(up%5B5m%5D)', {
    error:
      'invalid parameter "match[]": 1:1: parse error: ' +
      'expected a series selector such as up{job="node"}',
  });
  await f('/api/v1/series?match[]=up%20offset%205m', { start: 0 });
  await f('/api/v1/label/%FF/values', { error: 'invalid label name: "%FF"' });
  await f('/api/v1/labels?start=x', {
    error:
      'invalid parameter "start": Invalid time value for \'start\': ' +
      'cannot parse "x" to a valid timestamp',
  });
  assert.deepEqual(api.fakes.asked, []);
});

test('metadata is grouped by family, limited both ways, and filtered', async () => {
  await using api = await startApi();
  const gauge = { type: 'gauge', help: 'h', unit: '' };
  api.fakes.metadata = [
    { family: 'a', ...gauge },
    { family: 'b', type: 'counter', help: 'x "y"', unit: 's' },
    { family: 'a', ...gauge },
    { family: 'a', ...gauge, help: 'other' },
    { family: '__proto__', ...gauge },
  ];
  const f = async (search: string, want: string): Promise<void> => {
    const reply = await api.call(`/api/v1/metadata${search}`);
    assert.equal(reply.text, `{"status":"success","data":${want}}`);
  };
  const h = '{"type":"gauge","help":"h","unit":""}';
  const other = '{"type":"gauge","help":"other","unit":""}';
  const b = '{"type":"counter","help":"x \\"y\\"","unit":"s"}';
  await f('', `{"a":[${h},${other}],"b":[${b}],"__proto__":[${h}]}`);
  await f('?limit=1', `{"a":[${h},${other}]}`);
  await f('?limit=0', '{}');
  await f('?limit_per_metric=1&limit=2', `{"a":[${h}],"b":[${b}]}`);
  await f('?metric=b', `{"b":[${b}]}`);
});
