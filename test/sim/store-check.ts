// Holds stores and queries against the model: every sample once, with its bits, and nothing else;
// and queries against the slow and obvious evaluator. All of it while nothing is in flight.
import { strict as assert } from 'node:assert';
import type { Matrix, RawSamples } from '../../src/engine/model/fragment.ts';
import { labelsKey, labelValue, NAME } from '../../src/engine/model/labels.ts';
import type { Labels } from '../../src/engine/model/labels.ts';
import type { QueryAnswer } from '../../src/engine/model/query-result.ts';
import type { Ask, SampleBuffer } from '../../src/engine/ports.ts';
import type { Store } from '../../src/engine/store/store.ts';
import { Naive } from '../engine/promql/naive.ts';
import type { NaiveSeries } from '../engine/promql/naive.ts';
import type { Dice } from './dice.ts';
import { checkHistogram } from './latency.ts';
import { STALE_BITS } from './sent.ts';
import type { Model } from './model.ts';
import { numberOf } from './traffic.ts';

const EVERYTHING = [{ name: NAME, op: '!=', value: '' } as const];
const FOREVER_MS = 8e15;
const TOLERANCE = 1e-12;

/** Every sample of every head, stale markers included. */
export function checkStores(model: Model, stores: readonly Store[]): void {
  const seen = new Set<string>();
  const buffer: SampleBuffer = newBuffer();
  for (const store of stores) {
    assert.equal(store.stats().malformedRecords, 0, 'no record is malformed');
    let samples = 0;
    for (const reader of store.readers(-FOREVER_MS, FOREVER_MS)) {
      for (const id of reader.match(EVERYTHING, -FOREVER_MS, FOREVER_MS)) {
        const series = labelsKey(reader.labels(id));
        const count = reader.read(id, -FOREVER_MS, FOREVER_MS, buffer);
        samples += count;
        if (count === 0) continue;
        assert.ok(!seen.has(series), `${series} stands in two heads`);
        seen.add(series);
        checkSeries(model, series, buffer, count);
      }
    }
    const sealed = store.stats().blocks.files > 0;
    if (model.floorMs === -Infinity && !sealed)
      assert.equal(store.stats().samples, samples, 'as counted');
  }
  for (const [series, times] of model.series) {
    if (seen.has(series)) continue;
    for (const t of times.keys()) assert.ok(mayLack(model, series, t), `${series} at ${t} is lost`);
  }
}

function newBuffer(): SampleBuffer {
  const values = new Float64Array(1024);
  return { timestamps: new Float64Array(1024), values, words: new Uint32Array(values.buffer) };
}

function bitsIn({ values }: SampleBuffer): BigUint64Array {
  return new BigUint64Array(values.buffer, values.byteOffset, values.length);
}

function mayLack({ floorMs, deletions }: Model, series: string, t: number): boolean {
  return t < floorMs || deletions.unsure(series, t);
}

function checkSeries(model: Model, series: string, buffer: SampleBuffer, count: number): void {
  const times = model.series.get(series);
  assert.ok(times, `${series} was never sent`);
  const timestamps = buffer.timestamps.subarray(0, count);
  const bits = bitsIn(buffer);
  const bodies = model.bodies.get(series);
  timestamps.forEach((t, i) => {
    assert.ok(i === 0 || t > timestamps[i - 1], `${series}: ${t} stands twice, or out of order`);
    const body = buffer.bodies?.[i];
    if (model.deletions.unsure(series, t)) {
      const text = body && Buffer.from(body).toString('base64');
      assert.ok(
        model.deletions.wasSent({ series, t, bits: bits[i], body: text }),
        `${series} ${t}`,
      );
      return;
    }
    const expected = times.get(t);
    assert.ok(expected !== undefined, `${series} at ${t} was never sent, or is deleted`);
    const words = `${series} at ${t}: 0x${bits[i].toString(16)}, not 0x${expected.toString(16)}`;
    assert.ok(bits[i] === expected, words);
    const histogram = buffer.histograms?.[i];
    checkHistogram(`${series} at ${t}`, { histogram, body }, bodies?.get(t));
  });
  const found = new Set(timestamps);
  for (const t of times.keys()) {
    assert.ok(found.has(t) || mayLack(model, series, t), `${series} at ${t} is lost`);
  }
}

/** The metadata of the first partition's head is the log's. */
export function checkMetadata(model: Model, stores: readonly Store[]): void {
  for (const store of stores) {
    for (const [partition, head] of store.heads) {
      const expected = partition === 0 ? [...model.metadata.values()] : [];
      const byFamily = expected.toSorted((a, b) => (a.family < b.family ? -1 : 1));
      assert.deepEqual(head.metadata(), byFamily, `metadata of partition ${partition}`);
    }
  }
}

const QUERIES = [
  'up',
  'sum by (job) (up)',
  'sum by (zone) (sim_load)',
  'sum by (zone) (rate(sim_requests_total[5m]))',
  'sum by (job) (rate(app_requests_total[2m]))',
  'sum by (job, instance) (increase(app_requests_total[10m]))',
  'sum by (zone) (count_over_time(sim_wild[30m]))',
  'count_over_time(sim_requests_total[20m])',
  'max_over_time(sim_load[7m])',
  'avg_over_time(app_load[3m])',
  'resets(sim_requests_total[15m])',
  'changes(up[5m])',
  'last_over_time(up[10m])',
  'sim_load * 2 + sim_load',
  'app_load offset 1m',
  'min_over_time(sim_load[10m] offset 5m)',
];

