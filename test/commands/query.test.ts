// `mon query` as its users see it: whole stdout, stderr and exit code against a server with fixed
// answers, in every form of output and for every way to fail.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startFake } from '../support/fake-prometheus.ts';
import type { FakePrometheus } from '../support/fake-prometheus.ts';
import { freePort } from '../support/mon-process.ts';
import { freshHome, runCli, runShell } from '../support/run-cli.ts';
import type { CliOptions } from '../support/run-cli.ts';

let fake: FakePrometheus;
before(async () => {
  fake = await startFake();
});
after(async () => await fake.close());

async function query(args: readonly string[], options: CliOptions = {}) {
  return await runCli(['query', ...args], {
    ...options,
    env: { MON_URL: fake.url, ...options.env },
  });
}

describe('forms of the answer', () => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    [
      'a table',
      ['up'],
      'SERIES                            VALUE\n' +
        'up{instance="a:9100",job="node"}      1\n' +
        'up{instance="b:9100",job="node"}      0\n',
    ],
    [
      'JSON lines',
      ['up', '-o', 'jsonl'],
      '{"time":"2023-11-14T22:13:20.000Z","labels":' +
        '{"__name__":"up","instance":"a:9100","job":"node"},"value":1}\n' +
        '{"time":"2023-11-14T22:13:20.000Z","labels":' +
        '{"__name__":"up","instance":"b:9100","job":"node"},"value":0}\n',
    ],
    [
      'CSV',
      ['up', '-o', 'csv'],
      'time,__name__,instance,job,value\n' +
        '2023-11-14T22:13:20.000Z,up,a:9100,node,1\n' +
        '2023-11-14T22:13:20.000Z,up,b:9100,node,0\n',
    ],
    [
      'exposition text',
      ['up', '-o', 'prom'],
      'up{instance="a:9100",job="node"} 1 1700000000000\n' +
        'up{instance="b:9100",job="node"} 0 1700000000000\n',
    ],
    ['bare values', ['up', '-o', 'value'], '1\n0\n'],
    ['numbers that are none', ['odd', '-o', 'value'], 'NaN\n+Inf\n-Inf\n-0\n'],
    ['a scalar', ['1+1', '-o', 'value'], '2\n'],
    ['a string', ['"s"', '-o', 'value'], 'some text\n'],
    ['a scalar as a table', ['1+1'], 'SERIES  VALUE\n{}          2\n'],
    ['an empty table', ['empty'], 'SERIES  VALUE\n'],
    ['empty CSV', ['empty', '-o', 'csv'], 'time,value\n'],
    ['empty JSON lines', ['empty', '-o', 'jsonl'], ''],
    [
      'names outside the old alphabet',
      ['utf8', '-o', 'prom'],
      '{"my.metric","a b"="ä"} 1.5 1700000000000\n',
    ],
    [
      'a label called __proto__',
      ['__proto__', '-o', 'jsonl'],
      '{"time":"2023-11-14T22:13:20.000Z","labels":{"__name__":"x","__proto__":"y"},"value":1}\n',
    ],
    [
      'samples of a range selector',
      ['up[1m]'],
      'TIME                      SERIES  VALUE\n' +
        '2023-11-14T22:13:10.000Z  up          1\n' +
        '2023-11-14T22:13:20.000Z  up        0.5\n',
    ],
    [
      'times in a zone',
      ['up[1m]', '--tz', 'Asia/Kolkata', '-o', 'csv'],
      'time,__name__,value\n' +
        '2023-11-15T03:43:10.000+05:30,up,1\n2023-11-15T03:43:20.000+05:30,up,0.5\n',
    ],
  ];
  for (const [name, args, stdout] of cases) {
    it(name, async () => {
      assert.deepEqual(await query(args), { stdout, stderr: '', code: 0 });
    });
  }

  it('JSON and YAML say the same', async () => {
    const document = {
      apiVersion: 'mon/v1',
      kind: 'QueryResult',
      query: 'odd',
      resultType: 'vector',
      result: [
        { time: '2023-11-14T22:13:20.000Z', labels: { k: 'nan' }, value: 'NaN' },
        { time: '2023-11-14T22:13:20.000Z', labels: { k: 'inf' }, value: '+Inf' },
        { time: '2023-11-14T22:13:20.000Z', labels: { k: 'minus' }, value: '-Inf' },
        { time: '2023-11-14T22:13:20.000Z', labels: {}, value: '-0' },
      ],
      warnings: [],
      infos: [],
    };
    const json = await query(['odd', '-o', 'json']);
    assert.equal(json.stdout, `${JSON.stringify(document, null, 2)}\n`);
    const yaml = await query(['odd', '-o', 'yaml']);
    const { parse } = await import('yaml');
    assert.deepEqual(parse(yaml.stdout), document);
    assert.deepEqual([json.code, yaml.code, json.stderr, yaml.stderr], [0, 0, '', '']);
  });

  it('a range has one list of points a series', async () => {
    const args = ['up', '--from', '1000', '--to', '1030', '--step', '15s', '-o', 'json'];
    const { stdout } = await query(args);
    assert.deepEqual(JSON.parse(stdout).result, [
      {
        labels: { __name__: 'up', job: 'node' },
        values: [
          ['1970-01-01T00:16:40.000Z', 0],
          ['1970-01-01T00:16:55.000Z', 1],
          ['1970-01-01T00:17:10.000Z', 2],
        ],
      },
    ]);
  });

  it('warnings and infos go to stderr, one line each', async () => {
    const { stdout, stderr, code } = await query(['warned', '-o', 'value']);
    const want = 'warning: one source is away\ninfo: not a counter\n';
    assert.deepEqual({ stdout, stderr, code }, { stdout: '', stderr: want, code: 0 });
  });

  it('a hostile label value changes nothing in a table', async () => {
    const { stdout } = await query(['hostile']);
    assert.equal(stdout.includes('\u001b'), false);
    assert.equal(stdout.includes('\u202e'), false);
    assert.equal(stdout.split('\n').length, 3);
    const json = await query(['hostile', '-o', 'jsonl']);
    // oxlint-disable-next-line no-control-regex
    assert.match(json.stdout, /^[\u0020-\u007e]+\n$/);
    const value = JSON.parse(json.stdout).labels.label;
    assert.equal(value, 'a\u001b[31mred\u0007\u202eb\u0000"\\\n');
  });

  it('exposition text needs names', async () => {
    assert.deepEqual(await query(['1+1', '-o', 'prom']), {
      stdout: '',
      stderr:
        'error: -o prom needs metric names and a scalar has none\n' +
        'hint: name it: label_replace(EXPR, "__name__", "my_metric", "", "")\n',
      code: 2,
    });
  });
});

