// From a plan to what `explain` tells: the tree with estimates, and after a run also what each step
// did. The query service calls it when it is the asker's turn. Easy to get wrong: an analysis runs
// the same fragments and the same root as the query itself, only watched.
import { gridSize } from '../model/fragment.ts';
import { MeasuredRoot } from '../promql/measure.ts';
import { QueryNotes } from '../promql/notes.ts';
import { planSteps, totalCost } from '../promql/plan-steps.ts';
import { resultBytes } from './result-bytes.ts';
import type { Actuals } from '../promql/plan-steps.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Estimate } from '../ports.ts';
import type { Explanation, StepActual } from '../model/explanation.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Plan } from '../promql/plan-node.ts';

/** What the service knows beside the plan. */
export interface Told {
  readonly query: string;
  readonly canonical: string;
  readonly maxCost: number;
  /** Why results are not kept; empty when they are. */
  readonly whyNot: string;
}

export interface AnalyzeOptions {
  readonly clock: Clock;
  readonly fetch: (fragment: Fragment) => Promise<FragmentResult>;
  readonly checkpoint: () => void;
}

/** The explanation of a plan; with `analyze` it is run and measured. */
export async function explained(
  plan: Plan,
  estimates: readonly Estimate[],
  told: Told,
  analyze?: AnalyzeOptions,
): Promise<Explanation> {
  const begin = analyze?.clock.monotonic() ?? 0;
  const run = analyze === undefined ? undefined : await measured(plan, analyze);
  const ms = analyze === undefined ? {} : { ms: analyze.clock.monotonic() - begin };
  const tree = planSteps(plan, estimates, run?.actuals);
  return {
    query: told.query,
    canonical: told.canonical,
    steps: gridSize(plan.grid),
    cost: totalCost(tree),
    maxCost: told.maxCost,
    cacheable: told.whyNot === '',
    whyNot: told.whyNot,
    plan: tree,
    ...ms,
    warnings: run?.warnings ?? [],
  };
}

async function measured(
  plan: Plan,
  { clock, fetch, checkpoint }: AnalyzeOptions,
): Promise<{ actuals: Actuals; warnings: readonly string[] }> {
  const begin = clock.monotonic();
  const fragments: (StepActual | undefined)[] = [];
  const results = await Promise.all(
    plan.fragments.map(async (fragment, i) => {
      const result = await fetch(fragment);
      const rows = result.matrix?.labels.length ?? result.raw?.labels.length ?? 0;
      const ms = clock.monotonic() - begin;
      fragments[i] = { rows, samples: result.samplesRead, bytes: resultBytes(result), ms };
      return result;
    }),
  );
  checkpoint();
  const notes = new QueryNotes(plan.source);
  const root = new MeasuredRoot(plan, results, notes, checkpoint);
  root.monotonic = () => clock.monotonic();
  if (plan.root.kind === 'samples') root.samples(plan.root);
  else root.evaluate(plan.root);
  return { actuals: { nodes: root.actuals, fragments }, warnings: notes.warnings };
}
