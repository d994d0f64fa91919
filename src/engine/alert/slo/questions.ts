// Which terms of a gate go to the server as one query with a label to tell them apart. Stands
// between the plans of all SLOs and the asking. Easy to get wrong: a term has several labels that
// it could be told apart by, and the one that most others share is taken; two labels reach pairs of
// values that nobody asked for; and what a server refuses together has to be asked in halves, down
// to the term alone as it was written.
import { SLO_SPREAD_MAX, SLO_VALUES_PER_QUERY } from '../../limits-slo.ts';
import { joinedQuery, shapeOf } from './lifted-query.ts';
import type { LiftedQuery } from './lifted-query.ts';
import { shapeFor } from './query-template.ts';

/** One question to a server about an instant. */
export interface Term {
  readonly query: string;
  readonly timeMs: number;
  /** The same, open to be asked together with others, and its window. */
  readonly lifted?: LiftedQuery;
  readonly windowMs?: number;
}

/** A query for some terms at once. */
export interface Question {
  readonly query: string;
  readonly timeMs: number;
  /** Places of the terms. */
  readonly terms: readonly number[];
  /** What tells them apart; absent for one term. */
  readonly joined?: Joined;
}

export interface Joined {
  readonly labels: readonly string[];
  readonly shape: string;
  /** Of each label one a term. */
  readonly values: readonly (readonly string[])[];
}

/** A shape of lifted queries with these labels open. */
interface Way {
  readonly shape: string;
  readonly labels: readonly string[];
  readonly values: readonly string[];
}

/** How a lifted query is grouped: by one label, and such groups with one another by a second. */
interface Chosen {
  /** Numbers of the two shapes: their texts are long. */
  readonly group: number;
  readonly cluster: number;
  readonly one: Way;
  readonly two?: Way;
}

/** Groups that go into one query. */
interface Cluster {
  readonly groups: number[][];
  readonly values: readonly [Set<string>, Set<string>];
  size: number;
}

/** All terms as questions, in the order of their first terms. */
export function questionsOf(terms: readonly Term[]): Question[] {
  const chosen = chosenShapes(terms);
  const groups = new Map<string, number[]>();
  const order: (Question | number[])[] = [];
  terms.forEach(({ query, timeMs, windowMs, lifted }, i) => {
    const choice = lifted === undefined ? undefined : chosen.get(lifted);
    if (choice === undefined || windowMs === undefined) {
      order.push({ query, timeMs, terms: [i] });
      return;
    }
    const key = `${timeMs} ${windowMs} ${choice.group}`;
    const open = groups.get(key);
    if (open !== undefined && open.length < SLO_VALUES_PER_QUERY) return void open.push(i);
    const group = [i];
    groups.set(key, group);
    order.push(group);
  });
  const choiceOf = (i: number): Chosen => chosen.get(terms[i].lifted as LiftedQuery) as Chosen;
  return clustered(order, terms, choiceOf).map((one) => {
    if (!('groups' in one)) return one;
    const places = one.groups.flat();
    const choices = places.map(choiceOf);
    const ways = one.groups.length === 1 ? choices.map((own) => own.one) : choices.map(secondOf);
    const { timeMs, windowMs } = terms[places[0]];
    const shape = shapeFor(ways[0].shape, windowMs as number);
    const values = ways[0].labels.map((_, label) => ways.map((way) => way.values[label]));
    return question(places, { labels: ways[0].labels, shape, values }, terms, timeMs);
  });
}

function secondOf({ one, two }: Chosen): Way {
  return two ?? one;
}

/** Groups that differ in a second label, put together as far as they ask for little more so. */
function clustered(
  order: readonly (Question | number[])[],
  terms: readonly Term[],
  choiceOf: (term: number) => Chosen,
): (Question | Cluster)[] {
  const open = new Map<string, Cluster>();
  const out: (Question | Cluster)[] = [];
  for (const group of order) {
    if (!Array.isArray(group)) {
      out.push(group);
      continue;
    }
    const { two, cluster } = choiceOf(group[0]);
    const { timeMs, windowMs } = terms[group[0]];
    const key = `${timeMs} ${windowMs} ${cluster}`;
    const known = two === undefined ? undefined : open.get(key);
    if (known !== undefined && joins(known, group, choiceOf)) continue;
    const own: Cluster = { groups: [], values: [new Set(), new Set()], size: 0 };
    joins(own, group, choiceOf);
    open.set(key, own);
    out.push(own);
  }
  return out;
}