describe('what is asked', () => {
  // After an empty answer names are asked for as well.
  const lastAsked = () => fake.requests.findLast(({ path }) => path.startsWith('/api/v1/query'));
  const last = () => lastAsked()?.params;

  it('an instant in every way to write it', async () => {
    for (const [at, time] of [
      ['1700000000', '1700000000'],
      ['1700000000.5', '1700000000.5'],
      ['2023-11-14T22:13:20Z', '1700000000'],
      ['2023-11-14 23:13:20+01:00', '1700000000'],
    ]) {
      await query(['up', '--at', at]);
      assert.equal(last()?.get('time'), time);
    }
    await query(['up', '--at', 'now-1h']);
    const behind = Date.now() / 1000 - Number(last()?.get('time'));
    assert.ok(behind > 3599 && behind < 3660, `${behind}`);
  });

  it('a range with a round step', async () => {
    await query(['up', '--since', '6h', '--to', '1700000000']);
    assert.equal(last()?.get('start'), '1699978400');
    assert.equal(last()?.get('end'), '1700000000');
    assert.equal(last()?.get('step'), '120');
  });

  it('a long query as a form', async () => {
    await query([`up or ${'x'.repeat(5000)}`]);
    assert.equal(lastAsked()?.method, 'POST');
  });

  it('a query from a file and from stdin', async () => {
    const file = join(freshHome(), 'q.promql');
    writeFileSync(file, '# both\nup\n');
    assert.equal((await query(['-f', file])).code, 0);
    assert.equal(last()?.get('query'), '# both\nup');
    assert.equal((await query(['-f', '-', '-o', 'value'], { input: 'up\n' })).stdout, '1\n0\n');
  });
});

