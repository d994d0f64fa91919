// The subjects of the differential test whose samples have left the head: three days by the minute
// lie in the head, in blocks on both disks, in Parquet and in rollups, and queries begin and end in
// any of them. Easy to get wrong: what is compared before the samples have moved proves nothing.
import assert from 'node:assert/strict';
import { dataOf } from './differential-data.ts';
import { edgeData } from './differential-edge-data.ts';
import { EDGES } from './differential-edge-subject.ts';
import { EdgeGenerator } from './differential-edges.ts';
import { EXPLAINED } from './differential-explained.ts';
import { Generator } from './differential-queries.ts';
import { modernData } from './differential-modern-data.ts';
import { MODERN, ModernGenerator } from './differential-modern.ts';
import { FAR } from './differential-words.ts';
import { until } from '../support/until.ts';
import type { MonProcess } from '../support/mon-process.ts';
import type { Subject } from './differential.ts';

/** All that may wait has to have been quiet for so long, ms. */
const REST_MS = 5000;
const WAIT_MS = 300_000;

const CONFIG = `mon:
  host_agent: false
  self_scrape: false
  default_rules: false
  seal_interval: 500ms
  checkpoint_interval: 1s
  tiers: {warm_dir: warm, warm_after: 12h, store: cold, cold_after: 30h, archive: raw}
`;

/** The floats of every day, and those at the edges, over all tiers. */
export const FAR_FLOATS: Subject = {
  layout: FAR,
  data: (seed, baseMs) => dataOf(seed, baseMs, FAR),
  queries: (seed, baseMs) => new Generator(seed, baseMs, FAR),
  explained: EXPLAINED,
  config: CONFIG,
  settled,
};

export const FAR_EDGES: Subject = {
  ...FAR_FLOATS,
  data: (seed, baseMs) => edgeData(seed, baseMs, FAR),
  queries: (seed, baseMs) => new EdgeGenerator(seed, baseMs, FAR),
  explained: EDGES.explained,
  killed: true,
};

/** What a Prometheus 3 has, native histograms among it, over all tiers. */
export const FAR_MODERN: Subject = {
  ...MODERN,
  layout: FAR,
  data: (seed, baseMs) => modernData(seed, baseMs, FAR),
  queries: (seed, baseMs) => new ModernGenerator(seed, baseMs, FAR),
  config: CONFIG,
  settled,
};

/** Resolves when there are objects, blocks and rollups, and none of it grows any more. */
async function settled(mon: MonProcess): Promise<void> {
  let [before, since] = ['', 0];
  await until(
    'samples in all tiers',
    async () => {
      const text = await (await fetch(`${mon.url}/metrics`)).text();
      const figure = (name: string): number =>
        Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? NaN);
      const names = ['mon_cold_rows_written_total', 'mon_head_samples', 'mon_rollup_files'];
      const now = names.map(figure).join();
      if (now !== before) [before, since] = [now, performance.now()];
      if (performance.now() - since < REST_MS) return false;
      if (!names.every((name) => figure(name) > 0)) return false;
      return figure('mon_rollup_waiting_hours') === 0;
    },
    { ms: WAIT_MS, seen: () => before },
  );
  assert.ok(
    before.split(',').every((figure) => Number(figure) > 0),
    before,
  );
}
