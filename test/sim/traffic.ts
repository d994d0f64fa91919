// Bodies that senders push, in all three formats: live, late, backfilled, too old and too new
// samples, repetitions with the same and with other values, stale markers, NaNs with a payload,
// series that come and go, and bodies that are broken. Each comes with the samples that it holds,
// in order.
import { Buffer } from 'node:buffer';
import { labelsKey, makeLabels, NAME } from '../../src/engine/model/labels.ts';
import type { Labels } from '../../src/engine/model/labels.ts';
import { bitsOf } from '../support/open-records.ts';
import { writeRequestBody } from '../support/write-request.ts';
import type { WriteSeries } from '../support/write-request.ts';
import type { Dice } from './dice.ts';
import { someHistogram } from './latency.ts';
import { STALE_BITS } from './sent.ts';
import type { Sent } from './sent.ts';

const MINUTE = 60_000;
/** What text formats make of any NaN: Prometheus' one. */
export const TEXT_NAN_BITS = 0x7ff8000000000001n;

export type Format = 'remote' | 'json' | 'text';

/** How often each habit of the senders shows; any of them may be 0. */
export interface Habits {
  readonly live: number;
  readonly late: number;
  readonly backfill: number;
  readonly tooOld: number;
  readonly tooNew: number;
  readonly ahead: number;
  readonly again: number;
  readonly contrary: number;
}

export interface TrafficPlan {
  readonly habits: Habits;
  readonly formats: Readonly<Record<Format, number>>;
  readonly series: number;
  readonly bodySeriesMax: number;
  readonly samplesMax: number;
  readonly churn: number;
  readonly wild: number;
  readonly stale: number;
  /** How many of the series are of histograms. */
  readonly histograms: number;
  readonly broken: number;
  readonly nameless: number;
  readonly retentionMs: number;
}

export interface Push {
  readonly format: Format;
  readonly body: Uint8Array;
  /** Samples of series that the door numbers, in the order of the body. */
  readonly rows: readonly Sent[];
  /** Samples of series that it refuses. */
  readonly refused: number;
  /** A body that is refused as a whole. */
  readonly broken: boolean;
}

interface Source {
  labels: Labels;
  readonly kind: keyof typeof NAMES;
  value: number;
  lastT: number;
}

const NAMES = {
  ...({ counter: 'sim_requests_total', gauge: 'sim_load', wild: 'sim_wild' } as const),
  histogram: 'sim_latency',
} as const;
/** Values of a label that are hard on somebody. */
const ODD = ['', 'ä ö', 'a"b\\c\nd', '__proto__', '\u{1f389}', 'x'.repeat(200)];
const REMEMBERED = 400;

export class Traffic {
  readonly #dice: Dice;
  readonly #plan: TrafficPlan;
  readonly #sources: Source[] = [];
  readonly #history: Sent[] = [];
  #born = 0;
  #last: Push | undefined;

  constructor(dice: Dice, plan: TrafficPlan) {
    this.#dice = dice;
    this.#plan = plan;
    for (let i = 0; i < plan.series; i++) this.#sources.push(this.#source());
  }

