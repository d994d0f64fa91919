// Runs a plan: fetches all leaf fragments at once through a callback, then computes the root, node
// by node, each for all steps. The root itself is synchronous; `checkpoint` is called between
// nodes, so that a timeout or a lost client ends it.
import { assert } from '../errors.ts';
import { gridSize } from '../model/fragment.ts';
import { QueryNotes } from './notes.ts';
import { Root } from './root.ts';
import { emptyMatrix, sortedMatrix } from './merge.ts';
import { sameLabels } from './query-failure.ts';
import { dropMarked, hasTwins } from './vector.ts';
import type { Fragment, FragmentResult, Matrix } from '../model/fragment.ts';
import type { Plan } from './plan-node.ts';
import type { QueryResult } from '../model/query-result.ts';
import type { Vector } from './vector.ts';

export interface EvaluateOptions {
  /** Answers one fragment from all sources, merged (merge.ts). */
  readonly fragment: (fragment: Fragment) => Promise<FragmentResult>;
  /** Throws to end the query; called between nodes. */
  readonly checkpoint?: () => void;
}

/** What a query made, without what only the service knows. */
export interface Evaluation {
  readonly result: QueryResult;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly seriesRead: number;
  readonly samplesRead: number;
}

/**
 * @throws MonError MON_QUERY_FAILED when the data do not allow the query, MON_QUERY_LIMIT past its
 *   limits, and whatever the callbacks throw.
 */
export async function evaluate(plan: Plan, options: EvaluateOptions): Promise<Evaluation> {
  const results = await Promise.all(plan.fragments.map((one) => options.fragment(one)));
  options.checkpoint?.();
  const notes = new QueryNotes(plan.source);
  const root = new Root(plan, results, notes, options.checkpoint ?? (() => undefined));
  const result = resultOf(plan, root);
  let seriesRead = 0;
  let samplesRead = 0;
  for (const one of results) {
    seriesRead += one.seriesRead;
    samplesRead += one.samplesRead;
  }
  const { warnings, infos } = notes;
  return { result, warnings, infos, seriesRead, samplesRead };
}

function resultOf(plan: Plan, root: Root): QueryResult {
  const { grid } = plan;
  const timeMs = grid.start;
  if (plan.root.kind === 'samples') return { type: 'samples', raw: root.samples(plan.root) };
  const value = root.evaluate(plan.root);
  if (value.type === 'string') return { type: 'string', timeMs, value: value.text };
  if (value.type === 'scalar') {
    if (plan.instant) return { type: 'scalar', timeMs, value: value.values[0] };
    return { type: 'matrix', grid, matrix: scalarMatrix(value.values) };
  }
  const vector = plan.delayedNames ? dropMarked(value.vector) : value.vector;
  if (hasTwins(vector)) throw sameLabels();
  const matrix = matrixOf(vector, gridSize(grid));
  if (plan.instant) return { type: 'vector', timeMs, matrix };
  return { type: 'matrix', grid, matrix: shaped(sortedMatrix(matrix)) };
}

/** Without what only partial aggregates have; floats alone always look the same. */
function shaped({ labels, steps, values, present, histograms }: Matrix): Matrix {
  const floats = { labels, steps, values, present };
  return histograms === undefined ? floats : { ...floats, histograms };
}

function matrixOf(vector: Vector, steps: number): Matrix {
  const { labels, values, present, histograms } = vector;
  if (labels.length === 0) return emptyMatrix(steps);
  assert(vector.steps === steps, 'the root has the steps of the query');
  const any = histograms?.some((one, at) => one !== undefined && present[at] !== 0) === true;
  return shaped({ labels, steps, values, present, ...(any ? { histograms } : {}) });
}

function scalarMatrix(values: Float64Array): Matrix {
  const present = new Uint8Array(values.length).fill(1);
  return { labels: [[]], steps: values.length, values, present };
}
