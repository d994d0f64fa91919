// The groups of a partial aggregate in the shard: one scratch row that each series fills and that
// is folded into its group at once, so that memory is by groups, not by series.
import { labelsKey } from '../model/labels.ts';
import { GroupRow, carriesCounts, closeRow, foldRow, isDeviation } from './accumulate.ts';
import { groupingOf } from './names.ts';
import { anyMarked } from './leaf-rows.ts';
import { tooManySamples } from './query-failure.ts';
import type { FragmentAggregate, Matrix } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';

export class GroupedRows {
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly at = 0;
  readonly #aggregate: FragmentAggregate;
  readonly #steps: number;
  readonly #cellsMax: number;
  readonly #group: (labels: Labels) => Labels;
  readonly #index = new Map<string, GroupRow>();
  readonly #labels: Labels[] = [];

  constructor(aggregate: FragmentAggregate, steps: number, cellsMax: number) {
    this.#aggregate = aggregate;
    this.#steps = steps;
    this.#cellsMax = cellsMax;
    this.#group = groupingOf(aggregate.names, aggregate.by);
    this.values = new Float64Array(steps);
    this.present = new Uint8Array(steps);
  }

  open(): void {
    this.present.fill(0);
  }

  any(): boolean {
    return anyMarked(this.present, 0, this.#steps);
  }

  keep(labels: Labels): void {
    const group = this.#group(labels);
    const key = labelsKey(group);
    let row = this.#index.get(key);
    if (row === undefined) {
      if ((this.#labels.length + 1) * this.#steps > this.#cellsMax) throw tooManySamples();
      row = new GroupRow(this.#aggregate.op, this.#steps);
      this.#index.set(key, row);
      this.#labels.push(group);
    }
    foldRow(this.#aggregate.op)(row, this.values, this.present, 0);
  }

  matrix(): Matrix {
    const { op } = this.#aggregate;
    const rows = [...this.#index.values()];
    for (const row of rows) closeRow(op, row);
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
    };
  }
}

function joined(rows: readonly Float64Array[]): Float64Array {
  const steps = rows[0]?.length ?? 0;
  const out = new Float64Array(rows.length * steps);
  rows.forEach((row, i) => out.set(row, i * steps));
  return out;
}
