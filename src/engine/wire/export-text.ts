// Samples as text that other programs and our own import read: lines of CSV, lines of JSON in the
// form of VictoriaMetrics' export, Prometheus' exposition text and OpenMetrics. The last station of
// a sample that leaves. Easy to get wrong: a NaN is more than one value; CSV and JSON lines spell
// its bits, exposition text cannot, and leaves out stale markers, which are no samples there.
import { NAME } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { isStaleAt } from '../model/sample.ts';
import { seriesLine } from './series-line.ts';
import { numberText } from './exposition-writer.ts';

export const EXPORT_FORMATS = [
  'parquet',
  'csv',
  'jsonl',
  'prom',
  'openmetrics',
  'remote-write',
] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Runs of samples, as ports-sql.ts has them. */
export interface ExportPage {
  readonly labels: readonly Labels[];
  readonly from: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly bodies?: readonly (Uint8Array | undefined)[];
}

/** What a form could not hold. */
export interface LeftOut {
  stale: number;
  histograms: number;
}

export const CSV_HEADER = 'metric,labels,timestamp,value,histogram\n';
/** Samples of a line of JSON. */
const LINE_SAMPLES = 4096;
const QUIET_HIGH = 0x7ff80000;

/** A value that is read back to the bit: `NaN:7ff0000000000002` where it is no common NaN. */
function exactText(value: number, words: Uint32Array, i: number): string {
  if (!Number.isNaN(value)) return Object.is(value, -0) ? '-0' : numberText(value);
  const [low, high] = [words[i * 2], words[i * 2 + 1]];
  if (low === 0 && high === QUIET_HIGH) return 'NaN';
  const hex = (word: number): string => word.toString(16).padStart(8, '0');
  return `NaN:${hex(high)}${hex(low)}`;
}

function wordsOf({ values }: ExportPage): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Lines of CSV, without the header. */
export function* csvText(page: ExportPage): Generator<string, void, void> {
  const words = wordsOf(page);
  for (let r = 0; r < page.labels.length; r++) {
    const [metric, rest] = split(page.labels[r]);
    const lead = `${quoted(metric)},${quoted(JSON.stringify(rest))},`;
    let text = '';
    for (let i = page.from[r]; i < page.from[r + 1]; i++) {
      const body = page.bodies?.[i];
      const histogram = body === undefined ? '' : Buffer.from(body).toString('base64');
      text += `${lead}${page.timestamps[i]},${exactText(page.values[i], words, i)},${histogram}\n`;
    }
    yield text;
  }
}

function split(labels: Labels): [metric: string, rest: Record<string, string>] {
  let metric = '';
  const rest = Object.create(null) as Record<string, string>;
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === NAME) metric = labels[i + 1];
    else rest[labels[i]] = labels[i + 1];
  }
  return [metric, rest];
}

/** Lines of JSON: a run of a series each. */
export function* jsonLines(page: ExportPage): Generator<string, void, void> {
  const words = wordsOf(page);
  for (let r = 0; r < page.labels.length; r++) {
    const metric = Object.create(null) as Record<string, string>;
    const labels = page.labels[r];
    for (let i = 0; i < labels.length; i += 2) metric[labels[i]] = labels[i + 1];
    const lead = `{"metric":${JSON.stringify(metric)}`;
    for (let at = page.from[r]; at < page.from[r + 1]; at += LINE_SAMPLES) {
      const end = Math.min(page.from[r + 1], at + LINE_SAMPLES);
      const values: string[] = [];
      const histograms: string[] = [];
      for (let i = at; i < end; i++) {
        const text = exactText(page.values[i], words, i);
        values.push(Number.isFinite(page.values[i]) ? text : `"${text}"`);
        const body = page.bodies?.[i];
        if (body === undefined) continue;
        histograms.push(`"${i - at}":"${Buffer.from(body).toString('base64')}"`);
      }
      const more = histograms.length > 0 ? `,"histograms":{${histograms.join(',')}}` : '';
      const times = Array.from(page.timestamps.subarray(at, end)).join(',');
      yield `${lead},"values":[${values.join(',')}],"timestamps":[${times}]${more}}\n`;
    }
  }
}

/** Lines of exposition text; OpenMetrics has seconds, Prometheus' text milliseconds. */
export function* expositionLines(
  page: ExportPage,
  format: 'prom' | 'openmetrics',
  left: LeftOut,
): Generator<string, void, void> {
  const words = wordsOf(page);
  for (let r = 0; r < page.labels.length; r++) {
    const lead = seriesLine(page.labels[r]);
    let text = '';
    for (let i = page.from[r]; i < page.from[r + 1]; i++) {
      if (page.bodies?.[i] !== undefined) left.histograms++;
      else if (isStaleAt(words, i)) left.stale++;
      else {
        const ms = page.timestamps[i];
        const time = format === 'prom' ? String(ms) : secondsText(ms);
        text += `${lead} ${plainNumber(page.values[i])} ${time}\n`;
      }
    }
    yield text;
  }
}

function plainNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : numberText(value);
}

/** Ms as seconds with as many decimals as are needed. */
function secondsText(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  const whole = Math.floor(Math.abs(ms) / 1000);
  const rest = Math.abs(ms) % 1000;
  return rest === 0 ? `${sign}${whole}` : `${sign}${whole}.${String(rest).padStart(3, '0')}`;
}

/** The line that opens a family of samples whose type is not known. */
export function familyLine(metric: string, format: 'prom' | 'openmetrics'): string {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric) ? metric : JSON.stringify(metric);
  return `# TYPE ${name} ${format === 'prom' ? 'untyped' : 'unknown'}\n`;
}
