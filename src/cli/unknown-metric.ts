// The hint beside an empty answer of `mon query`: a metric that the server does not know, and those
// with names like it. Asks for names once, and only then. Easy to get wrong: it is a help and no
// answer, so it must neither fail a query nor hold one up.
import { MonError, UserError } from '../engine/errors.ts';
import { NAME } from '../engine/model/labels.ts';
import {
  NAMES_COMPARED_MAX,
  metricsNamed,
  unknownMetricWords,
} from '../engine/promql/unknown-metrics.ts';
import type { Clock } from '../engine/runtime/clock.ts';

/** The part of a client that tells names. */
export interface MetricNames {
  labelValues(name: string, question: NamesQuestion): Promise<readonly string[]>;
}

interface NamesQuestion {
  readonly matches?: readonly string[];
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Longer nobody waits for a hint. */
const HINT_MS = 2_000;

/** What to say of the first metric of the query that nobody knows; undefined when all are known. */
export async function unknownMetricHint(
  query: string,
  names: MetricNames,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const named = metricsNamed(query);
  if (named.length === 0) return undefined;
  const late = new AbortController();
  const timer = clock.after(HINT_MS, () => late.abort());
  try {
    const asked = { signal: AbortSignal.any([signal, late.signal]) };
    return await lookedUp(named, names, asked);
  } catch (thrown) {
    if (!(thrown instanceof MonError || thrown instanceof UserError)) throw thrown;
    // A server that tells no names has answered the query all the same.
    return undefined;
  } finally {
    timer.cancel();
  }
}

async function lookedUp(
  named: readonly string[],
  names: MetricNames,
  asked: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const known = await names.labelValues(NAME, { ...asked, limit: NAMES_COMPARED_MAX });
  const all = new Set(known);
  for (const name of named) {
    if (all.has(name)) continue;
    // Of a list that was cut the name may be in the rest.
    if (all.size >= NAMES_COMPARED_MAX) {
      const matches = [`{__name__=${JSON.stringify(name)}}`];
      const found = await names.labelValues(NAME, { ...asked, matches, limit: 1 });
      if (found.length > 0) continue;
    }
    return unknownMetricWords(name, known);
  }
  return undefined;
}