/** The model as the evaluator wants it. */
function naiveOf(model: Model): Naive {
  const all: NaiveSeries[] = [];
  for (const [series, times] of model.series) {
    const samples = [...times]
      .filter(([t]) => t >= model.floorMs)
      .map(([t, bits]) => ({ t, v: numberOf(bits), stale: bits === STALE_BITS }));
    all.push({ labels: series.split('\u0000'), samples: samples.toSorted((a, b) => a.t - b.t) });
  }
  return new Naive(all);
}

/** No query above looks further back than this from its first step. */
const REACH_MS = 35 * 60_000;

/** One graph of a dashboard: asked again and again, each time a little later. */
export interface Panel {
  readonly query: string;
  readonly stepMs: number;
  readonly steps: number;
}

export function panelOf(dice: Dice): Panel {
  const stepMs = dice.pick([5_000, 15_000, 60_000]);
  return { query: dice.pick(QUERIES), stepMs, steps: dice.int(1, 20) };
}

export interface QueryWorld {
  readonly model: Model;
  readonly ask: Ask;
  readonly dice: Dice;
  readonly panels: readonly Panel[];
}

/** Some queries, at some time near `nowMs`, as instant and as range queries. */
export async function checkQueries(
  { model, ask, dice, panels }: QueryWorld,
  nowMs: number,
  count: number,
): Promise<void> {
  const naive = naiveOf(model);
  const range = async ({ query, stepMs, steps }: Panel, last: number): Promise<void> => {
    const first = last - steps * stepMs;
    // What retention has taken may live on in a kept result, until that has aged.
    const cache = first - REACH_MS >= model.floorMs ? 'use' : 'skip';
    const answer = await ask.range(query, first, last, stepMs, { cache });
    for (let s = 0; s <= steps; s++) compare(query, naive, first + s * stepMs, rowsOf(answer, s));
  };
  for (const panel of panels) {
    await range(panel, Math.floor(nowMs / panel.stepMs) * panel.stepMs);
  }
  for (let i = 0; i < count; i++) {
    const query = dice.pick(QUERIES);
    const end = nowMs - dice.int(0, 600_000);
    if (dice.chance(0.5)) compare(query, naive, end, rowsOf(await ask.instant(query, end), 0));
    else await range({ query, stepMs: dice.int(1, 60_000), steps: dice.int(0, 5) }, end);
  }
}

function rowsOf({ result, whole }: QueryAnswer, step: number): Map<string, number> {
  assert.ok(whole, 'all sources answered');
  assert.ok(result.type === 'vector' || result.type === 'matrix', `a ${result.type}`);
  const { matrix } = result;
  const rows = new Map<string, number>();
  matrix.labels.forEach((labels, s) => {
    const at = s * matrix.steps + step;
    if (isPresent(matrix, at)) rows.set(labelsKey(labels), matrix.values[at]);
  });
  return rows;
}

function isPresent(matrix: Matrix, at: number): boolean {
  return matrix.present[at] === 1;
}

function compare(query: string, naive: Naive, t: number, found: Map<string, number>): void {
  const expected = naive.at(query, t);
  const where = `${query} at ${t}`;
  const keys = [...found.keys()].toSorted();
  assert.deepEqual(keys, [...expected.keys()].toSorted(), `series of ${where}`);
  for (const [key, { value }] of expected) {
    const got = found.get(key) as number;
    if (Object.is(got, value) || got === value) continue;
    const off = Math.abs(got - value) / Math.max(Math.abs(got), Math.abs(value));
    assert.ok(off <= TOLERANCE, `${where}: ${key}: ${got}, not ${value}`);
  }
}

/** Every sample of a metric, by way of a raw fragment, and their number by count_over_time. */
export async function checkRaw(model: Model, ask: Ask, name: string, nowMs: number): Promise<void> {
  const span = Math.ceil(nowMs / 1000);
  const selector = `{__name__="${name}"}[${span}s]`;
  const end = nowMs + 700_000;
  const { result } = await ask.instant(selector, end);
  assert.equal(result.type, 'samples');
  const raw = (result as { raw: RawSamples }).raw;
  const bits = new BigUint64Array(raw.values.buffer, raw.values.byteOffset, raw.values.length);
  const counts = new Map<string, number>();
  raw.labels.forEach((labels, s) => {
    const series = labelsKey(labels);
    assert.ok(!counts.has(series), `${series} is answered twice`);
    counts.set(series, raw.from[s + 1] - raw.from[s]);
    const times = model.series.get(series) ?? new Map<number, bigint>();
    for (let i = raw.from[s]; i < raw.from[s + 1]; i++) {
      assert.ok(times.get(raw.timestamps[i]) === bits[i], `${series} at ${raw.timestamps[i]}`);
    }
  });
  const answer = await ask.instant(`count_over_time(${selector})`, end);
  const counted = rowsOf(answer, 0);
  for (const [series, times] of model.series) {
    const labels = series.split('\u0000');
    if (labelValue(labels, NAME) !== name) continue;
    const values = [...times].filter(([t, b]) => t >= model.floorMs && b !== STALE_BITS);
    checkCount(series, values.length, counts.get(series), counted.get(labelsKey(bare(labels))));
    counted.delete(labelsKey(bare(labels)));
  }
  if (model.floorMs === -Infinity) assert.deepEqual([...counted.keys()], [], 'nothing else');
}

function checkCount(series: string, sent: number, raw = 0, counted = 0): void {
  assert.equal(counted, raw, `${series}: count_over_time is not what there is`);
  assert.ok(raw >= sent, `${series}: ${sent} samples were acknowledged, ${raw} are there`);
}

function bare(labels: Labels): Labels {
  return labels.filter((_, i) => labels[i - (i % 2)] !== NAME);
}
