// `mon query` for scripts and for histograms: --assert, --stats, stdin, and native histograms in
// every form of output. Whole stdout, stderr and exit codes against a server with fixed answers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startFake } from '../support/fake-prometheus.ts';
import type { FakePrometheus } from '../support/fake-prometheus.ts';
import { runCli } from '../support/run-cli.ts';
import type { CliOptions } from '../support/run-cli.ts';

let fake: FakePrometheus;
before(async () => {
  fake = await startFake();
});
after(async () => await fake.close());

async function query(args: readonly string[], options: CliOptions = {}) {
  const env = { MON_URL: fake.url, ...options.env };
  return await runCli(['query', ...args], { ...options, env });
}

const UP = '1\n0\n';

describe('--assert', () => {
  const failedB = 'assert failed: up{instance="b:9100",job="node"} is 0, not ';
  const cases: readonly (readonly [args: readonly string[], stderr: string, code: number])[] = [
    [['up', '--assert', '< 2'], '', 0],
    [['up', '--assert', '>= 0'], '', 0],
    [['up', '--assert', '> 0.5'], `${failedB}> 0.5\n`, 3],
    [['up', '--assert', '==1'], `${failedB}== 1\n`, 3],
    [['up', '--assert', '!= 0'], `${failedB}!= 0\n`, 3],
    [['1+1', '--assert', '< 2'], 'assert failed: the value is 2, not < 2\n', 3],
    [['1+1', '--assert', '<= 2'], '', 0],
    [['empty', '--assert', '< 2'], 'assert failed: there is no sample to be < 2\n', 3],
    [['empty', '--assert', '< 2', '--empty-ok'], '', 0],
    [['histogram', '--assert', '> 0'], 'assert failed: h is a histogram, not > 0\n', 3],
  ];
  for (const [args, stderr, code] of cases) {
    it(args.join(' '), async () => {
      const { stderr: said, code: ended } = await query(['-o', 'value', ...args]);
      assert.deepEqual([said, ended], [stderr, code]);
    });
  }

  it('NaN passes nothing but !=', async () => {
    const { stderr, code } = await query(['odd', '-o', 'value', '--assert', '> -1e999']);
    assert.equal(code, 3);
    assert.match(stderr, /^assert failed: \{k="nan"\} is NaN, not > -1e999\n/);
    const other = await query(['odd', '-o', 'value', '--assert', '!= 5']);
    assert.deepEqual([other.stderr, other.code], ['', 0]);
  });

  it('prints the data all the same, and at most 20 samples that fail', async () => {
    const some = await query(['up', '-o', 'value', '--assert', '> 5']);
    assert.equal(some.stdout, UP);
    const many = await query(['many', '-o', 'value', '--assert', '< 0']);
    assert.equal(many.stderr.split('\n').length, 22);
    assert.match(many.stderr, /assert failed: and 19980 more\n$/);
    assert.equal(many.code, 3);
  });

  it('says what it cannot compare', async () => {
    for (const [args, words] of [
      [['up', '--assert', 'less'], /^error: --assert "less" is no comparison\nhint: write a /],
      [['up', '--assert', '< x'], /^error: --assert "< x" is no comparison\n/],
      [['up', '--assert', '< 1', '--since', '1h'], /^error: --assert compares the samples of one/],
      [['up', '--assert', '< 1', '--watch'], /^error: --assert compares the samples of one/],
      [['up', '--empty-ok'], /^error: --empty-ok belongs to --assert\n/],
      [['"s"', '--assert', '< 1'], /^error: --assert compares numbers, and the answer is a string/],
    ] as const) {
      const { stderr, code } = await query(args);
      assert.match(stderr, words);
      assert.equal(code, 2);
    }
  });
});

describe('--stats', () => {
  it('is a line on stderr', async () => {
    const { stdout, stderr, code } = await query(['counted', '--stats', '-o', 'value']);
    assert.deepEqual([stdout, code], ['', 0]);
    const words = /^stats: 2 series, 12 samples, 100 bytes, 250 ms in the server, [\d.]+ ms in all/;
    assert.match(stderr, words);
    assert.match(stderr, /, cache hit\n$/);
    assert.ok(fake.requests.some(({ params }) => params.get('stats') === 'all'));
  });

  it('stands in a document', async () => {
    const { stdout, stderr } = await query(['counted', '--stats', '-o', 'json']);
    const { stats } = JSON.parse(stdout) as { stats: Record<string, unknown> };
    assert.equal(stderr, '');
    const { totalMs, ...rest } = stats;
    assert.equal(typeof totalMs, 'number');
    assert.deepEqual(rest, { series: 2, samples: 12, bytes: 100, serverMs: 250, cache: 'hit' });
  });

  it('leaves out what a server does not tell, and is not asked for without the flag', async () => {
    const { stderr } = await query(['up', '--stats', '-o', 'value']);
    assert.match(stderr, /^stats: [\d.]+ ms in all\n$/);
    await query(['up', '-o', 'value']);
    assert.equal(fake.requests.at(-1)?.params.get('stats'), null);
  });
});

