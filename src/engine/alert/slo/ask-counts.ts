// Asks a server for many numbers in few queries: each term gets a label with its number, and `or`
// joins them. What a server refuses as a whole is halved until the term that it refuses is alone.
// Easy to get wrong: a failure of the connection is no failure of a term, and a sum of nothing is
// no series, which must not become a zero.
import { MonError, UserError, messageOf } from '../../errors.ts';
import { QUERY_BYTES_MAX, SLO_QUERIES_RUNNING, SLO_TERMS_PER_QUERY } from '../../limits.ts';
import { labelValue } from '../../model/labels.ts';
import type { Matrix } from '../../model/fragment.ts';
import type { Ask } from '../../ports.ts';
import { halvesOf, questionsOf } from './questions.ts';
import type { Question, Term } from './questions.ts';

export type { Term };

const LABEL = 'mon_slo_term';
const PROBE = 'sum(increase(mon_slo_probe[5m] anchored))';
/** Failures that end the run. */
const FINAL: ReadonlySet<string> = new Set([
  'MON_ABORTED',
  'MON_AUTH_REQUIRED',
  'MON_SERVER_UNREACHABLE',
]);
/** Failures that a smaller question may cure; and what of the patience of a run each costs. */
const HALVED: Readonly<Record<string, number>> = {
  MON_BODY_MALFORMED: 1,
  MON_BODY_TOO_LARGE: 1,
  MON_QUERY_FAILED: 1,
  MON_QUERY_LIMIT: 1,
  MON_TIMEOUT: 200,
};
/** Every term of a hundred queries may be wrong; a server that is too slow is asked ten times. */
const PATIENCE = 2000;
/** Half of an answer that lacked something may lack nothing: most often one object is damaged. */
const PARTIAL_COST = 10;
const WARNINGS_MAX = 10;

/** An answer that lacks something: a part is never taken for the whole. */
class PartialAnswer extends MonError {}

export interface Asked {
  readonly ask: Ask;
  readonly signal?: AbortSignal;
  /** Gets what the server warns of, each sentence once. */
  readonly warnings?: Set<string>;
}

/** The number that a query answers, nothing, or why it could not be asked. */
export type Told = number | undefined | Error;

/** Whether the server knows `anchored`; others count by extrapolation. */
export async function countsExactly({ ask, signal }: Asked, timeMs: number): Promise<boolean> {
  try {
    await ask.instant(PROBE, timeMs, { signal, pool: 'adhoc' });
    return true;
  } catch (thrown) {
    const refused = thrown instanceof MonError ? thrown.code === 'MON_QUERY_FAILED' : false;
    if (refused || thrown instanceof UserError) return false;
    throw thrown;
  }
}

/**
 * The answers in the order of the terms; equal terms are asked once.
 * @throws MonError when the server is not there, refuses access, or nobody waits any more.
 */