/** Takes a group into the cluster, unless that became too large or too wide. */
function joins(cluster: Cluster, group: number[], choiceOf: (term: number) => Chosen): boolean {
  const { groups, values } = cluster;
  const size = cluster.size + group.length;
  if (groups.length > 0 && size > SLO_VALUES_PER_QUERY) return false;
  const ways = group.map((i) => secondOf(choiceOf(i)));
  const more = values.map((known, label) => {
    const own = new Set(ways.map((way) => way.values[label] ?? ''));
    return [...own].filter((value) => !known.has(value));
  });
  const [firsts, seconds] = [values[0].size + more[0].length, values[1].size + more[1].length];
  if (groups.length > 0 && firsts * seconds > SLO_SPREAD_MAX * size) return false;
  groups.push(group);
  cluster.size = size;
  for (const [label, known] of values.entries()) more[label].forEach((value) => known.add(value));
  return true;
}

function question(
  places: readonly number[],
  joined: Joined,
  terms: readonly Term[],
  timeMs: number,
): Question {
  if (places.length === 1) return { query: terms[places[0]].query, timeMs, terms: places };
  const values = joined.values.map((list) => [...new Set(list)]);
  return { query: joinedQuery(joined.shape, values), timeMs, terms: places, joined };
}

/** The halves of a question for several terms. */
export function halvesOf(
  { terms: places, joined, timeMs }: Question,
  terms: readonly Term[],
): Question[] {
  if (joined === undefined) return [];
  const middle = places.length >> 1;
  return [
    [0, middle],
    [middle, places.length],
  ].map(([from, to]) => {
    const values = joined.values.map((list) => list.slice(from, to));
    return question(places.slice(from, to), { ...joined, values }, terms, timeMs);
  });
}

/** For each query the label by which it is asked together with most others, and a second. */
function chosenShapes(terms: readonly Term[]): Map<LiftedQuery, Chosen> {
  const open = new Map<LiftedQuery, Way[]>();
  const values = new Map<string, Set<string>>();
  for (const { lifted } of terms) {
    if (lifted === undefined || open.has(lifted)) continue;
    const ways = lifted.labels.map(([label, value], i) => {
      const shape = shapeOf(lifted, [i]);
      const known = values.get(shape);
      if (known === undefined) values.set(shape, new Set([value]));
      else known.add(value);
      return { shape, labels: [label], values: [value] };
    });
    open.set(lifted, ways);
  }
  const best = new Map<LiftedQuery, number>();
  for (const [lifted, ways] of open) {
    const counts = ways.map(({ shape }) => values.get(shape)?.size ?? 0);
    best.set(lifted, counts.indexOf(Math.max(...counts)));
  }
  const seconds = secondShapes(best, open);
  const out = new Map<LiftedQuery, Chosen>();
  const [groups, clusters] = [new Map<string, number>(), new Map<string, number>()];
  for (const [lifted, first] of best) {
    const one = (open.get(lifted) as Way[])[first];
    const second = seconds.get(one.shape);
    if (second === undefined && (values.get(one.shape)?.size ?? 0) < 2) continue;
    const group = numberOf(groups, one.shape);
    const cluster = numberOf(clusters, second?.shape ?? '');
    const two = second && { ...second, values: [one.values[0], second.values[1]] };
    out.set(lifted, { group, cluster, one, ...(two === undefined ? {} : { two }) });
  }
  return out;
}

function numberOf(numbers: Map<string, number>, text: string): number {
  const known = numbers.get(text) ?? numbers.size;
  numbers.set(text, known);
  return known;
}

/** For each shape with one open label the same with a second, where other shapes have that too. */
function secondShapes(
  best: ReadonlyMap<LiftedQuery, number>,
  open: ReadonlyMap<LiftedQuery, readonly Way[]>,
): Map<string, Way> {
  const ways = new Map<string, Way[]>();
  const shared = new Map<string, number>();
  for (const [lifted, first] of best) {
    const { shape: own } = (open.get(lifted) as Way[])[first];
    if (ways.has(own)) continue;
    const more = lifted.labels.flatMap(([label, value], i): Way[] => {
      if (i === first) return [];
      const shape = shapeOf(lifted, [first, i]);
      shared.set(shape, (shared.get(shape) ?? 0) + 1);
      const [[name, firstValue]] = [lifted.labels[first]];
      return [{ shape, labels: [name, label], values: [firstValue, value] }];
    });
    ways.set(own, more);
  }
  const out = new Map<string, Way>();
  for (const [own, more] of ways) {
    const count = ({ shape }: Way): number => shared.get(shape) ?? 0;
    const most = more.toSorted((a, b) => count(b) - count(a))[0];
    if (most !== undefined && count(most) > 1) out.set(own, most);
  }
  return out;
}
