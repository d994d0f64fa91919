// Which terms of a gate go to the server as one query with a label to tell them apart. Stands
// between the plans of all SLOs and the asking. Easy to get wrong: a term has several labels that
// it could be told apart by, and the one that most others share is taken; and what a server refuses
// together has to be asked in halves, down to the term alone as it was written.
import { SLO_VALUES_PER_QUERY } from '../../limits-slo.ts';
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
  readonly label: string;
  readonly shape: string;
  /** One a term. */
  readonly values: readonly string[];
}

/** How a lifted query is grouped: its shape, the label that is open, and its own value of that. */
interface Chosen {
  readonly shape: string;
  readonly label: string;
  readonly value: string;
}

/** All terms as questions, in the order of their first terms. */
export function questionsOf(terms: readonly Term[]): Question[] {
  const chosen = chosenShapes(terms);
  const groups = new Map<string, number[]>();
  const out: (Question | number[])[] = [];
  terms.forEach(({ query, timeMs, windowMs, lifted }, i) => {
    const choice = lifted === undefined ? undefined : chosen.get(lifted);
    if (choice === undefined || windowMs === undefined) {
      out.push({ query, timeMs, terms: [i] });
      return;
    }
    const key = `${timeMs} ${windowMs} ${choice.shape}`;
    const open = groups.get(key);
    if (open !== undefined && open.length < SLO_VALUES_PER_QUERY) return void open.push(i);
    const group = [i];
    groups.set(key, group);
    out.push(group);
  });
  return out.map((one) => {
    if (!Array.isArray(one)) return one;
    const first = terms[one[0]];
    const choices = one.map((i) => chosen.get(terms[i].lifted as LiftedQuery) as Chosen);
    const shape = shapeFor(choices[0].shape, first.windowMs as number);
    const joined = { label: choices[0].label, shape, values: choices.map(({ value }) => value) };
    return question(one, joined, terms);
  });
}

function question(places: readonly number[], joined: Joined, terms: readonly Term[]): Question {
  const { query, timeMs } = terms[places[0]];
  if (places.length === 1) return { query, timeMs, terms: places };
  return { query: joinedQuery(joined.shape, joined.values), timeMs, terms: places, joined };
}

/** The halves of a question for several terms. */
export function halvesOf({ terms: places, joined }: Question, terms: readonly Term[]): Question[] {
  if (joined === undefined) return [];
  const middle = places.length >> 1;
  return [
    [0, middle],
    [middle, places.length],
  ].map(([from, to]) => {
    const values = joined.values.slice(from, to);
    return question(places.slice(from, to), { ...joined, values }, terms);
  });
}

/** For each query the label by which it is asked together with most others. */
function chosenShapes(terms: readonly Term[]): Map<LiftedQuery, Chosen> {
  const open = new Map<LiftedQuery, Chosen[]>();
  const values = new Map<string, Set<string>>();
  for (const { lifted } of terms) {
    if (lifted === undefined || open.has(lifted)) continue;
    const ways = lifted.labels.map(([label, value], i) => {
      const shape = shapeOf(lifted, i);
      const known = values.get(shape);
      if (known === undefined) values.set(shape, new Set([value]));
      else known.add(value);
      return { shape, label, value };
    });
    open.set(lifted, ways);
  }
  const out = new Map<LiftedQuery, Chosen>();
  for (const [lifted, ways] of open) {
    const count = ({ shape }: Chosen): number => values.get(shape)?.size ?? 0;
    const best = ways.reduce((most, way) => (count(way) > count(most) ? way : most));
    if (count(best) > 1) out.set(lifted, best);
  }
  return out;
}