export async function askAll(terms: readonly Term[], asked: Asked): Promise<Told[]> {
  const numbers = new Map<string, number>();
  const unique: Term[] = [];
  const places = terms.map((term) => {
    const key = `${term.timeMs} ${term.query}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, unique.length);
    return unique.push(term) - 1;
  });
  const told: Told[] = Array.from({ length: unique.length });
  const round: Round = { ...asked, terms: unique, told, patience: PATIENCE };
  const waiting = batches(questionsOf(unique));
  const worker = async (): Promise<void> => {
    for (let batch = waiting.pop(); batch !== undefined; batch = waiting.pop()) {
      await askBatch(batch, round);
    }
  };
  await Promise.all(Array.from({ length: SLO_QUERIES_RUNNING }, worker));
  return places.map((place) => told[place]);
}

/** Questions that go into one query: one instant, a bound of bytes and of terms. */
function batches(questions: readonly Question[]): Question[][] {
  const out: Question[][] = [];
  let open: Question[] = [];
  let [bytes, count] = [0, 0];
  for (const one of questions.toSorted((a, b) => a.timeMs - b.timeMs)) {
    const size = Buffer.byteLength(one.query) + 64;
    const other = open.length > 0 && open[0].timeMs !== one.timeMs;
    const full = count + one.terms.length > SLO_TERMS_PER_QUERY || bytes + size > QUERY_BYTES_MAX;
    if (open.length > 0 && (other || full)) {
      out.push(open);
      open = [];
      [bytes, count] = [0, 0];
    }
    open.push(one);
    bytes += size;
    count += one.terms.length;
  }
  if (open.length > 0) out.push(open);
  return out;
}

type Round = Asked & {
  readonly terms: readonly Term[];
  readonly told: Told[];
  patience: number;
};

async function askBatch(batch: readonly Question[], round: Round): Promise<void> {
  const query = anyOf(batch.map((one, i) => termText(one.query, i)));
  try {
    const { result, whole, warnings } = await round.ask.instant(query, batch[0].timeMs, {
      signal: round.signal,
      pool: 'adhoc',
    });
    for (const one of warnings) {
      if ((round.warnings?.size ?? 0) < WARNINGS_MAX) round.warnings?.add(one);
    }
    if (!whole) throw partial(warnings);
    if (result.type !== 'vector') throw new MonError('MON_SERVER_FAILED', 'no vector came back');
    take(batch, result.matrix, round.told);
  } catch (thrown) {
    const known = thrown instanceof MonError || thrown instanceof UserError;
    if (!known || (thrown instanceof MonError && FINAL.has(thrown.code))) throw thrown;
    const cost = costOf(thrown);
    const halves = halved(batch, round.terms);
    if (halves.length === 0 || cost > round.patience) {
      const failure = new Error(messageOf(thrown));
      for (const { terms } of batch) for (const i of terms) round.told[i] = failure;
      return;
    }
    round.patience -= cost;
    for (const half of halves) await askBatch(half, round);
  }
}

function partial([first = 'something is missing', ...rest]: readonly string[]): PartialAnswer {
  const more = rest.length === 0 ? '' : `; and ${rest.length} more`;
  return new PartialAnswer('MON_SERVER_FAILED', `partial answer: ${first}${more}`);
}

function costOf(thrown: MonError | UserError): number {
  if (thrown instanceof PartialAnswer) return PARTIAL_COST;
  return thrown instanceof UserError ? 1 : (HALVED[thrown.code] ?? Infinity);
}

function halved(batch: readonly Question[], terms: readonly Term[]): (readonly Question[])[] {
  if (batch.length === 1) return halvesOf(batch[0], terms).map((one) => [one]);
  const middle = batch.length >> 1;
  return [batch.slice(0, middle), batch.slice(middle)];
}

/** Numbers of an answer to where they belong. */
function take(batch: readonly Question[], { labels, present, values }: Matrix, told: Told[]): void {
  const places = batch.map(({ terms, joined }) => {
    return new Map(terms.map((term, i) => [keyOf(joined?.values.map((list) => list[i])), term]));
  });
  labels.forEach((set, s) => {
    if (present[s] !== 1) return;
    const number = Number(labelValue(set, LABEL));
    const own = batch[number]?.joined?.labels.map((label) => labelValue(set, label));
    const place = places[number]?.get(keyOf(own));
    if (place !== undefined) told[place] = values[s];
  });
}

/** One text for some values: no two lists make the same. */
function keyOf(values: readonly string[] = []): string {
  return values.length === 1 ? values[0] : values.map((one) => `${one.length} ${one}`).join('');
}

/** All of them by `or`, as a flat tree: a chain would look at the first ones again and again. */
function anyOf(texts: readonly string[]): string {
  if (texts.length === 1) return texts[0];
  const middle = (texts.length + 1) >> 1;
  const [left, right] = [texts.slice(0, middle), texts.slice(middle)].map(anyOf);
  return texts.length === 2 ? `${left} or ${right}` : `(${left}) or (${right})`;
}

function termText(query: string, number: number): string {
  return `label_replace(${query}, "${LABEL}", "${number}", "", "")`;
}
