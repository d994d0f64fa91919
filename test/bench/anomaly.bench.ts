// How well the detectors do on recorded series with known anomalies (the Numenta Anomaly Benchmark,
// read from the shared data): windows found, and alarms outside of them, a day. An alarm is a step
// that the rule's PromQL answers; alarms within an hour are one.
// usage: node dist/test/bench/anomaly.bench.js
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anomalyExpr } from '../../src/engine/alert/anomaly.ts';
import type { AnomalyMethod } from '../../src/engine/alert/anomaly.ts';
import { check } from '../../src/engine/promql/check.ts';
import { evaluate } from '../../src/engine/promql/evaluate.ts';
import { runFragment } from '../../src/engine/promql/leaf.ts';
import { mergeFragments } from '../../src/engine/promql/merge.ts';
import { parse } from '../../src/engine/promql/parse.ts';
import { plan } from '../../src/engine/promql/plan.ts';
import { MemorySeries } from '../support/memory-series.ts';
import { sharedData } from '../support/project.ts';

const HOUR = 3_600_000;
const STEP = 300_000;
const SETTINGS: readonly (readonly [AnomalyMethod, number, number, number])[] = [
  ['zscore', 24, 24, 3],
  ['zscore', 24, 24, 4],
  ['ewma', 24, 24, 3],
  ['ewma', 24, 24, 4],
  ['seasonal', 1, 24, 3],
  ['seasonal', 1, 168, 3],
];

interface Recording {
  readonly samples: readonly { readonly t: number; readonly v: number }[];
  readonly windows: readonly (readonly [number, number])[];
}

function timeOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T').replace(/\.\d+$/, '')}Z`);
}

function read(folder: string): Recording[] {
  const windows = JSON.parse(readFileSync(join(folder, 'windows.json'), 'utf8')) as Record<
    string,
    [string, string][]
  >;
  return Object.entries(windows).map(([name, list]) => {
    const lines = readFileSync(join(folder, name), 'utf8').trim().split('\n').slice(1);
    const samples = lines.map((line) => {
      const [at, value] = line.split(',');
      return { t: timeOf(at), v: Number(value) };
    });
    return { samples, windows: list.map(([from, to]) => [timeOf(from), timeOf(to)] as const) };
  });
}

async function alarmsOf({ samples }: Recording, expr: string): Promise<number[]> {
  const reader = new MemorySeries();
  reader.add({ __name__: 'x' }, samples);
  const tree = parse(expr);
  check(tree, expr);
  const [start, end] = [samples[0].t, samples[samples.length - 1].t];
  const grid = { start, end: start + Math.floor((end - start) / STEP) * STEP, step: STEP };
  const planned = plan(tree, { source: expr, grid, instant: false });
  const { result } = await evaluate(planned, {
    fragment: async (one) => mergeFragments(one, [runFragment(one, reader)]),
  });
  const out: number[] = [];
  if (result.type !== 'matrix' || result.matrix.labels.length === 0) return out;
  result.matrix.present.forEach((mark, i) => {
    if (mark !== 0) out.push(start + i * STEP);
  });
  return out;
}

const data = sharedData();
if (data === undefined) process.stdout.write('needs shared data\n');
else {
  const recordings = read(join(data, 'nab'));
  const windows = recordings.reduce((sum, one) => sum + one.windows.length, 0);
  process.stdout.write(`${recordings.length} series, ${windows} windows\n`);
  process.stdout.write('method    window  season  sigma  found  false alarms a day\n');
  for (const [method, window, season, threshold] of SETTINGS) {
    const expr = anomalyExpr({
      ...{ query: 'x', method, threshold },
      windowMs: window * HOUR,
      seasonMs: season * HOUR,
    });
    let found = 0;
    let wrong = 0;
    let days = 0;
    for (const one of recordings) {
      const alarms = await alarmsOf(one, expr);
      const inside = (t: number): boolean => one.windows.some(([a, b]) => t >= a && t <= b);
      found += one.windows.filter(([a, b]) => alarms.some((t) => t >= a && t <= b)).length;
      let last = -Infinity;
      for (const t of alarms.filter((at) => !inside(at))) {
        if (t - last > HOUR) wrong++;
        last = t;
      }
      days += (one.samples[one.samples.length - 1].t - one.samples[0].t) / (24 * HOUR);
    }
    const cells = [method.padEnd(9), `${window}h`.padEnd(7), `${season}h`.padEnd(7)];
    const figures = `${String(threshold).padEnd(6)} ${found}/${windows}`.padEnd(14);
    process.stdout.write(`${cells.join(' ')} ${figures} ${(wrong / days).toFixed(2)}\n`);
  }
}
