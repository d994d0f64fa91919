// Names, values and series as mon and a Prometheus 3 list them, for generated matchers over the
// series at the edges. Easy to get wrong: Prometheus answers of its head whatever the range, so
// ranges that hold everything are asked for, and a limit chooses among equals.
import { isDeepStrictEqual } from 'node:util';
import { MODERN } from './differential-modern.ts';
import { oddSelector, wrong } from './differential-edge-texts.ts';
import { Dice } from './differential-words.ts';
import { runOver } from './differential.ts';
import type { Subject } from './differential.ts';

const SELECTORS = [
  ...[
    'level',
    'flappy{job="api"}',
    '{job=~"a.*"}',
    '{job!="", instance="a:1"}',
    'nosuch',
    '{on="2"}',
  ],
  ...[
    '{__name__=~"l.*|w.+"}',
    '{__name__!~"l.*", job!=""}',
    'words{by!~"2"}',
    'rough_bucket{le="1"}',
  ],
  ...[
    'twice{replica=~"x|y", nosuch=""}',
    '{tag=~".+"}',
    'level[5m]',
    'sum(level)',
    'level offset 5m',
  ],
];
const NAMES = ['job', '__name__', 'le', 'tag', 'on', 'nosuch', 'a-b', 'U__a_2e_b', '__a', '1a'];

/** A path with its parameters; all of it may be refused. */
function nextPath(dice: Dice, baseMs: number): string {
  const params = new URLSearchParams();
  const matchers = dice.below(3);
  for (let i = 0; i < matchers; i++) {
    const odd = dice.chance(0.3) ? oddSelector(dice) : dice.one(SELECTORS);
    // A name that is set twice is refused in queries, and here only by mon.
    const broken = dice.chance(0.05) ? wrong(dice) : '__name__';
    params.append('match[]', /__name__|\{"a"/.test(broken) ? odd : broken);
  }
  if (dice.chance(0.5)) {
    params.set('start', String(baseMs / 1000 - 60));
    params.set('end', new Date(baseMs + 90 * 60_000).toISOString());
  }
  if (dice.chance(0.1)) params.set(dice.one(['start', 'end', 'limit']), dice.one(['x', '-1', '']));
  const name = encodeURIComponent(dice.one(NAMES));
  const path = dice.one(['labels', `label/${name}/values`, `label/${name}/values`, 'series']);
  return `/api/v1/${path}?${params.toString()}`;
}

interface Told {
  readonly status: string;
  readonly errorType?: string;
  readonly data?: readonly unknown[];
}

/** The answer without the order of series, which nobody promises. */
async function told(url: string): Promise<unknown> {
  const answer = await fetch(url);
  const text = await answer.text();
  if (!text.startsWith('{')) return [answer.status, text.slice(0, 40)];
  const { status, errorType, data } = JSON.parse(text) as Told;
  if (status !== 'success') return [answer.status, errorType];
  const names = (data ?? []).every((one) => typeof one === 'string');
  const keys = (one: unknown): string =>
    JSON.stringify(Object.entries(one as Record<string, string>).toSorted());
  return names ? data : (data ?? []).map(keys).toSorted();
}

/** Lists that the two tell differently. */
export async function runCatalog(
  seed: number,
  count: number,
  subject: Subject = MODERN,
): Promise<string[]> {
  const dice = new Dice(seed);
  return await runOver(seed, subject, async (urls, baseMs) => {
    const found: string[] = [];
    for (let i = 0; i < count; i++) {
      const path = nextPath(dice, baseMs);
      const [own, other] = await Promise.all(urls.map((url) => told(url + path)));
      if (isDeepStrictEqual(own, other)) continue;
      const [left, right] = [own, other].map((side) => JSON.stringify(side));
      found.push(`${decodeURIComponent(path)}\n  mon        ${left}\n  Prometheus ${right}`);
    }
    return found;
  });
}
