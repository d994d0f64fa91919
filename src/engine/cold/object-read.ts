// Reads rows of some series out of one object: the table of series by matchers, then those row
// groups that have them. Between range-cache.ts and the tier. Easy to get wrong: only what was
// fetched may be read, so a question to DuckDB names a run of series whose row groups all lie in
// the file; its statistics are ours.
import type { DuckDBBlobVector, DuckDBDataChunk } from '@duckdb/node-api';
import { MonError } from '../errors.ts';
import { makeLabels, NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { ColdAsk, ColdBodies, ColdPart } from '../ports-cold.ts';
import type { Duck } from './duck.ts';
import { STALE_KIND } from './cold-rows.ts';
import { msAt, numbersOf, wordsOf } from './duck-vectors.ts';
import { objectKeys, type ColdObject } from './manifest.ts';
import { matchesLabels } from '../head/match-labels.ts';
import type { CheckedRange, RangeCache } from './range-cache.ts';
import type { FoundSeries, SeriesCache } from './series-cache.ts';

export interface ObjectReading {
  readonly partition: number;
  readonly cache: RangeCache;
  readonly series: SeriesCache;
  /** One question at a time: a connection ends what it streams when it is asked anew. */
  readonly alone: <T>(work: (duck: Duck) => Promise<T>) => Promise<T>;
}

/** Series of an object that match and have rows in the range, by number. */
export async function seriesOf(
  reading: ObjectReading,
  object: ColdObject,
  { matchers, minMs, maxMs }: Pick<ColdAsk, 'matchers' | 'minMs' | 'maxMs'>,
): Promise<FoundSeries[]> {
  const { index: key } = objectKeys(reading.partition, object);
  const asked = JSON.stringify([key, matchers]);
  let found = reading.series.get(asked);
  if (found === undefined) {
    found = await lookUp(reading, object, matchers);
    reading.series.set(asked, found);
  }
  return found.filter((one) => one.minMs <= maxMs && one.maxMs >= minMs);
}

function lookUp(
  { partition, cache, alone }: ObjectReading,
  object: ColdObject,
  matchers: readonly Matcher[],
): Promise<FoundSeries[]> {
  const { index: key } = objectKeys(partition, object);
  const conditions = ['true'];
  const values: string[] = [];
  for (const { name, op, value } of matchers) {
    if (op !== '=' || value === '') continue;
    // What is left is judged by the same test as everywhere; this only spares rows.
    conditions.push(name === NAME ? 'metric = ?' : 'list_contains(map_values(labels), ?)');
    values.push(value);
  }
  return cache.withWhole(key, object.index, (path) =>
    alone(async (duck) => {
      const sql =
        `SELECT series::DOUBLE, metric, to_json(labels)::VARCHAR, hash, rows::DOUBLE, ` +
        `min_ms::DOUBLE, max_ms::DOUBLE ` +
        `FROM read_parquet(?) WHERE ${conditions.join(' AND ')} ORDER BY series`;
      const rows = await duck.rows(sql, [path, ...values], `object ${key}`);
      const found: FoundSeries[] = [];
      for (const row of rows as IndexRow[]) {
        const [number, metric, text, hash, count, minMs, maxMs] = row;
        const pairs = Object.entries(JSON.parse(text) as Record<string, string>);
        const labels = makeLabels([[NAME, metric], ...pairs]);
        if (!matchesLabels(matchers, labels)) continue;
        found.push({ number, labels, hash, rows: count, minMs, maxMs });
      }
      return found;
    }),
  );
}

type IndexRow = readonly [number, string, string, bigint, number, number, number];

/** A time as a BIGINT takes it. */
function bounded(ms: number): bigint {
  return BigInt(Math.min(Math.max(ms, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
}

/** Series from `first` to `last`, and the row groups in which they lie. */
interface Run {
  readonly first: number;
  last: number;
  groups: CheckedRange[];
}

/** Runs of wanted series, so that each row group is read once and no other is touched. */
function runsOf(
  object: ColdObject,
  found: readonly FoundSeries[],
  minMs: number,
  maxMs: number,
): Run[] {
  const groups = object.groups.filter((group) => group[5] <= maxMs && group[6] >= minMs);
  const runs: (Run & { until: number })[] = [];
  let from = 0;
  for (const { number } of found) {
    while (from < groups.length && groups[from][4] < number) from++;
    let end = from;
    while (end < groups.length && groups[end][3] <= number) end++;
    if (end === from) continue;
    const last = runs[runs.length - 1];
    if (last !== undefined && from < last.until) {
      last.last = number;
      last.until = Math.max(last.until, end);
    } else {
      runs.push({ first: number, last: number, groups: [], until: end });
    }
    const own = runs[runs.length - 1];
    for (let g = from; g < end; g++) {
      const [at, bytes, crc] = groups[g];
      if (!own.groups.some(([known]) => known === at)) own.groups.push([at, bytes, crc]);
    }
  }
  return runs;
}

const RAW_COLUMNS = ['value'] as const;
const WINDOW_COLUMNS = [
  ...['count', 'sum', 'min', 'max', 'first', 'last', 'from_ms', 'to_ms', 'resets', 'ended'],
] as const;

/** Rows that match, of one object; undefined when it has none. @throws MON_BLOCK_CORRUPT. */
export async function readObject(
  reading: ObjectReading,
  object: ColdObject,
  ask: ColdAsk,
): Promise<ColdPart | undefined> {
  const found = await seriesOf(reading, object, ask);
  if (found.length === 0) return undefined;
  const { partition, cache, alone } = reading;
  const { data: key } = objectKeys(partition, object);
  const runs = runsOf(object, found, ask.minMs, ask.maxMs);
  const ranges = [...runs.flatMap(({ groups }) => groups), object.footer];
  const names = object.kind === 'raw' ? RAW_COLUMNS : WINDOW_COLUMNS;
  const into = new PartMaker(found, names.length, { ...ask, windows: object.kind !== 'raw' });
  await cache.withRanges(key, object.data.bytes, uniqueRanges(ranges), (path) =>
    alone(async (duck) => {
      const columns = names.map((name) => `${name}::DOUBLE`);
      const bodies = object.kind === 'raw' ? ['kind', 'histogram'] : ['histogram', 'sketch'];
      const asked = ['series', 'timestamp', ...columns, ...(object.bodies === true ? bodies : [])];
      const [from, to] = [bounded(ask.minMs), bounded(ask.maxMs)];
      for (const { first, last } of runs) {
        // Written out, not as parameters: those are not looked at when row groups are passed over,
        // and a row group that was not fetched cannot be read.
        const sql =
          `SELECT ${asked.join(', ')} FROM read_parquet(?) ` +
          `WHERE series BETWEEN ${first} AND ${last} AND timestamp BETWEEN ${from} AND ${to}`;
        await duck.each(sql, [path], `object ${key}`, (chunk) => into.take(chunk));
      }
    }),
  );
  return into.part(object);
}

function uniqueRanges(ranges: readonly CheckedRange[]): CheckedRange[] {
  return [...new Map(ranges.map((range) => [range[0], range])).values()];
}

interface Bodies {
  rows: number[];
  kinds: number[];
  bodies: Uint8Array[];
}

/** Gathers rows in columns that grow together. */
class PartMaker {
  readonly #found: readonly FoundSeries[];
  readonly #places: ReadonlyMap<number, number>;
  readonly #from: Uint32Array;
  readonly #rowsMax: number;
  readonly #windows: boolean;
  #times: Float64Array;
  #columns: Float64Array[];
  #count = 0;
  readonly #histograms: Bodies = { rows: [], kinds: [], bodies: [] };
  readonly #sketches: Bodies = { rows: [], kinds: [], bodies: [] };

  constructor(
    found: readonly FoundSeries[],
    columns: number,
    { rowsMax, windows }: { readonly rowsMax: number; readonly windows: boolean },
  ) {
    this.#found = found;
    this.#places = new Map(found.map(({ number }, i) => [number, i]));
    this.#from = new Uint32Array(found.length + 1);
    this.#rowsMax = rowsMax;
    this.#windows = windows;
    const room = Math.min(
      rowsMax,
      found.reduce((sum, { rows }) => sum + rows, 0),
      65_536,
    );
    this.#times = new Float64Array(room);
    this.#columns = Array.from({ length: columns }, () => new Float64Array(room));
  }

  take(chunk: DuckDBDataChunk): void {
    const rows = chunk.rowCount;
    const series = numbersOf(chunk, 0);
    const width = this.#columns.length;
    // Rows of one series stand together: they are copied as a whole.
    for (let from = 0, to = 0; from < rows; from = to) {
      const number = series[from];
      do to++;
      while (to < rows && series[to] === number);
      const place = this.#places.get(number);
      if (place === undefined) continue;
      const at = this.#count;
      this.#grow(at + to - from);
      const times = wordsOf(chunk, 1);
      for (let i = from; i < to; i++) this.#times[at + i - from] = msAt(times, i);
      for (let c = 0; c < width; c++) {
        const words = wordsOf(chunk, 2 + c).subarray(from * 2, to * 2);
        new Uint32Array(this.#columns[c].buffer).set(words, at * 2);
      }
      this.#bodies(chunk, [from, to], at);
      this.#from[place + 1] += to - from;
    }
  }

  #bodies(chunk: DuckDBDataChunk, [from, to]: readonly [number, number], at: number): void {
    const first = 2 + this.#columns.length;
    if (chunk.columnCount === first) return;
    if (this.#windows) {
      collect(this.#histograms, chunk, first, { from, to, at });
      collect(this.#sketches, chunk, first + 1, { from, to, at });
      return;
    }
    const kinds = numbersOf(chunk, first) as Uint8Array;
    if (kinds.subarray(from, to).every((kind) => (kind & ~STALE_KIND) === 0)) return;
    collect(this.#histograms, chunk, first + 1, { from, to, at, kinds });
  }

  #grow(size: number): void {
    if (size > this.#rowsMax) {
      throw new MonError('MON_QUERY_LIMIT', 'the query reads too many samples of the cold tier', {
        hint: 'ask for fewer series or a shorter time',
      });
    }
    this.#count = size;
    if (size <= this.#times.length) return;
    const room = Math.min(this.#rowsMax, Math.max(size, this.#times.length * 2, 2048));
    const grown = (array: Float64Array): Float64Array => {
      const out = new Float64Array(room);
      new Uint32Array(out.buffer).set(new Uint32Array(array.buffer));
      return out;
    };
    this.#times = grown(this.#times);
    this.#columns = this.#columns.map(grown);
  }

  part({ name, sequence, ...object }: ColdObject): ColdPart | undefined {
    if (this.#count === 0) return undefined;
    for (let i = 0; i < this.#found.length; i++) this.#from[i + 1] += this.#from[i];
    const { afterMs = 0, toMs = 0, version = 0 } = object;
    return {
      ...{ name, sequence, afterMs, toMs, version, from: this.#from },
      labels: this.#found.map(({ labels }) => labels),
      timestamps: this.#times.subarray(0, this.#count),
      columns: this.#columns.map((column) => column.subarray(0, this.#count)),
      ...(this.#histograms.rows.length > 0 ? { histograms: packed(this.#histograms) } : {}),
      ...(this.#sketches.rows.length > 0 ? { sketches: packed(this.#sketches) } : {}),
    };
  }
}

function collect(
  into: Bodies,
  chunk: DuckDBDataChunk,
  column: number,
  { from, to, at, kinds }: { from: number; to: number; at: number; kinds?: Uint8Array },
): void {
  const vector = chunk.getColumnVector(column) as DuckDBBlobVector;
  for (let i = from; i < to; i++) {
    const bytes = vector.getItemBytes(i);
    if (bytes === null) continue;
    into.rows.push(at + i - from);
    into.kinds.push((kinds?.[i] ?? 2) & ~STALE_KIND);
    into.bodies.push(Uint8Array.from(bytes));
  }
}

function packed({ rows, kinds, bodies }: Bodies): ColdBodies {
  return { rows: Uint32Array.from(rows), kinds: Uint8Array.from(kinds), bodies };
}
