// The series that queries at the edges are asked over: values that are huge, tiny or no numbers,
// series that come and go, plateaus, labels whose names are words of the language and whose values
// are not letters, one side of a matching that is there twice, buckets that are not in order.
import { requestsOf } from './differential-data.ts';
import { NEAR } from './differential-words.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import type { Made } from './differential-data.ts';
import type { Layout } from './differential-words.ts';
import type { Random } from '../../src/engine/runtime/random.ts';
import type { WriteSeries } from '../support/write-request.ts';

const JOBS = ['api', 'web', 'db'];
const INSTANCES = ['a:1', 'b:1'];
/** The slots that a matching has on its many side. */
const SLOTS = ['0', '1', '2'];
const NO_NUMBERS = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 2.5, 1e16, -1e-16];
const HUGE = [1e300, 1.7e308, 8e307, 5e299, 1e308];
const TINY = [5e-324, 1e-310, 2.3e-308, 0, 1e-300, -1e-310];
/** Values for labels that mean something in patterns, replacements and strings. */
export const TAGS = [
  'a.b',
  '$1',
  '${x}',
  'é',
  '日本',
  'a"b',
  "it's",
  'back\\slash',
  'UP',
  'up',
  ' ',
];
/** Seconds that calendars have trouble with. */
const MOMENTS = [
  ...[0, -1, 951_782_399, 951_868_800, 1_709_164_800, 4_107_542_400, -62_135_596_800],
  ...[253_402_300_799, 1_700_000_000.999, -86_400.5, 68_256_000, 1e11],
];

type Values = (number | 'stale' | undefined)[];

/** Comes and goes: a few samples, often an end, a pause. */
function flappy(random: Random, steps: number): Values {
  const out: Values = [];
  while (out.length < steps) {
    const here = 1 + Math.floor(random() * 40);
    for (let i = 0; i < here; i++) out.push(Math.floor(random() * 2000) / 8);
    if (random() < 0.6) out.push('stale');
    const away = Math.floor(random() * (random() < 0.3 ? 60 : 6));
    for (let i = 0; i < away; i++) out.push(undefined);
  }
  return out.slice(0, steps);
}

/** Small whole numbers that stay for a while. */
function plateaus(random: Random, steps: number): Values {
  const out: Values = [];
  while (out.length < steps) {
    const value = Math.floor(random() * 9) - 4;
    for (let i = 1 + Math.floor(random() * 30); i > 0; i--) out.push(value);
  }
  return out.slice(0, steps);
}

/** A wandering value that no two series share. */
function wandering(random: Random, steps: number): Values {
  let value = (random() - 0.5) * 1000;
  return Array.from({ length: steps }, () => (value += (random() - 0.5) * 10));
}

/** Never pauses, falls often, and never to near zero. */
function counter(random: Random, steps: number): Values {
  let value = 5000;
  return Array.from({ length: steps }, () => {
    if (random() < 0.05) value = 3000 + Math.floor(random() * 1000);
    return (value += Math.floor(random() * 20));
  });
}

function picked(random: Random, steps: number, from: readonly number[]): Values {
  return Array.from({ length: steps }, () => from[Math.floor(random() * from.length)]);
}

/** Buckets that fall where they should rise, spell a bound twice, or lack the last. */
function roughBuckets(random: Random, steps: number, job: string): Made[] {
  const bounds = { api: ['0.1', '1', '1.0', '10', '+Inf'], web: ['0.1', '1', '10'] }[job];
  const all = bounds ?? ['-2', '-1', '0', '1e1', 'oops', '+Inf'];
  return all.map((le, b) => {
    const base = 4000 + 500 * b - (b === 2 ? 900 : 0);
    const values = counter(random, steps).map((v) => (v as number) + base);
    return { labels: { __name__: 'rough_bucket', job, le }, value: (step) => values[step] };
  });
}

/** All of them, `steps` values each. */
export function edgeSeries(random: Random, steps: number): Made[] {
  const out: Made[] = [];
  const add = (name: string, labels: Record<string, string>, values: Values): void => {
    out.push({ labels: { __name__: name, ...labels }, value: (step) => values[step] });
  };
  const constant = (value: number): Values => Array.from({ length: steps }, () => value);
  for (const job of JOBS) {
    for (const instance of INSTANCES) {
      const of = { job, instance };
      add('level', of, wandering(random, steps));
      add('flappy', of, flappy(random, steps));
      add('flappy_twin', { ...of, unit: 'bar' }, flappy(random, steps));
      add('plateau', of, plateaus(random, steps));
      add('mixed', of, picked(random, steps, NO_NUMBERS));
      add('ticks_total', of, counter(random, steps));
      for (const slot of SLOTS) add('worker', { ...of, slot }, wandering(random, steps));
      const team: Record<string, string> = job === 'web' ? {} : { team: `t-${job}` };
      add('owner', { ...of, ...team, slot: 'owner' }, plateaus(random, steps));
    }
    add('huge', { job }, picked(random, steps, HUGE));
    add('tiny', { job }, picked(random, steps, TINY));
    out.push(...roughBuckets(random, steps, job));
  }
  for (const replica of ['x', 'y']) add('twice', { job: 'api', replica }, flappy(random, steps));
  MOMENTS.forEach((at, i) => add('moment', { kind: `k${i}` }, constant(at)));
  TAGS.forEach((tag, i) => add('tagged', { tag }, constant(i)));
  add('words', { by: '1', on: '2', bool: '3', offset: '4', sum: '5', nan: '6' }, constant(7));
  add('a:rule:name', { job: 'api' }, plateaus(random, steps));
  return out;
}

/** Requests in the order of time, from `baseMs` on; the same seed makes the same samples. */
export function edgeData(seed: number, baseMs: number, layout: Layout = NEAR): WriteSeries[][] {
  const random = seededRandom(seed);
  return requestsOf(random, baseMs, layout, edgeSeries(random, layout.steps));
}
