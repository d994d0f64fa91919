// Asks a server for many numbers in few queries: each term gets a label with its number, and `or`
// joins them. What a server refuses as a whole is halved until the term that it refuses is alone.
// Easy to get wrong: a failure of the connection is no failure of a term, and a sum of nothing is
// no series, which must not become a zero.
import { MonError, UserError, messageOf } from '../../errors.ts';
import { QUERY_BYTES_MAX, SLO_QUERIES_RUNNING, SLO_TERMS_PER_QUERY } from '../../limits.ts';
import { labelValue } from '../../model/labels.ts';
import type { Ask } from '../../ports.ts';

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
const WARNINGS_MAX = 10;

export interface Asked {
  readonly ask: Ask;
  readonly signal?: AbortSignal;
  /** Gets what the server warns of, each sentence once. */
  readonly warnings?: Set<string>;
}

/** The number that a query answers, nothing, or why it could not be asked. */
export type Told = number | undefined | Error;

/** One question to a server about an instant. */
export interface Term {
  readonly query: string;
  readonly timeMs: number;
}

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
  const round = { ...asked, told, patience: PATIENCE };
  const waiting = batches(unique);
  const worker = async (): Promise<void> => {
    for (let batch = waiting.pop(); batch !== undefined; batch = waiting.pop()) {
      await askBatch(batch, unique, round);
    }
  };
  await Promise.all(Array.from({ length: SLO_QUERIES_RUNNING }, worker));
  return places.map((place) => told[place]);
}

/** Numbers of terms that go into one query: one instant, a bound of bytes and of terms. */
function batches(terms: readonly Term[]): number[][] {
  const out: number[][] = [];
  let open: number[] = [];
  let bytes = 0;
  const byTime = terms.map((_, i) => i).sort((a, b) => terms[a].timeMs - terms[b].timeMs);
  for (const i of byTime) {
    const { query, timeMs } = terms[i];
    const size = Buffer.byteLength(query) + 64;
    const other = open.length > 0 && terms[open[0]].timeMs !== timeMs;
    const full = open.length === SLO_TERMS_PER_QUERY || bytes + size > QUERY_BYTES_MAX;
    if (open.length > 0 && (other || full)) {
      out.push(open);
      [open, bytes] = [[], 0];
    }
    open.push(i);
    bytes += size;
  }
  if (open.length > 0) out.push(open);
  return out;
}

type Round = Asked & { readonly told: Told[]; patience: number };

async function askBatch(
  batch: readonly number[],
  terms: readonly Term[],
  round: Round,
): Promise<void> {
  const query = batch.map((i) => termText(terms[i].query, i)).join(' or ');
  try {
    const { timeMs } = terms[batch[0]];
    const { result, whole, warnings } = await round.ask.instant(query, timeMs, {
      signal: round.signal,
      pool: 'adhoc',
    });
    for (const one of warnings) {
      if ((round.warnings?.size ?? 0) < WARNINGS_MAX) round.warnings?.add(one);
    }
    if (!whole) throw new MonError('MON_SERVER_FAILED', `partial answer: ${warnings.join('; ')}`);
    if (result.type !== 'vector') throw new MonError('MON_SERVER_FAILED', 'no vector came back');
    const { labels, present, values } = result.matrix;
    labels.forEach((set, s) => {
      if (present[s] === 1) round.told[Number(labelValue(set, LABEL))] = values[s];
    });
  } catch (thrown) {
    const known = thrown instanceof MonError || thrown instanceof UserError;
    if (!known || (thrown instanceof MonError && FINAL.has(thrown.code))) throw thrown;
    const cost = thrown instanceof UserError ? 1 : (HALVED[thrown.code] ?? Infinity);
    if (batch.length === 1 || cost > round.patience) {
      const failure = new Error(messageOf(thrown));
      for (const i of batch) round.told[i] = failure;
      return;
    }
    round.patience -= cost;
    const middle = batch.length >> 1;
    await askBatch(batch.slice(0, middle), terms, round);
    await askBatch(batch.slice(middle), terms, round);
  }
}

function termText(query: string, number: number): string {
  return `label_replace(${query}, "${LABEL}", "${number}", "", "")`;
}
