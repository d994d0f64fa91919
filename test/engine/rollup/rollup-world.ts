// A store with rollups over a bad disk, and the naive model of what their columns must be: windows
// of the samples that the store's own model has, computed sample by sample. So whatever came late,
// twice or after a crash, every window has to be what a fresh computation makes of it.
import { strict as assert } from 'node:assert';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { rawPartition } from '../../../src/engine/daemons/rollup-wiring.ts';
import { labelsKey } from '../../../src/engine/model/labels.ts';
import { RESOLUTIONS } from '../../../src/engine/model/rollup.ts';
import type { RollupColumn } from '../../../src/engine/model/rollup.ts';
import type { ColdTier } from '../../../src/engine/ports-cold.ts';
import { Rollups, RollupSink } from '../../../src/engine/rollup/rollups.ts';
import { makeBuffer } from '../../../src/engine/store/merge-samples.ts';
import { Store } from '../../../src/engine/store/store.ts';
import { HOUR, isHistogram, seriesOf, StoreWorld } from '../store/store-world.ts';

const CHECKED: readonly RollupColumn[] = [
  ...(['count', 'sum', 'min', 'max', 'first', 'last', 'increase'] as const),
];
const STALE = 0x7ff0000000000002n;
const ROLLUP_FOLDER = '/data/rollups';

export class RollupWorld extends StoreWorld {
  rollups!: Rollups;
  cold: ColdTier | undefined;
  /** How much is rolled up at once. */
  readonly runMs = [1, 6, 24][this.below(3)] * HOUR;
  #sink!: RollupSink;

  override async open(): Promise<void> {
    const kernels = new Kernels();
    const { disk } = this;
    const options = { folder: '/data/head', disk, partitions: [0], generation: 1, kernels };
    this.store = await Store.open({ ...options, cacheBytes: 100_000 });
    const { store } = this;
    const partitions = new Map(
      [...store.partitions].map(([number, one]) => [number, rawPartition(store, one)] as const),
    );
    const breathe = (): Promise<void> => Promise.resolve();
    const { runMs } = this;
    const keep = { keepMs: [1e15, 1e15, 1e15, 1e15], sketches: [[]], runMs };
    const more = { folder: ROLLUP_FOLDER, partitions, keep, breathe, cold: this.cold };
    this.rollups = await Rollups.open({ ...options, ...more });
    this.#sink = new RollupSink(store, this.rollups);
    const next = (await this.#sink.resumeAt()).get(0) as number;
    assert.ok(next <= this.log.length, 'nobody knows more than the log');
    await this.replay(next);
    if (this.floorMs > -Infinity) await store.truncateBefore(this.floorMs);
  }

  override async replay(from: number): Promise<void> {
    for (let offset = from; offset < this.log.length; offset++) {
      const one = { partition: 0, offset, bytes: this.log[offset], definitionsOnly: false };
      await this.#sink.apply([one]);
    }
  }

  async checkpoint(): Promise<void> {
    const held = (await this.#sink.checkpoint()).get(0) as number;
    assert.ok(held <= this.log.length);
  }

  async workAll(): Promise<void> {
    let pieces = 0;
    // Hours that have just changed wait until they rest.
    for (let idle = 0; idle < 2; idle++) {
      while (await this.rollups.work(this.nowMs)) {
        idle = 0;
        assert.ok(pieces++ < 10_000, 'work ends');
      }
    }
  }

  /** Compares all columns of all windows; answers how many cells there were. */
  checkRows(): number {
    let cells = 0;
    for (const { ms } of RESOLUTIONS) {
      for (const column of CHECKED) cells += this.#checkColumn(ms, column);
    }
    return cells;
  }

  #checkColumn(resolutionMs: number, column: RollupColumn): number {
    const asked = { resolutionMs, column, prefer: 'rows', aligned: true } as const;
    const [reader] = this.rollups.readers(asked, 0, this.nowMs + 1e9);
    const found = new Map<string, Map<number, number>>();
    const into = makeBuffer();
    for (const id of reader.match([], 0, this.nowMs + 1e9)) {
      const labels = reader.labels(id);
      const key = labelsKey(labels.filter((_, i) => !labels[i - (i % 2)].startsWith('__rollup')));
      const cells = new Map<number, number>();
      const count = reader.read(id, 0, this.nowMs + 1e9, into);
      for (let i = 0; i < count; i++) cells.set(into.timestamps[i], into.values[i]);
      if (count > 0) found.set(key, cells);
    }
    let many = 0;
    for (const [key, times] of this.model) {
      const wanted = naive(key, times, resolutionMs, column);
      many += wanted.size;
      const got = found.get(key) ?? new Map<number, number>();
      found.delete(key);
      const where = `${column} of ${key} at ${resolutionMs}`;
      assert.deepEqual([...got.keys()], [...wanted.keys()], `windows: ${where}`);
      for (const [end, value] of wanted) close(got.get(end) as number, value, `${where} ${end}`);
    }
    assert.deepEqual([...found.keys()], [], 'nothing that was never written');
    return many;
  }
}

function close(got: number, wanted: number, where: string): void {
  if (Object.is(got, wanted) || got === wanted) return;
  const size = Math.max(Math.abs(got), Math.abs(wanted), 1e-300);
  assert.ok(Math.abs(got - wanted) / size < 1e-12, `${where}: ${got}, not ${wanted}`);
}

/** The column by going over the samples, window by window. */
function naive(
  key: string,
  times: ReadonlyMap<number, bigint>,
  resolutionMs: number,
  column: RollupColumn,
): Map<number, number> {
  const series = seriesOf(key.split('\u0000'));
  const windows = new Map<number, number[]>();
  for (const [time, bits] of [...times].sort((a, b) => a[0] - b[0])) {
    if (bits === STALE || isHistogram({ series, time, bits })) continue;
    const end = Math.ceil(time / resolutionMs) * resolutionMs;
    const value = new Float64Array(BigUint64Array.of(bits).buffer)[0];
    windows.set(end, [...(windows.get(end) ?? []), value]);
  }
  const out = new Map<number, number>();
  for (const [end, values] of windows) {
    out.set(end, cell(column, values, windows.get(end - resolutionMs)?.at(-1)));
  }
  return out;
}

function cell(column: RollupColumn, values: readonly number[], before: number | undefined): number {
  const numbers = values.filter((one) => !Number.isNaN(one));
  switch (column) {
    case 'count':
      return values.length;
    case 'sum':
      return values.reduce((sum, one) => sum + one, 0);
    case 'min':
      return numbers.length === 0 ? NaN : Math.min(...numbers);
    case 'max':
      return numbers.length === 0 ? NaN : Math.max(...numbers);
    case 'first':
      return values[0];
    case 'last':
      return values[values.length - 1];
    default:
      return increase(before === undefined || Number.isNaN(before) ? values : [before, ...values]);
  }
}

function increase(values: readonly number[]): number {
  let sum = values[values.length - 1] - values[0];
  for (let i = 1; i < values.length; i++) if (values[i] < values[i - 1]) sum += values[i - 1];
  return sum;
}

export { HOUR };
