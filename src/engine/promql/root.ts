// The root of a query: walks the plan and dispatches each node to the file that computes it. Equal
// fragments were fetched once; a node's value is computed once, where it stands.
import { assert } from '../errors.ts';
import { gridSize } from '../model/fragment.ts';
import { isDeviation, finishRow } from './accumulate.ts';
import { absentOf } from './absent.ts';
import { finishMixes } from './accumulate-mixed.ts';
import { multiplied } from './histogram-math.ts';
import { evaluateAggregate } from './aggregate.ts';
import { evaluateBinary } from './binary.ts';
import { evaluateCall } from './root-call.ts';
import { cutToWindow } from './extended.ts';
import { joinInfo } from './info.ts';
import { evaluateRange, samplesOf, strictly } from './range-at-root.ts';
import { dropMarked, dropNames, emptyVector, vectorOf, withoutEmptyRows } from './vector.ts';
import { sortedRaw } from './merge-raw.ts';
import { tooManySamples } from './query-failure.ts';
import type { EvalContext } from './context.ts';
import type { FragmentResult, Grid, RawSamples } from '../model/fragment.ts';
import type { Plan, PlanNode, RangeSource } from './plan-node.ts';
import type { QueryNotes } from './notes.ts';
import type { SampleSeries } from './range-at-root.ts';
import type { Value, Vector } from './vector.ts';

type NodeOf<K extends PlanNode['kind']> = Extract<PlanNode, { kind: K }>;

export class Root {
  readonly #plan: Plan;
  readonly #results: readonly FragmentResult[];
  readonly #context: EvalContext;
  readonly #checkpoint: () => void;

  constructor(
    plan: Plan,
    results: readonly FragmentResult[],
    notes: QueryNotes,
    checkpoint: () => void,
  ) {
    this.#plan = plan;
    this.#results = results;
    this.#checkpoint = checkpoint;
    const { delayedNames, instant, maxSamples } = plan;
    this.#context = { notes, delayed: delayedNames, instant, cellsMax: maxSamples };
  }

