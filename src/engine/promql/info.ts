// info(): series get the labels of the info series that have the same job and instance. Easy to get
// wrong: of several info series for one signature the newest sample wins, and two of the same time
// are an error; a series that is an info series itself passes as it is; labels it has are kept.
import { NAME, keepLabels, labelValue, labelsKey, makeLabels } from '../model/labels.ts';
import { RowBuilder } from './vector.ts';
import { evaluationFailed } from './query-failure.ts';
import { labelsText } from './labels-text.ts';
import { matcherTest } from './regexp.ts';
import type { EvalContext } from './context.ts';
import type { InfoSelection } from './plan-node.ts';
import type { Labels } from '../model/labels.ts';
import type { Vector } from './vector.ts';

const IDENTITY: ReadonlySet<string> = new Set(['instance', 'job']);

/**
 * Joins. `info` holds when each info series was last seen, in seconds; one step if it never moves.
 */
export function joinInfo(
  base: Vector,
  info: Vector,
  asked: InfoSelection,
  context: EvalContext,
): Vector {
  return new Join(base, info, asked, context).run();
}

class Join {
  readonly #base: Vector;
  readonly #info: Vector;
  readonly #asked: InfoSelection;
  readonly #out: RowBuilder;
  /** Name of an info metric -> identity -> its rows. */
  readonly #rows = new Map<string, Map<string, number[]>>();
  readonly #wanted: ReadonlySet<string>;
  /** No matcher asks for a label that has to be there. */
  readonly #optional: boolean;

  constructor(base: Vector, info: Vector, asked: InfoSelection, context: EvalContext) {
    this.#base = base;
    this.#info = info;
    this.#asked = asked;
    this.#out = new RowBuilder(base.steps, context.cellsMax, base.labels.length);
    this.#wanted = new Set(asked.labels.map((matcher) => matcher.name));
    this.#optional = asked.labels.every((matcher) => matcherTest(matcher)(''));
  }

  run(): Vector {
    const { labels } = this.#base;
    const tests = this.#asked.names.map(matcherTest);
    const passes = labels.map((set) => tests.every((test) => test(labelValue(set, NAME))));
    this.#index(labels.filter((_, row) => !passes[row]));
    labels.forEach((set, row) => {
      if (passes[row]) this.#out.addRow(this.#rowOf(set, row), this.#base, row);
      else this.#enrich(set, row);
    });
    return this.#out.vector();
  }

  #rowOf(set: Labels, row: number): number {
    return this.#out.row(set, this.#base.drops[row]);
  }

  /** Sorts the info series that any of the series could match. */
  #index(series: readonly Labels[]): void {
    const values = new Map<string, Set<string>>();
    for (const name of IDENTITY) {
      const found = series.map((set) => labelValue(set, name)).filter((text) => text !== '');
      if (found.length > 0) values.set(name, new Set(found));
    }
    if (values.size === 0) return;
    const { steps, histograms } = this.#info;
    this.#info.labels.forEach((set, row) => {
      for (const [name, known] of values) if (!known.has(labelValue(set, name))) return;
      const cells = histograms?.slice(row * steps, (row + 1) * steps);
      if (cells?.some((cell) => cell !== undefined) === true) {
        const words = 'this should be an info metric, with float samples';
        throw evaluationFailed(`${words}: ${labelsText(set)}`);
      }
      const name = labelValue(set, NAME);
      let byIdentity = this.#rows.get(name);
      if (byIdentity === undefined) this.#rows.set(name, (byIdentity = new Map()));
      const key = labelsKey(keepLabels(set, IDENTITY));
      const rows = byIdentity.get(key);
      if (rows === undefined) byIdentity.set(key, [row]);
      else rows.push(row);
    });
  }

  #enrich(set: Labels, row: number): void {
    const { steps, present, histograms, values } = this.#base;
    const key = labelsKey(keepLabels(set, IDENTITY));
    const candidates = [...this.#rows.values()].map((rows) => rows.get(key) ?? []);
    const known = new Map<string, number>();
    for (let i = 0; i < steps; i++) {
      const at = row * steps + i;
      if (present[at] === 0) continue;
      const chosen = candidates.map((rows) => this.#newest(rows, i)).filter((one) => one >= 0);
      if (chosen.length === 0 && !this.#optional) continue;
      const id = chosen.join(',');
      let out = known.get(id);
      if (out === undefined) {
        out = this.#rowOf(this.#joined(set, chosen), row);
        known.set(id, out);
      }
      this.#out.put(out, i, histograms?.[at] ?? values[at]);
    }
  }

  /** The row of the newest sample at a step, -1 when there is none. */
  #newest(rows: readonly number[], step: number): number {
    const { steps, present, values, labels } = this.#info;
    const at = (row: number): number => row * steps + (steps === 1 ? 0 : step);
    let best = -1;
    for (const row of rows) {
      if (present[at(row)] === 0) continue;
      if (best < 0 || values[at(row)] > values[at(best)]) best = row;
      else if (values[at(row)] === values[at(best)]) {
        const ms = Math.round(values[at(row)] * 1000);
        const [a, b] = [best, row].map((one) => `${labelsText(labels[one])} @ ${ms}`);
        const words = 'found duplicate series for info metric';
        throw evaluationFailed(`${words}: existing ${a}, new ${b}`);
      }
    }
    return best;
  }

  /** The labels of a series with those of its info series. */
  #joined(set: Labels, rows: readonly number[]): Labels {
    const own = new Map<string, string>();
    for (let i = 0; i < set.length; i += 2) own.set(set[i], set[i + 1]);
    const more = new Map<string, string>();
    for (const row of rows) {
      const info = this.#info.labels[row];
      for (let i = 0; i < info.length; i += 2) {
        const [name, value] = [info[i], info[i + 1]];
        if (name === NAME || (this.#wanted.size > 0 && !this.#wanted.has(name))) continue;
        const before = more.get(name);
        if (before !== undefined && before !== value) {
          throw evaluationFailed(`conflicting label: ${name}`);
        }
        if (!own.has(name)) more.set(name, value);
      }
    }
    return more.size === 0 ? set : makeLabels([...own, ...more]);
  }
}
