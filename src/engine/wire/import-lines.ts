// Lines of CSV and of JSON, as an export writes them, into bodies of remote write. The way in of a
// sample that comes from a file. Easy to get wrong: one bad line costs itself and is told with its
// number, the rest is taken; and `__proto__` is a label like any other.
import { makeLabels, NAME, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { CSV_HEADER } from './export-text.ts';
import { parseJson } from './json-text.ts';
import { WritePen } from './write-pen.ts';

/** What came of the lines that could not be read. */
export interface LineFaults {
  lines: number;
  readonly examples: string[];
}

const EXAMPLES_MAX = 5;
const scratch = new Float64Array(1);
const bits = new Uint32Array(scratch.buffer);

/** Bodies of at most about `samplesMax` samples; what cannot be read goes to `faults`. */
export function* linesToBodies(
  text: string,
  format: 'csv' | 'jsonl',
  samplesMax: number,
  faults: LineFaults,
): Generator<Uint8Array, void, void> {
  const body = new LineBody();
  const records = format === 'csv' ? csvRecords(text) : text.split('\n');
  let number = 0;
  for (const record of records) {
    number++;
    if (record.trim() === '' || (format === 'csv' && `${record}\n` === CSV_HEADER)) continue;
    const fault = format === 'csv' ? csvLine(record, body) : jsonLine(record, body);
    if (fault !== undefined) {
      faults.lines++;
      if (faults.examples.length < EXAMPLES_MAX) faults.examples.push(`line ${number}: ${fault}`);
    }
    if (body.samples >= samplesMax) yield body.take();
  }
  if (body.samples > 0) yield body.take();
}

/** Lines of CSV; a line break between quotes ends none. */
function* csvRecords(text: string): Generator<string, void, void> {
  let start = 0;
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) inside = !inside;
    if (code !== 10 || inside) continue;
    yield text.slice(start, at).replace(/\r$/, '');
    start = at + 1;
  }
  if (start < text.length) yield text.slice(start);
}

function csvCells(record: string): string[] {
  const cells: string[] = [];
  let at = 0;
  while (at <= record.length) {
    if (record[at] !== '"') {
      const end = record.indexOf(',', at);
      const stop = end < 0 ? record.length : end;
      cells.push(record.slice(at, stop));
      at = stop + 1;
      continue;
    }
    let cell = '';
    for (at++; at < record.length; at++) {
      if (record[at] !== '"') cell += record[at];
      else if (record[at + 1] === '"') {
        cell += '"';
        at++;
      } else break;
    }
    cells.push(cell);
    at += 2;
  }
  return cells;
}

/** Undefined when it was taken, else what is wrong. */
function csvLine(record: string, body: LineBody): string | undefined {
  const cells = csvCells(record);
  if (cells.length < 4 || cells.length > 5) return 'expected metric,labels,timestamp,value';
  const [metric, labels, timestamp, value, histogram = ''] = cells;
  const rest = labels === '' ? {} : objectOf(labels);
  if (rest === undefined) return 'the labels are no JSON object';
  const set = labelsFrom(rest, metric);
  if (set === undefined) return 'a label is no text';
  if (!/^-?\d{1,15}$/.test(timestamp))
    return `the timestamp ${short(timestamp)} is no whole number`;
  const ms = Number(timestamp);
  if (histogram !== '') return body.histogram(set, histogram, ms);
  return body.sample(set, value, ms);
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = parseJson(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function labelsFrom(rest: Record<string, unknown>, metric: string): Labels | undefined {
  const pairs: [string, string][] = metric === '' ? [] : [[NAME, metric]];
  for (const [name, value] of Object.entries(rest)) {
    if (typeof value !== 'string') return undefined;
    pairs.push([name, value]);
  }
  return makeLabels(pairs);
}

function jsonLine(line: string, body: LineBody): string | undefined {
  const all = objectOf(line);
  if (all === undefined) return 'no JSON object';
  const { metric, values, timestamps, histograms } = all;
  if (typeof metric !== 'object' || metric === null) return 'metric is no object';
  const labels = labelsFrom(metric as Record<string, unknown>, '');
  if (labels === undefined) return 'a label is no text';
  if (!Array.isArray(values) || !Array.isArray(timestamps))
    return 'values or timestamps are no list';
  if (values.length !== timestamps.length) return 'there are not as many timestamps as values';
  const bodies = (histograms ?? {}) as Record<string, unknown>;
  for (let i = 0; i < values.length; i++) {
    const ms: unknown = timestamps[i];
    if (typeof ms !== 'number' || !Number.isSafeInteger(ms))
      return `timestamp ${i} is no whole number`;
    const message = bodies[String(i)];
    const fault =
      typeof message === 'string'
        ? body.histogram(labels, message, ms)
        : body.sample(labels, spelled(values[i]), ms);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** VictoriaMetrics writes null for a value that is none. */
function spelled(value: unknown): string {
  if (value === null) return 'NaN';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return typeof value === 'string' ? value : '';
}

function short(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const NAN = /^nan(?::([0-9a-f]{8})([0-9a-f]{8}))?$/i;

/** Puts the bits of a value into `bits`; false when it is no number. */
function readBits(text: string): boolean {
  const nan = NAN.exec(text);
  if (nan !== null) {
    bits[0] = nan[2] === undefined ? 0 : parseInt(nan[2], 16);
    bits[1] = nan[1] === undefined ? 0x7ff80000 : parseInt(nan[1], 16);
    return nan[1] === undefined || Number.isNaN(scratch[0]);
  }
  const infinite = INFINITE.exec(text);
  if (infinite === null && !NUMBER.test(text)) return false;
  scratch[0] = infinite === null ? Number(text) : infinite[1] === '-' ? -Infinity : Infinity;
  return true;
}

/** A body that is being written: runs of one series are one time series. */
class LineBody {
  samples = 0;
  readonly #pen = new WritePen();
  #key: string | undefined;

  sample(labels: Labels, value: string, ms: number): string | undefined {
    if (!readBits(value)) return `the value ${short(value)} is no number`;
    this.#series(labels);
    this.#pen.sampleBits(bits[0], bits[1], ms);
    this.samples++;
    return undefined;
  }

  histogram(labels: Labels, base64: string, ms: number): string | undefined {
    if (!/^[A-Za-z0-9+/]+=*$/.test(base64)) return 'the histogram is no base64';
    this.#series(labels);
    this.#pen.histogramAt(Buffer.from(base64, 'base64'), ms);
    this.samples++;
    return undefined;
  }

  take(): Uint8Array {
    if (this.#key !== undefined) this.#pen.end();
    const bytes = this.#pen.written.slice();
    this.#pen.clear();
    this.#key = undefined;
    this.samples = 0;
    return bytes;
  }

  #series(labels: Labels): void {
    const key = labelsKey(labels);
    if (this.#key === key) return;
    if (this.#key !== undefined) this.#pen.end();
    this.#key = key;
    this.#pen.begin();
    for (let i = 0; i < labels.length; i += 2) this.#pen.labelText(labels[i], labels[i + 1]);
  }
}