  evaluate(node: PlanNode): Value {
    this.#checkpoint();
    switch (node.kind) {
      case 'number':
        return { type: 'scalar', values: new Float64Array(gridSize(node.grid)).fill(node.value) };
      case 'string':
        return { type: 'string', text: node.value };
      case 'time':
        return { type: 'scalar', values: instants(node.grid) };
      case 'empty':
        return { type: 'vector', vector: emptyVector(0) };
      case 'leaf':
        return { type: 'vector', vector: this.#leaf(node) };
      case 'range':
        return { type: 'vector', vector: this.#range(node) };
      case 'call':
        return evaluateCall(
          node,
          node.args.map((arg) => this.evaluate(arg)),
          this.#context,
        );
      case 'absent': {
        const inner = this.#vector(node.inner, node.grid);
        return { type: 'vector', vector: absentOf(inner, node.labels, node.drops) };
      }
      case 'info': {
        const base = this.#vector(node.inner, node.grid);
        const vector = joinInfo(base, this.#seen(node), node.asked, this.#context);
        return { type: 'vector', vector };
      }
      case 'aggregate': {
        const param = node.param === undefined ? undefined : this.evaluate(node.param);
        const inner = this.#vector(node.inner, node.grid);
        const vector = evaluateAggregate(node.expr, inner, param, this.#context);
        return { type: 'vector', vector };
      }
      case 'binary': {
        const left = this.evaluate(node.left);
        return evaluateBinary(node.expr, left, this.evaluate(node.right), this.#context);
      }
      case 'negate':
        return this.#negate(node);
      case 'once':
        return this.#repeat(node);
      case 'samples':
        throw new Error('samples stand only at the top');
    }
  }

  /** The raw samples of a range selector or subquery that is the whole query. */
  samples(node: NodeOf<'samples'>): RawSamples {
    const found = this.#samples(node.source);
    const { drops } = found;
    const { extend } = node;
    const raw = extend === undefined ? found.raw : cutToWindow(found.raw, extend, node);
    if (node.source.kind === 'raw' || !this.#plan.delayedNames) return sortedRaw(raw);
    const steps = 0;
    const none = { values: new Float64Array(0), present: new Uint8Array(0) };
    const { labels } = dropMarked({ labels: raw.labels, drops, steps, ...none });
    return sortedRaw({ ...raw, labels });
  }

  #vector(node: PlanNode, grid: Grid): Vector {
    const value = this.evaluate(node);
    assert(value.type === 'vector', 'the check asked for a vector');
    const steps = Math.max(0, gridSize(grid));
    return value.vector.labels.length === 0 ? emptyVector(steps) : value.vector;
  }

  #leaf(node: NodeOf<'leaf'>): Vector {
    const result = this.#results[node.fragment];
    const { aggregate } = this.#plan.fragments[node.fragment];
    const { notes, delayed } = this.#context;
    notes.take(result.warnings, result.infos, node.span);
    const { aggregateWarnings = [], aggregateInfos = [] } = result;
    const { outer = node.span } = node;
    notes.take(aggregateWarnings, aggregateInfos, outer);
    const steps = gridSize(node.grid);
    if (result.matrix === undefined || result.matrix.labels.length === 0) return emptyVector(steps);
    assert(result.matrix.steps === steps, 'a fragment answers all steps of its grid');
    const matrix = finishMixes(result.matrix, notes.at(outer));
    let { values } = matrix;
    if (aggregate !== undefined && isDeviation(aggregate.op)) {
      values = values.slice();
      const { counts = values, squares = values } = matrix;
      finishRow(aggregate.op, { values, counts, squares });
    }
    const { labels, present, histograms } = matrix;
    const drops = new Uint8Array(labels.length);
    const whole = { labels, drops, steps, values, present, histograms };
    // A group of which nothing is left, or none but histograms, has no row.
    const vector = aggregate === undefined ? whole : withoutEmptyRows(whole);
    return node.named ? strictly(dropNames, vector, delayed) : vector;
  }

  /** The info series with the times of their samples. */
  #seen({ fragment }: NodeOf<'info'>): Vector {
    const { matrix } = this.#results[fragment];
    if (matrix === undefined || matrix.labels.length === 0) return emptyVector(1);
    return vectorOf({ ...matrix, drops: new Uint8Array(matrix.labels.length) });
  }

  #samples(source: RangeSource): SampleSeries {
    if (source.kind === 'subquery') {
      return samplesOf(this.#vector(source.inner, source.grid), source.grid);
    }
    const { raw } = this.#results[source.fragment];
    assert(raw !== undefined, 'a raw fragment answers samples');
    return { raw, drops: new Uint8Array(raw.labels.length) };
  }

  #range(node: NodeOf<'range'>): Vector {
    const args = node.args.map((arg) => {
      const value = this.evaluate(arg);
      assert(value.type === 'scalar', 'range functions take scalars beside the range');
      return value.values;
    });
    if (node.source.kind === 'raw') {
      const { warnings, infos } = this.#results[node.source.fragment];
      this.#context.notes.take(warnings, infos, node.span);
    }
    return evaluateRange(node, this.#samples(node.source), args, this.#context);
  }

  #negate(node: NodeOf<'negate'>): Value {
    const value = this.evaluate(node.inner);
    assert(value.type !== 'string', 'the check refused strings');
    if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((v) => -v) };
    const { values, histograms } = value.vector;
    const negated = vectorOf({
      ...value.vector,
      values: values.map((v) => -v),
      histograms: histograms?.map((one) => (one === undefined ? one : multiplied(one, -1))),
    });
    return { type: 'vector', vector: dropNames(negated, this.#context.delayed) };
  }

  #repeat(node: NodeOf<'once'>): Value {
    const value = this.evaluate(node.inner);
    const steps = gridSize(node.grid);
    if (value.type === 'string') return value;
    if (value.type === 'scalar') {
      return { type: 'scalar', values: new Float64Array(steps).fill(value.values[0]) };
    }
    const { labels, drops, values, present, histograms } = value.vector;
    const cells = labels.length * steps;
    if (cells > this.#context.cellsMax) throw tooManySamples();
    const out = { values: new Float64Array(cells), present: new Uint8Array(cells) };
    for (let r = 0; r < labels.length; r++) {
      out.values.fill(values[r], r * steps, (r + 1) * steps);
      out.present.fill(present[r], r * steps, (r + 1) * steps);
    }
    const column = histograms?.flatMap((one) => Array.from({ length: steps }, () => one));
    return { type: 'vector', vector: { labels, drops, steps, ...out, histograms: column } };
  }
}

/** The instants of a grid in seconds. */
function instants(grid: Grid): Float64Array {
  const out = new Float64Array(gridSize(grid));
  for (let i = 0; i < out.length; i++) out[i] = (grid.start + i * grid.step) / 1000;
  return out;
}