describe('failures', () => {
  const cases: readonly (readonly [string, readonly string[], number, string])[] = [
    ['no query', [], 2, 'error: no query given\nhint: mon query EXPR, or mon query -f FILE\n'],
    [
      'a file that is not there',
      ['-f', '/nosuch/file'],
      2,
      'error: cannot read /nosuch/file: not there\nhint: check the path\n',
    ],
    ['a bad query', ['rat(up)'], 2, 'error: unknown function with name "rat"\n  rat(up)\n  ^^^\n'],
    [
      'a bad query behind letters of several bytes',
      ['"äöü" + rat(up)'],
      2,
      'error: unknown function with name "rat"\n  "äöü" + rat(up)\n          ^^^\n',
    ],
    [
      'a bad query of several lines',
      ['sum(\n  rat(up)\n)'],
      2,
      'error: unknown function with name "rat"\n2 |   rat(up)\n      ^^^\n',
    ],
    [
      'a place and a hint from the server',
      ['placed'],
      2,
      'error: no such name\n  placed\n  ^^^^^^\nhint: did you mean plaice?\n',
    ],
    ['a failed query', ['dup'], 1, 'error: many-to-many matching not allowed\n'],
    [
      'an empty answer where one was demanded',
      ['empty', '--fail-empty', '-o', 'value'],
      5,
      'error: the answer is empty\n',
    ],
    [
      'a server that gave up',
      ['late'],
      124,
      'error: the server gave up: query timed out in expression evaluation\n',
    ],
    [
      'a silent server',
      ['slow', '--timeout', '300ms'],
      124,
      'error: no end after 300ms\nhint: allow more time with --timeout\n',
    ],
    [
      'a time that is none',
      ['up', '--at', 'noon'],
      2,
      'error: --at noon: not a time\n' +
        'hint: write it as now-1h, 2026-01-31T08:00:00Z or in seconds since 1970\n',
    ],
    [
      'a step without a range',
      ['up', '--step', '5s'],
      2,
      'error: --step needs a range: --since, or --from and --to\nhint: mon help query\n',
    ],
    [
      'a zone that is none',
      ['up', '--tz', 'Mars/North'],
      2,
      'error: --tz Mars/North: no such time zone\n' +
        'hint: write utc, local or a name such as Europe/Berlin\n',
    ],
    [
      'an unknown flag',
      ['up', '--stp', '5s'],
      2,
      'error: unknown flag: --stp\nhint: did you mean --step? See mon help query\n',
    ],
    [
      'an unknown form',
      ['up', '-o', 'xml'],
      2,
      'error: expected --output=xml to be one of: table, json, jsonl, csv, yaml, prom, value\n' +
        'hint: mon help query\n',
    ],
  ];
  for (const [name, args, code, stderr] of cases) {
    it(name, async () => {
      assert.deepEqual(await query(args), { stdout: '', stderr, code });
    });
  }

  it('answers that no Prometheus gives', async () => {
    for (const text of ['broken', 'gone']) {
      const { stderr, code } = await query([text]);
      assert.match(stderr, /^error: no Prometheus API at http:.*\nhint: check --url.*\n$/);
      assert.equal(code, 1);
    }
  });

  it('a server that is down', async () => {
    const place = `127.0.0.1:${await freePort()}`;
    const url = `http://${place}`;
    assert.deepEqual(await runCli(['query', 'up', '--url', url]), {
      stdout: '',
      stderr:
        `error: cannot reach ${url}: connection refused\n` +
        `hint: nothing listens there: check --url, or start one with mon up --listen ${place}\n`,
      code: 1,
    });
    const byEnvironment = await runCli(['query', 'up'], { env: { MON_URL: url } });
    assert.match(byEnvironment.stderr, /^hint: nothing listens there: check MON_URL, or start/m);
    const elsewhere = await runCli(['query', 'up', '--url', `${url}/prometheus`]);
    assert.match(elsewhere.stderr, /^hint: check --url, or choose another server with --context$/m);
  });

  it('a server that wants a token, and gets it', async () => {
    const barred = await startFake({ token: 'sesame' });
    const env = { MON_URL: barred.url };
    assert.deepEqual(await runCli(['query', 'up'], { env }), {
      stdout: '',
      stderr:
        `error: ${barred.url} refuses access: a bearer token is needed\n` +
        'hint: give a token with --token-file FILE or MON_TOKEN_FILE\n',
      code: 4,
    });
    const file = join(freshHome(), 'token');
    writeFileSync(file, 'sesame\n');
    const flag = await runCli(['query', 'up', '-o', 'value', '--token-file', file], { env });
    assert.equal(flag.stdout, '1\n0\n');
    const set = await runCli(['query', 'up', '-o', 'value'], {
      env: { ...env, MON_TOKEN_FILE: file },
    });
    assert.equal(set.stdout, '1\n0\n');
    writeFileSync(file, 'open\nsesame\n');
    const two = await runCli(['query', 'up', '--token-file', file], { env });
    assert.match(two.stderr, /holds more than one word/);
    assert.equal(two.code, 2);
    await barred.close();
  });
});

describe('streams', () => {
  it('a reader that leaves early is no failure', async () => {
    const line = 'set -o pipefail; mon query many -o value | head -1';
    const env = { MON_URL: fake.url };
    assert.deepEqual(await runShell(line, { env }), { stdout: '0\n', stderr: '', code: 0 });
    const both = await runShell('mon help query 2>&1 | true; echo "${PIPESTATUS[0]}"', { env });
    assert.deepEqual(both, { stdout: '0\n', stderr: '', code: 0 });
  });

  it('colour is asked of each stream by itself', async () => {
    const plain = await query(['up']);
    assert.equal(plain.stdout.includes('\u001b'), false);
    for (const [args, env, colored] of [
      [[], { FORCE_COLOR: '1' }, true],
      [[], { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
      [[], { FORCE_COLOR: '1', NO_COLOR: '' }, true],
      [['--color', 'always'], { NO_COLOR: '1' }, true],
      [['--color', 'never'], { FORCE_COLOR: '1' }, false],
      [[], { CLICOLOR_FORCE: '1' }, true],
    ] as const) {
      const { stdout } = await query(['up', ...args], { env });
      assert.equal(stdout.includes('\u001b[1m'), colored, JSON.stringify([args, env]));
      const bad = await query(['rat(up)', ...args], { env });
      assert.equal(bad.stderr.includes('\u001b[31m'), colored, JSON.stringify([args, env]));
    }
  });
});
