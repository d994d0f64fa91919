// Arithmetic and comparisons between two vectors: one-to-one, many-to-one, one-to-many, with fill.
// Most groups are one row against one row and run as one loop over the steps. Easy to get wrong:
// what is ambiguous is ambiguous at a step, so series that follow one another (churn) match
// without error.
import { assert } from '../errors.ts';
import { dropLabels, keepLabels, labelValue, makeLabels } from '../model/labels.ts';
import { arithmetic, comparison } from './arithmetic.ts';
import { isTrim } from './ast.ts';
import { operate } from './binary-element.ts';
import { groupsOf, matchLabels } from './binary-signature.ts';
import { labelsText } from './labels-text.ts';
import { withoutName } from './names.ts';
import { evaluationFailed } from './query-failure.ts';
import { RowBuilder } from './vector.ts';
import type { Binary } from './ast.ts';
import type { EvalContext } from './context.ts';
import type { Group } from './binary-signature.ts';
import type { Element, Outcome } from './binary-element.ts';
import type { Labels } from '../model/labels.ts';
import type { Notes } from './notes.ts';
import type { Sides } from './binary-sets.ts';
import type { Vector } from './vector.ts';

/** @throws MonError MON_QUERY_FAILED when series match more than one partner at a step. */
export function matchBinary(expr: Binary, sides: Sides, context: EvalContext): Vector {
  return new Match(expr, sides, context).run();
}

const NOBODY = -1;

class Match {
  readonly #expr: Binary;
  /** The side that may have many, and the side of which each signature has one. */
  readonly #many: Vector;
  readonly #one: Vector;
  readonly #swapped: boolean;
  readonly #out: RowBuilder;
  readonly #context: EvalContext;
  readonly #steps: number;
  /** Steps at which the "many" side has any series at all. */
  readonly #manyThere: Uint8Array;
  readonly #compute: (left: number, right: number) => number;
  readonly #keeps: ((left: number, right: number) => boolean) | undefined;
  readonly #fillMany: number | undefined;
  readonly #fillOne: number | undefined;
  /** Where histograms are or the operator is made for them, pairs are looked at one by one. */
  readonly #special: boolean;
  readonly #notes: Notes;

  constructor(expr: Binary, { left, right }: Sides, context: EvalContext) {
    this.#expr = expr;
    this.#context = context;
    this.#swapped = expr.matching.card === 'one-to-many';
    this.#many = this.#swapped ? right : left;
    this.#one = this.#swapped ? left : right;
    this.#steps = left.steps;
    const { fillLeft, fillRight } = expr.matching;
    // As in Prometheus, sides count after the swap: fill_left stands in for the "many" side.
    this.#fillOne = fillRight;
    this.#fillMany = fillLeft;
    this.#out = new RowBuilder(this.#steps, context.cellsMax, this.#many.labels.length);
    this.#manyThere = new Uint8Array(this.#steps);
    const { present } = this.#many;
    for (let at = 0; at < present.length; at++) {
      if (present[at] !== 0) this.#manyThere[at % this.#steps] = 1;
    }
    const holds = comparison(expr.op);
    const operation = arithmetic(expr.op);
    const trims = isTrim(expr.op);
    assert(holds ?? operation ?? trims, 'an operator has a function');
    this.#special = trims || (left.histograms ?? right.histograms) !== undefined;
    this.#notes = context.notes.at(expr);
    const truth = (a: number, b: number): number => (holds?.(a, b) === true ? 1 : 0);
    this.#compute = operation ?? (expr.bool ? truth : (a) => a);
    this.#keeps = holds !== undefined && !expr.bool ? holds : undefined;
  }

