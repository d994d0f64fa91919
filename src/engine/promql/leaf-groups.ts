// The groups of a partial aggregate in the shard: one scratch row that each series fills and that
// is folded into its group at once, so that memory is by groups, not by series.
import { NAME, labelValue } from '../model/labels.ts';
import { GroupRow, carriesCounts, closeRow, foldRow, isDeviation } from './accumulate.ts';
import { closeMix, foldCells, mixColumns } from './accumulate-mixed.ts';
import { groupingFor } from './grouping.ts';
import { anyMarked } from './gather-rows.ts';
import { tooManySamples } from './query-failure.ts';
import { Slab } from './slab.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { FragmentAggregate, Matrix } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { RowCells } from './accumulate-mixed.ts';
import type { Grouping } from './grouping.ts';
import type { Notes } from './notes.ts';

export interface GroupLimits {
  readonly steps: number;
  readonly cellsMax: number;
  /** Labels are not the same arrays from query to query. */
  readonly once: boolean;
  /** What the aggregation has to say; the function under it has its own. */
  readonly notes: Notes;
}

export class GroupedRows {
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly at = 0;
  #histograms: (FloatHistogram | undefined)[] | undefined;
  readonly #aggregate: FragmentAggregate;
  readonly #limits: GroupLimits;
  readonly #steps: number;
  readonly #grouping: Grouping;
  /** By the group's labels, which are one array for equal ones. */
  readonly #index = new Map<Labels, GroupRow>();
  readonly #labels: Labels[] = [];
  readonly #room = new Slab();

  constructor(aggregate: FragmentAggregate, limits: GroupLimits) {
    this.#aggregate = aggregate;
    this.#limits = limits;
    this.#steps = limits.steps;
    this.#grouping = groupingFor(aggregate);
    this.values = new Float64Array(limits.steps);
    this.present = new Uint8Array(limits.steps);
  }

  open(): void {
    this.present.fill(0);
    if (this.#histograms === undefined) return;
    this.#histograms = undefined;
    // What stood beside a histogram may be a count to others.
    this.values.fill(0);
  }

  putHistogram(step: number, histogram: FloatHistogram): void {
    this.#histograms ??= [];
    this.#histograms[step] = histogram;
  }

  any(): boolean {
    return anyMarked(this.present, 0, this.#steps);
  }

  /** Whether any step of the open row is a float. */
  anyFloat(): boolean {
    const histograms = this.#histograms;
    return this.present.some((mark, i) => mark !== 0 && histograms?.[i] === undefined);
  }

  keep(labels: Labels): void {
    const { values, present } = this;
    this.#fold(labels, { values, present, histograms: this.#histograms, at: 0 });
  }

  /** Rows of floats that were filled elsewhere, side by side. */
  add(labels: readonly Labels[], values: Float64Array, present: Uint8Array, from: number): void {
    for (let i = 0; i < labels.length; i++) {
      const at = from + i * this.#steps;
      this.#fold(labels[i], { values, present, histograms: undefined, at });
    }
  }

  #fold(labels: Labels, cells: RowCells): void {
    const group = this.#grouping.of(labels, this.#limits.once);
    let row = this.#index.get(group);
    if (row === undefined) {
      if ((this.#labels.length + 1) * this.#steps > this.#limits.cellsMax) throw tooManySamples();
      row = new GroupRow(this.#aggregate.op, this.#steps, this.#room);
      this.#index.set(group, row);
      this.#labels.push(group);
    }
    const { op } = this.#aggregate;
    if (cells.histograms === undefined && row.mix === undefined) {
      return foldRow(op)(row, cells.values, cells.present, cells.at);
    }
    foldCells(op, row, cells, { notes: this.#limits.notes, name: labelValue(labels, NAME) });
  }

  matrix(): Matrix {
    const { op } = this.#aggregate;
    const rows = [...this.#index.values()];
    for (const row of rows) {
      closeRow(op, row);
      closeMix(row);
    }
    const present = new Uint8Array(rows.length * this.#steps);
    rows.forEach((row, i) => present.set(row.seen, i * this.#steps));
    return {
      labels: this.#labels,
      steps: this.#steps,
      values: joined(rows.map((row) => row.values)),
      present,
      ...(op === 'sum' ? { lost: joined(rows.map((row) => row.lost)) } : {}),
      ...(carriesCounts(op) ? { counts: joined(rows.map((row) => row.counts)) } : {}),
      ...(isDeviation(op) ? { squares: joined(rows.map((row) => row.squares)) } : {}),
      ...mixColumns(rows, present),
    };
  }
}

function joined(rows: readonly Float64Array[]): Float64Array {
  const steps = rows[0]?.length ?? 0;
  const out = new Float64Array(rows.length * steps);
  rows.forEach((row, i) => out.set(row, i * steps));
  return out;
}
