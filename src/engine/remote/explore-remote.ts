// The explorer over a link: the process that answers queries counts who asks for what, the one that
// people reach passes their questions on. Between the API and the role that counts. Easy to get
// wrong: what is only counted must never hold up, or fail, the answer that it is counted for.
import type { CardinalityReport } from '../model/cardinality-report.ts';
import type {
  Exploration,
  ExploreQuestion,
  ExploreView,
  PolicyReport,
  Uses,
} from '../model/exploration.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Methods } from './calls.ts';
import type { Calling } from './link.ts';
import { takeNumber, takeText } from './log-wire.ts';
import { takeSelections } from './source-remote.ts';

function takeQuestion(value: unknown): ExploreQuestion {
  const { rows, label, matchers } = (value ?? {}) as Partial<ExploreQuestion>;
  return {
    rows: takeNumber(rows),
    ...(label === undefined ? {} : { label: takeText(label) }),
    ...(matchers === undefined ? {} : { matchers: takeSelections([matchers])[0] }),
  };
}

export function exploreMethods(view: ExploreView): Methods {
  return {
    explore: async ([question]) => view.explore(takeQuestion(question)),
    uses: async () => {
      const { sinceMs, metrics } = await view.uses();
      return { sinceMs, metrics: [...metrics] };
    },
    selected: async ([selections]) => view.selected(takeSelections(selections)),
  };
}

export class RemoteExplore implements ExploreView {
  readonly #link: Calling;

  constructor(link: Calling) {
    this.#link = link;
  }

  async explore(question: ExploreQuestion): Promise<Exploration | undefined> {
    return (await this.#link.call('explore', [question])) as Exploration | undefined;
  }

  async uses(): Promise<Uses> {
    return (await this.#link.call('uses', [])) as Uses;
  }

  selected(selections: readonly (readonly Matcher[])[]): void {
    // Not counted is better than not answered.
    this.#link.call('selected', [selections]).catch(() => undefined);
  }
}

/** What a door tells who explores. */
export interface DoorReport {
  readonly guard: CardinalityReport;
  readonly policies: readonly PolicyReport[];
}

/** The reports of all doors as one; undefined of none. */
export function joinDoors(all: readonly DoorReport[], most: number): DoorReport | undefined {
  if (all.length === 0) return undefined;
  const over: Record<string, number> = {};
  const metrics = new Map<string, number>();
  const policies = new Map<string, PolicyReport>();
  for (const { guard, policies: told } of all) {
    for (const [reason, count] of Object.entries(guard.over)) {
      over[reason] = (over[reason] ?? 0) + count;
    }
    for (const { name, series } of guard.metrics) {
      metrics.set(name, (metrics.get(name) ?? 0) + series);
    }
    for (const one of told) policies.set(one.name, joinPolicy(policies.get(one.name), one, most));
  }
  const rows = [...metrics].map(([name, series]) => ({ name, series }));
  const guard = {
    mode: all[0].guard.mode,
    limits: all[0].guard.limits,
    over: over as CardinalityReport['over'],
    metrics: rows.toSorted((a, b) => b.series - a.series).slice(0, most),
    examples: [...new Set(all.flatMap((one) => one.guard.examples))].slice(0, most),
  };
  return { guard, policies: [...policies.values()] };
}

function joinPolicy(
  before: PolicyReport | undefined,
  one: PolicyReport,
  most: number,
): PolicyReport {
  if (before === undefined) return one;
  const metrics = [...new Set([...before.metrics, ...one.metrics])];
  return {
    ...one,
    series: before.series + one.series,
    dropped: before.dropped + one.dropped,
    kept: before.kept + one.kept,
    metrics: metrics.slice(0, most),
    // A metric may pass several doors: as many as one of them has, or as are named.
    metricCount: Math.max(before.metricCount, one.metricCount, metrics.length),
  };
}
