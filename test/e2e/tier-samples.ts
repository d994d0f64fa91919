// Days of samples for tests of the tiers, and what queries over them answer: the same before and
// after samples become objects, in one process and in a cluster.
import { strict as assert } from 'node:assert';
import { ask } from './peer-answers.ts';

export const DAY = 24 * 3_600_000;
const STEP = 60_000;
export const TIER_CONFIG = `mon:
  host_agent: false
  self_scrape: false
  default_rules: false
  seal_interval: 500ms
  tiers: {store: cold, cold_after: 1d, archive: raw}
`;
/** What is old enough, rows of four series. */
export const ROWS_MIN = 4 * 2 * 1440;
export const start = Math.floor(Date.now() / DAY) * DAY - 4 * DAY;
export const atMs = Date.now();
export const QUERIES = [
  'sum(count_over_time(jobs_total[4d]))',
  'sum by (lane) (increase(jobs_total[4d]))',
  'max_over_time(load[3d]) - min_over_time(load[3d])',
];

/** Three counters and a gauge, a sample a minute from `start` to now. */
export async function pushDays(url: string): Promise<void> {
  const lines: string[] = [];
  for (let time = start + STEP; time <= atMs; time += STEP) {
    const i = (time - start) / STEP;
    for (const lane of ['a', 'b', 'c']) lines.push(`jobs_total{lane="${lane}"} ${i} ${time}`);
    lines.push(`load ${i % 77} ${time}`);
  }
  for (let at = 0; at < lines.length; at += 4000) {
    const body = `${lines.slice(at, at + 4000).join('\n')}\n`;
    const { status } = await fetch(`${url}/api/v1/push`, { method: 'POST', body });
    assert.equal(status, 200);
  }
}

/** Each query at one instant and over a range. */
export async function answersTo(queries: readonly string[], url: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const query of queries) {
    all.push([query, [...(await ask(url, query, { timeMs: atMs }))]]);
    const range = { start, end: start + 4 * DAY, stepMs: 1_234_567 };
    all.push([query, [...(await ask(url, query, range))]]);
  }
  return all;
}