  /** The next body; `again` sends the last one once more, as after a failure. */
  next(nowMs: number, again: boolean): Push {
    if (again && this.#last) return this.#last;
    const dice = this.#dice;
    if (dice.chance(this.#plan.churn)) {
      this.#sources[dice.int(0, this.#sources.length - 1)] = this.#source();
    }
    const format = dice.weighted(this.#plan.formats);
    const groups = Array.from({ length: dice.int(1, this.#plan.bodySeriesMax) }, () =>
      this.#group(dice.pick(this.#sources), nowMs, format),
    );
    const push = this.#encode(format, groups);
    for (const row of push.rows) this.#remember(row);
    if (!push.broken) this.#last = push;
    return push;
  }

  #source(): Source {
    const dice = this.#dice;
    const wild = dice.chance(this.#plan.wild);
    const plain = wild ? 'wild' : dice.chance(0.5) ? 'counter' : 'gauge';
    const kind = dice.chance(this.#plan.histograms) ? 'histogram' : plain;
    const number = this.#born++;
    const pairs: [string, string][] = [
      [NAME, NAMES[kind]],
      ['id', String(number)],
      ['zone', `z${number % 3}`],
    ];
    if (dice.chance(0.2)) pairs.push([dice.pick(['odd', '__proto__', 'Z']), dice.pick(ODD)]);
    return { labels: makeLabels(pairs), kind, value: dice.int(0, 1000), lastT: 0 };
  }

  #remember(row: Sent): void {
    if (this.#history.length < REMEMBERED) this.#history.push(row);
    else this.#history[this.#dice.int(0, REMEMBERED - 1)] = row;
  }

  #group(source: Source, nowMs: number, format: Format): Group {
    const dice = this.#dice;
    const series = labelsKey(source.labels);
    const count = dice.chance(0.05) ? dice.int(100, 300) : dice.int(1, this.#plan.samplesMax);
    const rows: Sent[] = [];
    for (let i = 0; i < count; i++) rows.push(this.#row(source, series, nowMs, format));
    return { labels: source.labels, rows };
  }

  #row(source: Source, series: string, nowMs: number, format: Format): Sent {
    const dice = this.#dice;
    const habit = dice.weighted<keyof Habits>({ ...this.#plan.habits });
    if (habit === 'again' || habit === 'contrary') {
      const old = dice.pick(this.#history.filter((row) => row.series === series));
      if (old) {
        if (habit === 'contrary') return this.#sample(source, series, old.t, format);
        if (format === 'remote' || (isPlain(old.bits) && old.body === undefined)) return old;
      }
    }
    return this.#sample(source, series, this.#time(source, nowMs, habit), format);
  }

  /** What goes by text or JSON is a number, also of a series that else has histograms. */
  #sample(source: Source, series: string, t: number, format: Format): Sent {
    const dice = this.#dice;
    if (source.kind === 'histogram' && format === 'remote' && dice.chance(0.95)) {
      return someHistogram(dice, series, t, dice.chance(this.#plan.stale));
    }
    return { series, t, bits: this.#bits(source, format) };
  }

  #time(source: Source, nowMs: number, habit: keyof Habits): number {
    const dice = this.#dice;
    const { retentionMs } = this.#plan;
    switch (habit) {
      case 'late':
        return nowMs - dice.int(5_000, 16 * MINUTE);
      case 'backfill':
        return nowMs - dice.int(14 * MINUTE, retentionMs);
      case 'tooOld':
        return nowMs - retentionMs - dice.scale(1, 10 * MINUTE);
      case 'tooNew':
        return nowMs + 10 * MINUTE + dice.scale(1, MINUTE);
      case 'ahead':
        return nowMs + dice.int(1, 10 * MINUTE);
      default:
        source.lastT = Math.min(Math.max(source.lastT + dice.int(1, 900), nowMs - 9_000), nowMs);
        return source.lastT;
    }
  }

  #bits(source: Source, format: Format): bigint {
    const dice = this.#dice;
    if (format === 'remote' && dice.chance(this.#plan.stale)) return STALE_BITS;
    if (source.kind === 'wild') return this.#wildBits(format);
    if (source.kind === 'gauge' || source.kind === 'histogram')
      return bitsOf(dice.int(1, 100_000) / 10);
    if (dice.chance(0.02)) source.value = 0;
    source.value += dice.int(0, 50);
    return bitsOf(source.value);
  }

  #wildBits(format: Format): bigint {
    const dice = this.#dice;
    const word = (): bigint => BigInt(dice.int(0, 0xffffffff));
    let bits = (word() << 32n) | word();
    if (dice.chance(0.2)) bits = (bits | (0x7ffn << 52n)) ^ (bits & (1n << 63n));
    if (dice.chance(0.2)) bits = bitsOf(dice.pick([0, -0, 1 / 3, 5e-324, 1.7e308, Infinity]));
    if (format === 'remote') return bits;
    const value = numberOf(bits);
    if (Number.isNaN(value)) return format === 'text' ? TEXT_NAN_BITS : bitsOf(NaN);
    // JSON.stringify knows no negative zero.
    return format === 'json' && value === 0 ? 0n : bits;
  }

  #encode(format: Format, groups: readonly Group[]): Push {
    const dice = this.#dice;
    const nameless = dice.chance(this.#plan.nameless) && format !== 'text';
    const broken = dice.chance(this.#plan.broken);
    const rows = groups.flatMap((group) => group.rows);
    const whole = {
      remote: () => remoteBody(dice, groups, nameless),
      json: () => jsonBody(rows, nameless),
      text: () => textBody(rows),
    }[format]();
    const body = broken ? spoiled(format, whole) : whole;
    return { format, body, rows: broken ? [] : rows, refused: nameless ? 1 : 0, broken };
  }
}

interface Group {
  readonly labels: Labels;
  readonly rows: readonly Sent[];
}

/** The float of 64 bits. */
export function numberOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** True for a number that every format can tell. */
function isPlain(bits: bigint): boolean {
  return Number.isFinite(numberOf(bits)) && bits !== 1n << 63n;
}

export function pairsOf(series: string): [string, string][] {
  const flat = series.split('\u0000');
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[i * 2], flat[i * 2 + 1]]);
}

function remoteBody(dice: Dice, groups: readonly Group[], nameless: boolean): Uint8Array {
  const series = groups.map(({ labels, rows }): WriteSeries => {
    const pairs = pairsOf(labelsKey(labels));
    // Not every sender sorts, and an empty value means no label.
    if (dice.chance(0.1)) pairs.push(['none', '']);
    if (dice.chance(0.1)) pairs.reverse();
    const floats = rows.filter(({ body }) => body === undefined);
    const samples = floats.map(({ t, bits }) => ({ timestamp: t, value: 0, bits }));
    const bodies = rows.flatMap(({ body }) => body ?? []);
    const histograms = bodies.map((body) => Buffer.from(body, 'base64'));
    return { labels: pairs, samples, histograms };
  });
  const samples = [{ timestamp: 1_700_000_000_000, value: 1 }];
  if (nameless) series.splice(dice.int(0, series.length), 0, { labels: { a: 'b' }, samples });
  return writeRequestBody(series);
}

function jsonBody(rows: readonly Sent[], nameless: boolean): Uint8Array {
  const metrics: unknown[] = rows.map(({ series, t, bits }) => {
    const labels = Object.create(null) as Record<string, string>;
    let name = '';
    for (const [label, value] of pairsOf(series)) {
      if (label === NAME) name = value;
      else labels[label] = value;
    }
    const value = numberOf(bits);
    const special = Number.isFinite(value) ? value : textOf(value);
    return { name, value: special, labels, timestamp: t };
  });
  if (nameless) metrics.push({ value: 1 });
  return Buffer.from(JSON.stringify({ metrics }));
}

function textBody(rows: readonly Sent[]): Uint8Array {
  const lines = rows.map(({ series, t, bits }) => textLine(series, numberOf(bits), t));
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** One line of exposition text. */
export function textLine(series: string, value: number, t?: number): string {
  let name = '';
  const labels: string[] = [];
  for (const [label, text] of pairsOf(series)) {
    const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    if (label === NAME) name = text;
    else labels.push(`${label}="${escaped}"`);
  }
  const time = t === undefined ? '' : ` ${t}`;
  return `${name}{${labels.join(',')}} ${textOf(value)}${time}`;
}

function textOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}

function spoiled(format: Format, body: Uint8Array): Uint8Array {
  if (format === 'remote') return body.subarray(0, body.length - 1);
  return Buffer.concat([body, Buffer.from(format === 'json' ? ']' : 'no sample at all{\n')]);
}
