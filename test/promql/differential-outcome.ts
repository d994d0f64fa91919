// An answer of either server as rows of numbers, and how two of them differ. Values may differ by
// one part in 1e9. Easy to get wrong: both refusing is equal only when both call it the same kind
// of mistake.
import type { Asked } from './differential-words.ts';

const RELATIVE_MAX = 1e-9;

interface HistogramJson {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly [number, string, string, string][];
}

interface Series {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
  readonly values?: [number, string][];
  readonly histogram?: [number, HistogramJson];
  readonly histograms?: [number, HistogramJson][];
}

/** Rows by labels in the order of the answer, or the kind of failure as the API names it. */
export type Outcome =
  | {
      readonly rows: ReadonlyMap<string, ReadonlyMap<number, number>>;
      /** Warnings and infos. */
      readonly notes?: readonly string[];
    }
  | `failed: ${string}`;

/** Whether it is no answer. */
export function failed(outcome: Outcome): outcome is `failed: ${string}` {
  return typeof outcome === 'string';
}

/** What a server says to a query. */
export async function ask(
  url: string,
  query: string,
  asked: Asked,
  fresh = false,
): Promise<Outcome> {
  const { startMs, endMs, stepMs } = asked;
  const seconds = (ms: number): string => String(ms / 1000);
  const times: Record<string, string> =
    startMs === endMs
      ? { time: seconds(startMs) }
      : { start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) };
  const path = startMs === endMs ? 'query' : 'query_range';
  // What is kept was told of more instants; notes are compared for those that are asked for.
  const body = new URLSearchParams({ query, ...times, ...(fresh ? { nocache: '1' } : {}) });
  const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body });
  const told = (await answer.json()) as {
    status: string;
    errorType?: string;
    warnings?: string[];
    infos?: string[];
    data: { resultType: string; result: Series[] | [number, string] };
  };
  if (told.status !== 'success') return `failed: ${told.errorType ?? 'no type'}`;
  const { resultType, result } = told.data;
  if (resultType === 'string') return { rows: new Map([[String(result[1]), new Map()]]) };
  const series = resultType === 'scalar' ? [{ metric: {}, value: result }] : result;
  const rows = new Map<string, Map<number, number>>();
  for (const one of series as Series[]) addRows(rows, one);
  return { rows, notes: [...(told.warnings ?? []), ...(told.infos ?? [])].toSorted() };
}

/** Figures and buckets of a histogram become rows of their own; an empty bucket is none. */
function addRows(rows: Map<string, Map<number, number>>, one: Series): void {
  const { metric, value, values, histogram, histograms } = one;
  const labels = JSON.stringify(Object.entries(metric).toSorted());
  const put = (key: string, t: number, v: number): void => {
    const row = rows.get(key) ?? new Map<number, number>();
    rows.set(key, row.set(Math.round(t * 1000), v));
  };
  for (const [t, v] of values ?? (value === undefined ? [] : [value])) put(labels, t, numberOf(v));
  for (const [t, h] of histograms ?? (histogram === undefined ? [] : [histogram])) {
    put(`${labels} count`, t, numberOf(h.count));
    put(`${labels} sum`, t, numberOf(h.sum));
    for (const [rule, lower, upper, count] of h.buckets ?? []) {
      if (numberOf(count) === 0) continue;
      const [low, high] = [lower, upper].map((bound) => numberOf(bound).toPrecision(9));
      put(`${labels} bucket ${rule} ${low} ${high}`, t, numberOf(count));
    }
  }
}

function numberOf(text: string): number {
  return text.endsWith('Inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text);
}

/** Whether two values are the same to one part in 1e9. */
export function close(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return Math.abs(a - b) <= RELATIVE_MAX * Math.max(Math.abs(a), Math.abs(b));
}

/** What differs, or nothing. */
export function difference(mon: Outcome, prometheus: Outcome): string | undefined {
  if (failed(mon) || failed(prometheus)) {
    if (mon === prometheus) return undefined;
    const said = [mon, prometheus].map((one) => (failed(one) ? one : 'an answer'));
    return `mon: ${said[0]}, Prometheus: ${said[1]}`;
  }
  for (const [labels, row] of prometheus.rows) {
    const own = mon.rows.get(labels);
    if (own === undefined) return `mon has no ${labels}: ${[...row.values()].join(' ')}`;
    for (const [t, v] of row) {
      const value = own.get(t);
      if (value === undefined) return `mon has nothing at ${t} of ${labels}, Prometheus ${v}`;
      if (!close(value, v)) return `${labels} at ${t}: mon ${value}, Prometheus ${v}`;
    }
    for (const [t, v] of own) if (!row.has(t)) return `mon has ${v} at ${t} of ${labels}`;
  }
  for (const labels of mon.rows.keys()) {
    if (!prometheus.rows.has(labels)) return `only mon has ${labels}`;
  }
  return undefined;
}

/** Where two answers whose order means something are not in the same order of values. */
export function orderDifference(mon: Outcome, prometheus: Outcome): string | undefined {
  if (failed(mon) || failed(prometheus)) return undefined;
  const [own, other] = [mon, prometheus].map(({ rows }) =>
    [...rows.values()].map((row) => [...row.values()][0]),
  );
  const at = own.findIndex((value, i) => !close(value, other[i]));
  return at < 0 ? undefined : `place ${at}: mon ${own[at]}, Prometheus ${other[at]}`;
}

const PAIR = /encountered for binary operator/;
const OMITTED = / annotations omitted$/;

/** What one side says beside its answer and the other does not. */
export function notesDifference(mon: Outcome, prometheus: Outcome): string | undefined {
  if (failed(mon) || failed(prometheus)) return undefined;
  // Putting infos of lifted buckets together, Prometheus 3.14 counts their samples more than once.
  const [all, theirs] = [mon, prometheus].map(({ notes }) =>
    (notes ?? []).map((note) => note.replace(/over \d+ samples/, 'over')),
  );
  // Of the pairs of an operator that do not go together at one step it tells the last kind alone.
  const told = theirs.some((note) => PAIR.test(note));
  const mine = all.filter((note) => !told || !PAIR.test(note) || theirs.includes(note));
  // Of too many, either side tells some.
  const few = theirs.some((note) => OMITTED.test(note));
  const [own, other] = [mine, theirs].map((notes) =>
    notes.filter((note) => !few || OMITTED.test(note)).join('\n    '),
  );
  return own === other ? undefined : `mon says\n    ${own}\n  Prometheus says\n    ${other}`;
}
