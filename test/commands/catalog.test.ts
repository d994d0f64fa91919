// The commands that list what a server knows, and `mon push`: whole output and exit codes against a
// server with fixed answers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startFake } from '../support/fake-prometheus.ts';
import type { FakePrometheus } from '../support/fake-prometheus.ts';
import { freshHome, runCli } from '../support/run-cli.ts';

let fake: FakePrometheus;
before(async () => {
  fake = await startFake();
});
after(async () => await fake.close());

const run = (args: readonly string[], input?: string) =>
  runCli(args, { input, env: { MON_URL: fake.url, HOME: freshHome() } });

describe('lists', () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [['series', 'up', '-o', 'value'], 'up{job="node"}\nup{job="x"}\n'],
    [['series', '--limit', '1'], 'SERIES\nup{job="node"}\n'],
    [['labels'], 'LABEL\n__name__\ninstance\njob\n'],
    [['labels', 'job', '-o', 'value'], 'node\nprometheus\n'],
    [
      ['labels', '-o', 'json'],
      `${JSON.stringify(
        {
          apiVersion: 'mon/v1',
          kind: 'LabelNames',
          items: [{ label: '__name__' }, { label: 'instance' }, { label: 'job' }],
        },
        null,
        2,
      )}\n`,
    ],
    [
      ['labels', 'job', '-o', 'yaml'],
      'apiVersion: mon/v1\nkind: LabelValues\nitems:\n- value: node\n- value: prometheus\n',
    ],
    [
      ['targets'],
      'POOL  INSTANCE  URL                    HEALTH  LAST SCRAPE               SECONDS  ERROR\n' +
        'node  b:9100    http://b:9100/metrics  down                                    0  ' +
        'connection refused\n' +
        'node  a:9100    http://a:9100/metrics  up      2023-11-14T22:13:20.123Z   0.0125\n',
    ],
    [['targets', '-o', 'value'], 'http://b:9100/metrics\nhttp://a:9100/metrics\n'],
  ];
  for (const [args, stdout] of cases) {
    it(args.join(' '), async () => {
      assert.deepEqual(await run(args), { stdout, stderr: '', code: 0 });
    });
  }

  it('that are empty name what was probably meant, on stderr', async () => {
    const metric = 'hint: no metric "node_cpu_total"; did you mean "node_cpu_seconds_total"?\n';
    for (const [args, stderr] of [
      [['series', 'node_cpu_total', '-o', 'value'], metric],
      [['explore', 'node_cpu_total', '-o', 'value'], metric],
      [['series', '{job="total"}', '-o', 'value'], ''],
      [['labels', 'jbo', '-o', 'value'], 'hint: no label "jbo"; did you mean "job"?\n'],
    ] as const) {
      assert.deepEqual(await run(args), { stdout: '', stderr, code: 0 });
    }
  });

  it('ask for the time given', async () => {
    await run(['series', '{a="b"}', '--since', '5m']);
    const params = fake.requests.at(-1)?.params;
    assert.equal(params?.get('match[]'), '{a="b"}');
    assert.equal(Math.round(Number(params?.get('end')) - Number(params?.get('start'))), 300);
  });
});

describe('push', () => {
  it('tells what was stored', async () => {
    const { stdout, stderr, code } = await run(['push'], 'a 1\n');
    assert.equal(stdout, 'ACCEPTED  REFUSED\n       1        0\n');
    assert.deepEqual([stderr, code], ['', 0]);
    const { path, headers, body } = fake.requests.at(-1) ?? {};
    assert.deepEqual([path, body], ['/api/v1/push', 'a 1\n']);
    assert.match(headers?.['content-type'] ?? '', /^text\/plain/);
  });

  it('sees what the input is', async () => {
    for (const [input, path, type] of [
      ['{"metrics":{"a":1}}', '/metrics', /^application\/json/],
      ['{"a", b="c"} 1\n', '/api/v1/push', /^text\/plain/],
      ['a 1\n# EOF\n', '/api/v1/push', /^application\/openmetrics-text/],
    ] as const) {
      assert.equal((await run(['push', '-', '-o', 'value'], input)).stdout, '1\n');
      assert.equal(fake.requests.at(-1)?.path, path);
      assert.match(fake.requests.at(-1)?.headers['content-type'] ?? '', type);
    }
  });

  it('a part that was refused is told and fails', async () => {
    assert.deepEqual(await run(['push', '-o', 'jsonl'], 'a 1\nold_metric 1 1\n'), {
      stdout: '{"accepted":1,"refused":1}\n',
      stderr: 'refused: old_metric is too old\n',
      code: 1,
    });
  });

  it('a body that is none fails with 2', async () => {
    const stderr = 'error: line 1: not a sample\n';
    assert.deepEqual(await run(['push'], '!!\n'), { stdout: '', stderr, code: 2 });
  });
});

describe('servers of this machine', () => {
  it('none runs', async () => {
    const home = freshHome();
    const env = { HOME: home, XDG_STATE_HOME: `${home}/state` };
    const folders = `${home}/state/mon/data or ${home}/state/mon/demo`;
    const stderr = `error: no mon runs on ${folders}\nhint: mon up starts one\n`;
    for (const command of ['status', 'down']) {
      assert.deepEqual(await runCli([command], { env }), { stdout: '', stderr, code: 5 });
    }
    const { stderr: said, code } = await runCli(['logs'], { env });
    assert.match(said, /^error: no log at .*mon\.log or .*mon\.log\nhint: .*--detach\n$/);
    assert.equal(code, 5);
  });

  it('a named server', async () => {
    const { stdout, code } = await run(['status', '-o', 'csv']);
    assert.equal(
      stdout,
      `url,state,version,targets,pid,started,folder\n${fake.url},ready,9.9.9,1/2,,,\n`,
    );
    assert.equal(code, 0);
  });
});
