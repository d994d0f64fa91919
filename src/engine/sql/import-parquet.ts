// Reads a Parquet file of samples as bodies of remote write, so that it enters through the door as
// everything does. The file has the columns of an export. Easy to get wrong: values are taken as
// bits, and rows of one series are one time series of a body only while they follow one another.
import type { DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api';
import { DuckDBBlobValue, DuckDBMapValue } from '@duckdb/node-api';
import { UserError, assert } from '../errors.ts';
import { IMPORT_REQUEST_SAMPLES } from '../limits-sql.ts';
import { NAME, labelsKey, makeLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { WritePen } from '../wire/write-pen.ts';
import { quotedText } from './duck.ts';
import type { Duck } from './duck.ts';

const COLUMNS: readonly (readonly [name: string, type: RegExp, cast: string])[] = [
  ['metric', /^VARCHAR$/, 'metric'],
  ['labels', /^MAP\(VARCHAR, VARCHAR\)$/, 'labels'],
  ['timestamp', /^(?:BIGINT|INTEGER)$/, 'timestamp::BIGINT'],
  ['value', /^(?:DOUBLE|FLOAT)$/, 'value::DOUBLE'],
  ['histogram', /^BLOB$/, 'histogram'],
];
const WORD = 2 ** 32;

/** Bodies of remote write 1.0, not packed. @throws UserError for a file of another form. */
export async function* importPages(duck: Duck, path: string): AsyncIterable<Uint8Array> {
  const from = `read_parquet(${quotedText(path)})`;
  await checkColumns(duck, from);
  const columns = COLUMNS.map(([, , cast]) => cast).join(', ');
  const result = await duck.stream(`SELECT ${columns} FROM ${from}`);
  const body = new Body();
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    addChunk(body, chunk);
    if (body.samples >= IMPORT_REQUEST_SAMPLES) yield body.take();
  }
  if (body.samples > 0) yield body.take();
}

async function checkColumns(duck: Duck, from: string): Promise<void> {
  let rows: DuckDBValue[][];
  try {
    rows = (await duck.connection.runAndReadAll(`DESCRIBE FROM ${from}`)).getRows();
  } catch (cause) {
    throw new UserError('the file is no Parquet, or only a part of it', { cause });
  }
  const types = new Map(rows.map(([name, type]) => [String(name), String(type)]));
  for (const [name, type] of COLUMNS) {
    const found = types.get(name);
    if (found !== undefined && type.test(found)) continue;
    const words = found === undefined ? `it has no column ${name}` : `${name} is ${found}`;
    const hint = 'columns: metric, labels, timestamp (ms), value, histogram, as mon export writes';
    throw new UserError(`the Parquet file is no file of samples: ${words}`, { hint });
  }
}

function addChunk(body: Body, chunk: DuckDBDataChunk): void {
  const [metrics, labels, , , histograms] = [0, 1, 2, 3, 4].map((c) =>
    c === 2 || c === 3 ? [] : chunk.getColumnValues(c),
  );
  const times = wordsOf(chunk, 2);
  const values = wordsOf(chunk, 3);
  for (let i = 0; i < chunk.rowCount; i++) {
    const timeMs = (times[i * 2 + 1] | 0) * WORD + times[i * 2];
    body.series(labelsOf(metrics[i], labels[i]));
    const message = histograms[i];
    if (message instanceof DuckDBBlobValue) body.histogram(message.bytes, timeMs);
    else body.sample(values[i * 2], values[i * 2 + 1], timeMs);
  }
}

/** The library keeps its typed arrays to itself. */
function wordsOf(chunk: DuckDBDataChunk, column: number): Uint32Array {
  const { items } = chunk.getColumnVector(column) as unknown as { readonly items?: Float64Array };
  assert(ArrayBuffer.isView(items), 'a column of 64-bit numbers is a typed array');
  return new Uint32Array(items.buffer, items.byteOffset, items.length * 2);
}

function labelsOf(metric: DuckDBValue, labels: DuckDBValue): Labels {
  const pairs: [string, string][] = [];
  if (typeof metric === 'string') pairs.push([NAME, metric]);
  if (labels instanceof DuckDBMapValue) {
    for (const { key, value } of labels.entries) pairs.push([String(key), String(value)]);
  }
  return makeLabels(pairs);
}

/** A body that is being written. */
class Body {
  samples = 0;
  readonly #pen = new WritePen();
  #key: string | undefined;

  series(labels: Labels): void {
    const key = labelsKey(labels);
    if (this.#key === key) return;
    if (this.#key !== undefined) this.#pen.end();
    this.#key = key;
    this.#pen.begin();
    for (let i = 0; i < labels.length; i += 2) this.#pen.labelText(labels[i], labels[i + 1]);
  }

  sample(low: number, high: number, timeMs: number): void {
    this.#pen.sampleBits(low, high, timeMs);
    this.samples++;
  }

  histogram(message: Uint8Array, timeMs: number): void {
    this.#pen.histogramAt(message, timeMs);
    this.samples++;
  }

  take(): Uint8Array {
    if (this.#key !== undefined) this.#pen.end();
    const bytes = this.#pen.written.slice();
    this.#pen.clear();
    this.#key = undefined;
    this.samples = 0;
    return bytes;
  }
}
