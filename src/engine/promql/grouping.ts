// To which group of an aggregation a label set belongs, remembered from query to query: dashboards
// ask the same again, and a series' labels are the same array each time. Easy to get wrong: a query
// tells groups by their arrays, so nothing may be forgotten while one runs.
import { labelValue, labelsKey } from '../model/labels.ts';
import { groupingOf } from './names.ts';
import type { FragmentAggregate } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';

/** Ways of grouping that are remembered, and groups of each. */
const GROUPINGS_MAX = 64;
const GROUPS_MAX = 20_000;

/** One way of grouping. A label set that is the same array is looked at once. */
export class Grouping {
  readonly #reduce: (labels: Labels) => Labels;
  /** By one name, whose values alone tell groups apart. */
  readonly #single: string | undefined;
  readonly #groups = new Map<string, Labels>();
  #seen = new WeakMap<Labels, Labels>();

  constructor(by: boolean, names: readonly string[]) {
    this.#reduce = groupingOf(names, by);
    this.#single = by && names.length === 1 ? names[0] : undefined;
  }

  /** The group's labels: one array for all series of the group. `once`: they come but now. */
  of(labels: Labels, once: boolean): Labels {
    if (this.#single !== undefined) {
      const value = labelValue(labels, this.#single);
      return this.#groups.get(value) ?? this.#begun(value, this.#reduce(labels));
    }
    const seen = once ? undefined : this.#seen.get(labels);
    if (seen !== undefined) return seen;
    const reduced = this.#reduce(labels);
    const key = labelsKey(reduced);
    const group = this.#groups.get(key) ?? this.#begun(key, reduced);
    if (!once) this.#seen.set(labels, group);
    return group;
  }

  #begun(key: string, group: Labels): Labels {
    this.#groups.set(key, group);
    return group;
  }

  get isFull(): boolean {
    return this.#groups.size >= GROUPS_MAX;
  }
}

const groupings = new Map<string, Grouping>();

/** The grouping of an aggregation, for one query: ask for it anew for the next. */
export function groupingFor({ by, names }: Pick<FragmentAggregate, 'by' | 'names'>): Grouping {
  const key = JSON.stringify([by, names]);
  const known = groupings.get(key);
  if (known !== undefined && !known.isFull) return known;
  if (known === undefined && groupings.size === GROUPINGS_MAX) {
    groupings.delete(groupings.keys().next().value as string);
  }
  const grouping = new Grouping(by, names);
  groupings.set(key, grouping);
  return grouping;
}