describe('native histograms', () => {
  const text = '{count:4, sum:18.4, [-0.001,0.001]:1, (0.5,1]:3}';
  it('as a table, bare and as CSV', async () => {
    const table = await query(['histogram']);
    const gap = ' '.repeat(text.length - 'VALUE'.length);
    assert.equal(table.stdout, `SERIES  ${gap}VALUE\nh       ${text}\n`);
    assert.deepEqual([table.stderr, table.code], ['', 0]);
    assert.equal((await query(['histogram', '-o', 'value'])).stdout, `${text}\n`);
    const csv = `time,__name__,value\n2023-11-14T22:13:20.000Z,h,"${text}"\n`;
    assert.equal((await query(['histogram', '-o', 'csv'])).stdout, csv);
  });

  it('as JSON, with the rules of the API', async () => {
    const { stdout } = await query(['histogram', '-o', 'jsonl']);
    assert.deepEqual(JSON.parse(stdout), {
      time: '2023-11-14T22:13:20.000Z',
      labels: { __name__: 'h' },
      histogram: {
        count: 4,
        sum: 18.4,
        buckets: [
          [3, -0.001, 0.001, 1],
          [0, 0.5, 1, 3],
        ],
      },
    });
  });

  it('as exposition text: classic buckets that count from below', async () => {
    const { stdout } = await query(['histogram', '-o', 'prom']);
    const lines = [
      'h_bucket{le="0.001"} 1 1700000000000',
      'h_bucket{le="1"} 4 1700000000000',
      'h_bucket{le="+Inf"} 4 1700000000000',
      'h_sum 18.4 1700000000000',
      'h_count 4 1700000000000',
    ];
    assert.equal(stdout, `${lines.join('\n')}\n`);
  });

  it('beside floats in a range, in the order of time', async () => {
    const { stdout } = await query(['histogram[1m]', '-o', 'value']);
    assert.equal(stdout, `${text}\n2\n`);
    const json = JSON.parse((await query(['histogram[1m]', '-o', 'json'])).stdout);
    assert.deepEqual(json.result[0].values, [['2023-11-14T22:13:20.000Z', 2]]);
    assert.equal(json.result[0].histograms[0][0], '2023-11-14T22:13:10.000Z');
  });
});

describe('stdin', () => {
  it('is the query where none is given and no terminal is there', async () => {
    const { stdout, stderr, code } = await query(['-o', 'value'], { input: 'up\n' });
    assert.deepEqual([stdout, stderr, code], [UP, '', 0]);
  });

  it('without a word in it is a mistake', async () => {
    const { stdout, stderr, code } = await query([], { input: ' \n' });
    const words = 'error: no query given\nhint: mon query EXPR, or mon query -f FILE\n';
    assert.deepEqual([stdout, stderr, code], ['', words, 2]);
  });
});

describe('an empty answer to a metric that the server does not know', () => {
  const hint = 'hint: no metric "node_cpu_total"; did you mean "node_cpu_seconds_total"?\n';

  it('names the nearest on stderr, whatever the form', async () => {
    for (const form of ['table', 'json', 'jsonl', 'csv', 'yaml', 'prom', 'value']) {
      const args = ['rate(node_cpu_total[5m])', '-o', form];
      const { stdout, stderr, code } = await query(args);
      assert.deepEqual([stderr, code], [hint, 0], form);
      assert.equal(stdout.includes('seconds'), false, form);
    }
  });

  it('is the hint of a failure where an answer was demanded', async () => {
    const { stderr, code } = await query(['node_cpu_total', '--fail-empty', '-o', 'value']);
    assert.deepEqual([stderr, code], [`error: the answer is empty\n${hint}`, 5]);
  });

  it('says nothing where the metric is known, or there is an answer', async () => {
    for (const text of ['empty', 'empty > 3', '{job="no"}', 'up']) {
      const { stderr } = await query([text, '-o', 'value']);
      assert.equal(stderr, '', text);
    }
  });

  it('has nothing near to offer', async () => {
    const { stderr, code } = await query(['quite_other', '-o', 'value']);
    assert.deepEqual([stderr, code], ['hint: no metric "quite_other"\n', 0]);
  });
});
