// Aggregation rules in a running server: what they make can be queried, what is held back is
// not stored, and a SIGKILL in the middle of windows changes no number. Mistakes in a rule are one
// line.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { runCli } from '../support/run-cli.ts';
import { until } from '../support/until.ts';
import { MonFolder } from './mon-folder.ts';

const CONFIG = `mon:
  host_agent: false
  self_scrape: false
  default_rules: false
  aggregate:
    - match: jobs_done
      by: [queue]
      window: 2s
      grace: 1s
      outputs: [count, sum, max, p50]
      type: gauge
      keep: false
    - match: '{__name__="ticks_total"}'
      without: [host]
      window: 2s
      grace: 1s
      outputs: [sum, total]
`;

interface Point {
  readonly labels: Readonly<Record<string, string>>;
  readonly at: number;
  readonly value: number;
}

/** Samples of a selector of the last minute. */
async function samples(url: string, selector: string): Promise<Point[]> {
  const asked = `${url}/api/v1/query?query=${encodeURIComponent(`${selector}[1m]`)}`;
  const answer = (await (await fetch(asked)).json()) as {
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  return answer.data.result.flatMap(({ metric, values }) =>
    values.map(([at, value]) => ({ labels: metric, at, value: Number(value) })),
  );
}

describe('aggregation rules', () => {
  let folder: MonFolder;
  before(async () => {
    folder = await MonFolder.make();
  });
  after(() => folder.remove());

  test('equal a naive computation through a SIGKILL; what is held is not stored', async (t) => {
    if (process.env['MON_TEST_FORM'] === 'cluster') return t.skip('cluster-aggregate.test.ts');
    let mon = await folder.start(CONFIG);
    const sent: { at: number; value: number; queue: string }[] = [];
    const push = async (): Promise<void> => {
      const at = Date.now();
      const lines = ['a', 'b'].map((queue, i) => {
        const value = (at % 97) + i;
        sent.push({ at, value, queue });
        return `jobs_done{queue="${queue}",host="h${i}"} ${value} ${at}`;
      });
      lines.push(`ticks_total{host="h"} ${sent.length} ${at}`, '');
      const answer = await fetch(`${mon.url}/api/v1/push`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body: lines.join('\n'),
      });
      assert.ok(answer.status < 300, `${answer.status} ${await answer.text()}`);
    };
    const first = Date.now();
    for (let i = 0; i < 45; i++) {
      await push();
      if (i === 22) {
        await mon.end('SIGKILL');
        mon = await folder.start(CONFIG);
      }
      await pause(100);
    }
    // Behind the last sample a window may have ended in which nothing is, and none is made of it.
    const last = sent[sent.length - 1].at;
    await until('the last window', async () => {
      const made = await samples(mon.url, 'jobs_done:queue_count');
      return made.some(({ at }) => at * 1000 >= last);
    });
    const stored = await samples(mon.url, 'jobs_done');
    // Before the first whole window after the start nothing was aggregated, but nothing was lost.
    const begun = Math.min(...(await samples(mon.url, 'jobs_done:queue_sum')).map(({ at }) => at));
    const isBefore = ({ at }: { at: number }): boolean => at <= begun * 1000 - 2000;
    assert.equal(stored.length, sent.filter(isBefore).length);
    for (const queue of ['a', 'b']) {
      for (let end = begun * 1000; end <= last; end += 2000) {
        const own = sent
          .filter((one) => one.queue === queue && one.at > end - 2000 && one.at <= end)
          .map(({ value }) => value);
        for (const [output, value] of [
          ['count', own.length],
          ['sum', own.reduce((sum, one) => sum + one, 0)],
          ['max', Math.max(...own)],
        ] as const) {
          const found = await samples(mon.url, `jobs_done:queue_${output}{queue="${queue}"}`);
          const here = found.filter(({ at }) => at * 1000 === end);
          if (own.length === 0) assert.equal(here.length, 0);
          else assert.deepEqual(here, [{ labels: here[0]?.labels, at: end / 1000, value }], output);
        }
      }
    }
    const grown = await samples(mon.url, 'ticks_total:without_host_total');
    const sums = await samples(mon.url, 'ticks_total:without_host_sum');
    assert.equal(
      grown.at(-1)?.value,
      sums.reduce((sum, { value }) => sum + value, 0),
    );
    assert.ok(last - first > 4000);
  });

  for (const [what, rule, words] of [
    ['a misspelt output', 'match: a\n      outputs: [sun]', /"sun" is no output/],
    ['no selector', 'by: [a]', /match is missing/],
    ['a match of everything', `match: '{a=~".*"}'`, /selects no series/],
    ['by and without', 'match: a\n      by: [a]\n      without: [b]', /by or without, not both/],
    ['a name without a colon', 'match: a\n      name: "{metric}_{output}"', /name must hold :/],
    ['a long window', 'match: a\n      window: 1h', /window must be from 1s to 10m/],
    ['two alike', 'match: a\n    - match: a', /rule 1 may write the same series/],
  ] as const) {
    test(`config check names ${what}`, async () => {
      const text = `mon:\n  aggregate:\n    - ${rule}\n`;
      const file = await folder.file('bad.yml', text);
      const { code, stderr } = await runCli(['config', 'check', file]);
      assert.notEqual(code, 0);
      assert.match(stderr, words);
    });
  }

  test('a reload changes rules without a restart', async (t) => {
    if (process.env['MON_TEST_FORM'] === 'cluster') return t.skip('cluster-aggregate.test.ts');
    const own = { host_agent: false, self_scrape: false, default_rules: false };
    const rule = { match: 'later', window: '1s', grace: '1s', outputs: ['count'], keep: false };
    const config = (rules: object[]): string =>
      JSON.stringify({ mon: { ...own, aggregate: rules } });
    const other = await MonFolder.make();
    t.after(() => other.remove());
    const mon = await other.start(config([]), ['--enable-lifecycle']);
    const push = async (): Promise<void> => {
      const headers = { 'Content-Type': 'text/plain' };
      const body = `later{a="b"} 1 ${Date.now()}\n`;
      assert.ok((await fetch(`${mon.url}/api/v1/push`, { method: 'POST', headers, body })).ok);
    };
    await push();
    await other.file('mon.yml', config([rule]));
    const reply = await fetch(`${mon.url}/-/reload`, { method: 'POST' });
    assert.equal(reply.status, 200, await reply.text());
    await until('a window', async () => {
      await push();
      return (await samples(mon.url, 'later:all_count')).length > 2;
    });
    const stored = (await samples(mon.url, 'later')).length;
    await push();
    await push();
    await other.file('mon.yml', config([]));
    assert.equal((await fetch(`${mon.url}/-/reload`, { method: 'POST' })).status, 200);
    assert.equal((await samples(mon.url, 'later')).length, stored, 'what is held is not stored');
    await push();
    assert.equal((await samples(mon.url, 'later')).length, stored + 1);
  });

  test('config show tells rules as they are in force, and reads them again', async () => {
    const file = await folder.file('good.yml', CONFIG);
    const shown = await runCli(['config', 'show', file]);
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /name: "\{metric\}:\{by\}_\{output\}"/);
    const again = await runCli(['config', 'show', await folder.file('2.yml', shown.stdout)]);
    assert.equal(again.stdout, shown.stdout);
  });
});
