// The engine's own figures: counters, gauges and histograms with labels, rendered as Prometheus
// text on /metrics. A part keeps the handle of its series and calls add or observe, which allocate
// nothing. Easy to get wrong: looking a handle up by name on a hot path, which costs a string and
// a map.
import { assert } from '../errors.ts';

export type CounterLabels = Readonly<Record<string, string>>;

/** Grows only; begins at 0 with the process. */
export interface Counter {
  add(amount?: number): void;
  readonly value: number;
}

export interface Gauge {
  set(value: number): void;
  add(amount: number): void;
  readonly value: number;
}

export interface Histogram {
  observe(value: number): void;
  readonly count: number;
  readonly sum: number;
}

type Kind = 'counter' | 'gauge' | 'histogram';

interface Row {
  readonly labels: CounterLabels;
  /** Lines of this series without the family's name: suffix, labels and value in turn. */
  lines(): Iterable<readonly [suffix: string, labels: CounterLabels, value: number]>;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly kind: Kind;
  readonly rows: Map<string, Row>;
}

const NAME_FORM = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_FORM = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** One number in a typed array, so that adding to it allocates no boxed float. */
class Cell implements Counter, Gauge, Row {
  readonly labels: CounterLabels;
  readonly #cell = new Float64Array(1);

  constructor(labels: CounterLabels) {
    this.labels = labels;
  }

  add(amount = 1): void {
    this.#cell[0] += amount;
  }

  set(value: number): void {
    this.#cell[0] = value;
  }

  get value(): number {
    return this.#cell[0];
  }

  *lines(): Iterable<readonly [string, CounterLabels, number]> {
    yield ['', this.labels, this.#cell[0]];
  }
}

class Buckets implements Histogram, Row {
  readonly labels: CounterLabels;
  readonly #bounds: Float64Array;
  /** One count a bound and one for what lies above all of them. */
  readonly #counts: Float64Array;
  readonly #sum = new Float64Array(1);

  constructor(labels: CounterLabels, bounds: readonly number[]) {
    this.labels = labels;
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let i = 0;
    // Not a search by halves: bounds are few and most values fall low.
    while (i < this.#bounds.length && !(value <= this.#bounds[i])) i++;
    this.#counts[i] += 1;
    this.#sum[0] += value;
  }

  get count(): number {
    return this.#counts.reduce((a, b) => a + b, 0);
  }

  get sum(): number {
    return this.#sum[0];
  }

  *lines(): Iterable<readonly [string, CounterLabels, number]> {
    let below = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      below += this.#counts[i];
      const le = i < this.#bounds.length ? formatNumber(this.#bounds[i]) : '+Inf';
      yield ['_bucket', { ...this.labels, le }, below];
    }
    yield ['_sum', this.labels, this.#sum[0]];
    yield ['_count', this.labels, below];
  }
}

/** A registry; each process has one and hands it to its parts. */
export class Counters {
  readonly #families = new Map<string, Family>();

  /** The counter of these labels; the same one for the same labels. Names end in _total. */
  counter(name: string, help: string, labels: CounterLabels = {}): Counter {
    assert(name.endsWith('_total'), `${name}: a counter's name ends in _total`);
    return this.#row(this.#family(name, help, 'counter'), labels, () => new Cell(labels));
  }

  gauge(name: string, help: string, labels: CounterLabels = {}): Gauge {
    return this.#row(this.#family(name, help, 'gauge'), labels, () => new Cell(labels));
  }

  /** `bounds` are upper limits, rising, without +Inf. */
  histogram(name: string, help: string, options: HistogramOptions): Histogram {
    const { bounds, labels = {} } = options;
    assert(
      bounds.every((b, i) => Number.isFinite(b) && (i === 0 || b > bounds[i - 1])),
      `${name}: bounds rise`,
    );
    const make = (): Buckets => new Buckets(labels, bounds);
    return this.#row(this.#family(name, help, 'histogram'), labels, make);
  }

  /** A figure that a part keeps itself: `read` is called when the registry is rendered. */
  reading(name: string, help: string, options: ReadingOptions): void {
    const { read, labels = {} } = options;
    const kind = name.endsWith('_total') ? 'counter' : 'gauge';
    const row: Row = {
      labels,
      *lines() {
        yield ['', labels, read()];
      },
    };
    this.#family(name, help, kind).rows.set(keyOf(labels), row);
  }

  /** Prometheus text exposition 0.0.4, families by name, with HELP and TYPE. */
  render(): string {
    const out: string[] = [];
    const names = [...this.#families.keys()].sort();
    for (const name of names) {
      const family = this.#families.get(name) as Family;
      out.push(`# HELP ${name} ${family.help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n`);
      out.push(`# TYPE ${name} ${family.kind}\n`);
      for (const row of family.rows.values()) {
        for (const [suffix, labels, value] of row.lines()) {
          out.push(`${name}${suffix}${formatLabels(labels)} ${formatNumber(value)}\n`);
        }
      }
    }
    return out.join('');
  }

  #family(name: string, help: string, kind: Kind): Family {
    const found = this.#families.get(name);
    if (found) {
      assert(found.kind === kind, `${name} is a ${found.kind}, not a ${kind}`);
      return found;
    }
    assert(NAME_FORM.test(name), `${name} is a name of a series`);
    const family: Family = { name, help, kind, rows: new Map() };
    this.#families.set(name, family);
    return family;
  }

  #row<T extends Row>(family: Family, labels: CounterLabels, make: () => T): T {
    const key = keyOf(labels);
    const found = family.rows.get(key);
    if (found) return found as T;
    const row = make();
    family.rows.set(key, row);
    return row;
  }
}

export interface HistogramOptions {
  readonly bounds: readonly number[];
  readonly labels?: CounterLabels;
}

export interface ReadingOptions {
  readonly read: () => number;
  readonly labels?: CounterLabels;
}

function keyOf(labels: CounterLabels): string {
  const names = Object.keys(labels).sort();
  for (const name of names) assert(LABEL_FORM.test(name), `${name} is a label name`);
  return JSON.stringify(names.map((name) => [name, labels[name]]));
}

function formatLabels(labels: CounterLabels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
