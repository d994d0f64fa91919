// The series that generated queries are asked over: counters with resets, gauges with gaps and
// stale markers, a classic histogram, an info series, values that are no numbers. Sample times
// are never on a whole second, so that no window or lookback begins or ends at a sample:
// Prometheus 2.42 closes ranges on both sides, later ones leave the left end open.
import { NEAR } from './differential-words.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import type { Layout } from './differential-words.ts';
import type { Random } from '../../src/engine/runtime/random.ts';
import type { WriteSample, WriteSeries } from '../support/write-request.ts';

/** The stale marker. */
export const STALE_BITS = 0x7ff0000000000002n;

const JOBS = ['api', 'web', 'db'];
const INSTANCES = ['a:1', 'b:1'];
const BOUNDS = ['0.1', '0.5', '1', '2.5', '+Inf'];

/** A series that a generator asks for. */
export interface Made {
  readonly labels: Record<string, string>;
  /** The value of a step, nothing for a gap, or the stale marker. */
  readonly value: (step: number) => number | 'stale' | undefined;
  /** Its samples stand on whole steps. */
  readonly onTime?: boolean;
}

function counter(random: Random, steps: number, labels: Record<string, string>): Made {
  const values: number[] = [];
  let value = 1000 + Math.floor(random() * 1000);
  for (let i = 0; i < steps; i++) {
    if (random() < 0.02) value = 500 + Math.floor(random() * 100);
    value += random() < 0.3 ? 0 : random() * 9;
    values.push(value);
  }
  return { labels, value: (step) => values[step] };
}

function gauge(random: Random, steps: number, labels: Record<string, string>): Made {
  const values: (number | 'stale' | undefined)[] = [];
  let value = (random() - 0.3) * 100;
  let gap = 0;
  for (let i = 0; i < steps; i++) {
    value += (random() - 0.5) * 5;
    if (gap > 0) {
      gap--;
      values.push(undefined);
      continue;
    }
    const dice = random();
    if (dice < 0.01) gap = 2 + Math.floor(random() * 50);
    values.push(dice < 0.005 ? 'stale' : value);
  }
  return { labels, value: (step) => values[step] };
}

function buckets(random: Random, steps: number, labels: Record<string, string>): Made[] {
  const rows = BOUNDS.map((): number[] => []);
  const counts = BOUNDS.map(() => 200 + Math.floor(random() * 50));
  for (let i = 0; i < steps; i++) {
    let total = 0;
    counts.forEach((count, b) => {
      counts[b] = count + Math.floor(random() * 5);
      total += counts[b];
      rows[b].push(total);
    });
  }
  const of = (name: string, more: Record<string, string>, row: number[]): Made => ({
    labels: { ...labels, ...more, __name__: name },
    value: (step) => row[step],
  });
  const sum = rows[0].map((value) => value * 1.37);
  return [
    ...BOUNDS.map((le, b) => of('latency_seconds_bucket', { le }, rows[b])),
    of('latency_seconds_count', {}, rows[rows.length - 1]),
    of('latency_seconds_sum', {}, sum),
  ];
}

function madeSeries(random: Random, steps: number): Made[] {
  const out: Made[] = [];
  for (const job of JOBS) {
    for (const instance of INSTANCES) {
      for (const code of ['200', '500']) {
        out.push(counter(random, steps, { __name__: 'requests_total', job, instance, code }));
      }
      out.push(gauge(random, steps, { __name__: 'temperature', job, instance }));
      out.push(gauge(random, steps, { __name__: 'pressure', job, instance, unit: 'bar' }));
      out.push(...buckets(random, steps, { job, instance }));
      const version = `v${out.length}`;
      const labels = { __name__: 'build_info', job, instance, version };
      out.push({ labels, value: () => 1 });
    }
    const odd = { __name__: 'odd', job };
    const cycle = [1.5, NaN, Infinity, -Infinity, 0, -0, 1e300, -2.5];
    const shift = out.length;
    out.push({ labels: odd, value: (step) => cycle[(step + shift) % cycle.length] });
  }
  return out;
}

/** Requests in the order of time, from `baseMs` on; the same seed makes the same samples. */
export function dataOf(seed: number, baseMs: number, layout: Layout = NEAR): WriteSeries[][] {
  const random = seededRandom(seed);
  return requestsOf(random, baseMs, layout, madeSeries(random, layout.steps));
}

/** Never a whole second. */
function lateMs(random: Random): number {
  return 100 + Math.floor(random() * 800);
}

/** The samples of series, each some seconds behind the whole ones, twenty steps a request. */
export function requestsOf(
  random: Random,
  baseMs: number,
  { steps, stepMs }: Layout,
  made: readonly Made[],
): WriteSeries[][] {
  const series = made.map((one) => ({
    ...one,
    lateMs: one.onTime === true ? 0 : 1000 * Math.floor(random() * 5) + lateMs(random),
  }));
  const out: WriteSeries[][] = [];
  for (let from = 0; from < steps; from += 20) {
    out.push(
      series.flatMap(({ labels, value, lateMs }) => {
        const samples: WriteSample[] = [];
        for (let step = from; step < Math.min(steps, from + 20); step++) {
          const timestamp = baseMs + step * stepMs + lateMs;
          const now = value(step);
          if (now === 'stale') samples.push({ timestamp, value: NaN, bits: STALE_BITS });
          else if (now !== undefined) samples.push({ timestamp, value: now });
        }
        return samples.length === 0 ? [] : [{ labels, samples }];
      }),
    );
  }
  return out;
}