  run(): Vector {
    const groups = groupsOf(this.#many, this.#one, this.#expr.matching);
    for (const group of groups) {
      const noFill = this.#fillOne === undefined && this.#fillMany === undefined;
      if (noFill && group.right.length === 0) continue;
      if (group.right.length > 1) this.#refuseDoubles(group);
      if (noFill && group.left.length === 0) continue;
      this.#group(group);
    }
    return this.#out.vector();
  }

  /** Two series of the "one" side at the same step, while the other side has anything. */
  #refuseDoubles(group: Group): void {
    const { present, labels } = this.#one;
    const filled = this.#fillOne !== undefined || this.#fillMany !== undefined;
    for (let i = 0; i < this.#steps; i++) {
      if (this.#manyThere[i] === 0 && !filled) continue;
      const there = group.right.filter((row) => present[row * this.#steps + i] !== 0);
      if (there.length < 2) continue;
      const texts = there.slice(0, 2).map((row) => labelsText(labels[row]));
      const match = labelsText(matchLabels(labels[there[0]], this.#expr.matching));
      const side = this.#swapped ? 'left' : 'right';
      throw evaluationFailed(
        `found duplicate series for the match group ${match} on the ${side} hand-side of the ` +
          `operation: [${texts.toSorted().join(', ')}];many-to-many matching not allowed: ` +
          `matching labels must be unique on one side`,
      );
    }
  }

  /** All pairs of one signature. */
  #group(group: Group): void {
    const steps = this.#steps;
    const single = this.#expr.matching.card === 'one-to-one';
    const taken = single && group.left.length > 1 ? new Uint8Array(steps) : undefined;
    const partners = this.#partners(group);
    const matched = new Uint8Array(this.#fillMany === undefined ? 0 : steps);
    const written = new Map<number, Uint8Array>();
    for (const row of group.left) {
      const rows = new Map<number, number>();
      for (let i = 0; i < steps; i++) {
        if (this.#many.present[row * steps + i] === 0) continue;
        const partner = partners[i];
        if (partner === NOBODY && this.#fillOne === undefined) continue;
        const outcome = this.#special ? this.#outcome(i, row, partner) : undefined;
        if (this.#special && outcome === undefined) continue;
        if (taken !== undefined && taken[i]++ !== 0) {
          throw evaluationFailed(
            'multiple matches for labels: many-to-one matching must be explicit ' +
              '(group_left/group_right)',
          );
        }
        if (matched.length > 0) matched[i] = 1;
        const out = this.#rowOf(row, partner, rows);
        if (!single) this.#refuseTwins(written, out, i);
        if (outcome === undefined) this.#write(out, i, row, partner);
        else this.#put(out, i, outcome);
      }
    }
    if (this.#fillMany !== undefined) this.#fillUnmatched(partners, matched);
  }

  /** For each step the row of the "one" side that is there. */
  #partners(group: Group): Int32Array {
    const out = new Int32Array(this.#steps).fill(NOBODY);
    for (const row of group.right) {
      for (let i = 0; i < this.#steps; i++) {
        if (this.#one.present[row * this.#steps + i] !== 0) out[i] = row;
      }
    }
    return out;
  }

  #refuseTwins(written: Map<number, Uint8Array>, out: number, step: number): void {
    let marks = written.get(out);
    if (marks === undefined) written.set(out, (marks = new Uint8Array(this.#steps)));
    if (marks[step]++ !== 0) {
      throw evaluationFailed(
        'multiple matches for labels: grouping labels must ensure unique matches',
      );
    }
  }

  #rowOf(row: number, partner: number, known: Map<number, number>): number {
    const found = known.get(partner);
    if (found !== undefined) return found;
    const many = this.#many.labels[row];
    const one =
      partner === NOBODY ? matchLabels(many, this.#expr.matching) : this.#one.labels[partner];
    const out = this.#out.row(this.#resultLabels(many, one), this.#expr.bool);
    known.set(partner, out);
    return out;
  }

  #write(out: number, step: number, row: number, partner: number): void {
    const many = row === NOBODY ? this.#fillMany : this.#many.values[row * this.#steps + step];
    const one = partner === NOBODY ? this.#fillOne : this.#one.values[partner * this.#steps + step];
    const left = (this.#swapped ? one : many) as number;
    const right = (this.#swapped ? many : one) as number;
    if (this.#keeps !== undefined && !this.#keeps(left, right)) return;
    this.#out.set(out, step, this.#compute(left, right));
  }

  /** The outcome of a pair that is looked at alone. */
  #outcome(step: number, row: number, partner: number): Outcome | undefined {
    const many = elementOf(this.#many, row, step, this.#steps) ?? (this.#fillMany as number);
    const one = elementOf(this.#one, partner, step, this.#steps) ?? (this.#fillOne as number);
    const { op } = this.#expr;
    return this.#swapped
      ? operate(op, one, many, this.#notes)
      : operate(op, many, one, this.#notes);
  }

  #put(out: number, step: number, outcome: Outcome): void {
    if (this.#expr.bool) this.#out.set(out, step, Number(outcome.holds));
    else if (outcome.holds) this.#out.put(out, step, outcome.value);
  }

  #fillUnmatched(partners: Int32Array, matched: Uint8Array): void {
    const rows = new Map<number, number>();
    for (let i = 0; i < this.#steps; i++) {
      const partner = partners[i];
      if (partner === NOBODY || matched[i] !== 0) continue;
      const outcome = this.#special ? this.#outcome(i, NOBODY, partner) : undefined;
      if (this.#special && outcome === undefined) continue;
      let out = rows.get(partner);
      if (out === undefined) {
        const one = this.#one.labels[partner];
        const many = matchLabels(one, this.#expr.matching);
        out = this.#out.row(this.#resultLabels(many, one), this.#expr.bool);
        rows.set(partner, out);
      }
      if (outcome === undefined) this.#write(out, i, NOBODY, partner);
      else this.#put(out, i, outcome);
    }
  }

  /** The labels of a result from its two sides. */
  #resultLabels(many: Labels, one: Labels): Labels {
    const { matching, op, bool } = this.#expr;
    const renames = arithmetic(op) !== undefined || (bool && !this.#context.delayed);
    let out = renames ? withoutName(many) : many;
    if (matching.card === 'one-to-one') {
      const names = new Set(matching.labels);
      out = matching.on ? keepLabels(out, names) : dropLabels(out, names);
    }
    if (matching.include.length === 0) return out;
    const pairs = new Map<string, string>();
    for (let i = 0; i < out.length; i += 2) pairs.set(out[i], out[i + 1]);
    for (const name of matching.include) pairs.set(name, labelValue(one, name));
    return makeLabels(pairs);
  }
}

/** The value of a row at a step; undefined for nobody's. */
function elementOf(vector: Vector, row: number, step: number, steps: number): Element | undefined {
  if (row === NOBODY) return undefined;
  const at = row * steps + step;
  return vector.histograms?.[at] ?? vector.values[at];
}
