// A replay of rules over what has grown old: sealed blocks, and objects of the cold tier; what it
// records there is found again, rolled up, and read by rules of stored columns. Easy to get wrong:
// what was recorded before lies in a block or an object by then, and must not count twice.
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeFile } from 'node:fs/promises';
import { runCli } from '../support/run-cli.ts';
import { until } from '../support/until.ts';
import { FormWorld } from './form-world.ts';
import type { Form } from './form-world.ts';
import { MonFolder, numberOf, writeSamples } from './mon-folder.ts';
import { ruleReplay } from './rule-replay.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const SEALED = ', seal_interval: 500ms';
const TIERS = `${SEALED}, tiers: {store: cold, cold_after: 2h}`;
const WAIT_MS = 120_000;
const FORMS: readonly Form[] = ['one process', 'a cluster'];

interface Block {
  readonly minTime: number;
  readonly maxTime: number;
  readonly stats: { readonly numSamples: number };
}

async function blocks({ url }: FormWorld): Promise<Block[]> {
  const answer = await fetch(`${url}/api/v1/status/tsdb/blocks`);
  return ((await answer.json()) as { data: { blocks: Block[] } }).data.blocks;
}

/** Samples of the span that lie in blocks. */
async function sealed(world: FormWorld, [from, to]: [number, number]): Promise<number> {
  const all = (await blocks(world)).filter(
    ({ minTime, maxTime }) => minTime <= to && maxTime >= from,
  );
  return all.reduce((sum, { stats }) => sum + stats.numSamples, 0);
}

/** Objects of all zones. */
function objects(folder: string): number {
  if (!existsSync(folder)) return 0;
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return all.filter((name) => name.endsWith('.parquet')).length;
}

for (const form of FORMS) {
  test(`${form}: rules are computed anew over blocks`, async () => {
    await ruleReplay(
      { form },
      {
        hours: 8,
        config: SEALED,
        settled: async (world, span) => {
          const seen = async (): Promise<string> => JSON.stringify(await blocks(world));
          const there = async (): Promise<boolean> => (await sealed(world, span)) >= 242;
          await until('the samples lie in blocks', there, { ms: WAIT_MS, seen });
        },
      },
    );
  });

  test(`${form}: rules are computed anew over objects`, async () => {
    await ruleReplay(
      { form },
      {
        // Samples go when the day that they lie in has been rolled up.
        hours: 30,
        config: TIERS,
        settled: async (world, span) => {
          const gone = async (): Promise<boolean> =>
            objects(join(world.folder.path, 'cold')) > 0 && (await sealed(world, span)) === 0;
          await until('the samples lie in objects', gone, { ms: WAIT_MS });
        },
      },
    );
  });
}

const RULES = `groups:
- name: columns
  interval: 15s
  rules:
  - {record: 'load:most', expr: 'max by (job) (load{__rollup__="5m:max"})'}
  - {record: 'load:copy', expr: 'load{__rollup__="5m:count"}'}
  - {record: 'load:none', expr: 'load{__rollup__="7m:max"}'}
`;

test('rules read stored columns, and what they record is rolled up', async () => {
  const folder = await MonFolder.make();
  const path = join(folder.path, 'rules.yml');
  await writeFile(path, RULES);
  const config = `default_rules: false${SEALED}`;
  const world = await FormWorld.start({ form: 'one process', config, args: ['--rules', path] });
  try {
    const { url } = world;
    const begin = Math.floor(Date.now() / HOUR) * HOUR - 8 * HOUR;
    const samples = Array.from({ length: 121 }, (_, i) => ({
      timestamp: begin + i * 30_000,
      value: (i * 7) % 61,
    }));
    const labels = { __name__: 'load', job: 'web' };
    assert.equal((await writeSamples(url, [{ labels, samples }])).status, 204);
    const end = begin + HOUR;
    const folded = (metric: string, column: string) =>
      `sum_over_time(${metric}{__rollup__="5m:${column}"}[1h])`;
    const count = (metric: string) => () => numberOf(url, folded(metric, 'count'), end);
    const rolled = async (metric: string, want: number): Promise<void> => {
      const seen = count(metric);
      await until(`${metric} is rolled up`, async () => (await seen()) === want, { seen });
    };
    await rolled('load', 120);
    const from = new Date(begin).toISOString();
    const asked = ['replay', '--group', 'alert', '--from', from, '--url', url];
    const { code, stderr } = await runCli(asked);
    assert.equal(code, 0, stderr);
    for (const minute of [10, 17, 45, 60]) {
      const at = begin + minute * MINUTE;
      const column = (name: string) => numberOf(url, `load{__rollup__="5m:${name}"}`, at);
      assert.equal(await numberOf(url, 'load:most{job="web"}', at), await column('max'));
      assert.equal(await numberOf(url, 'load:copy{job="web"}', at), await column('count'));
    }
    // Its first window ends with the first sample, so there is one from the first step on.
    await rolled('load:most', HOUR / 15_000);
    const most = samples.slice(1).reduce((all, { value }) => Math.max(all, value), 0);
    assert.equal(await numberOf(url, `max_over_time(load:most[1h])`, end), most);
    const told = await (await fetch(`${url}/api/v1/rules`)).text();
    assert.match(told, /no stored column \\"7m:max\\"/);
  } finally {
    await world.remove();
    await folder.remove();
  }
});
