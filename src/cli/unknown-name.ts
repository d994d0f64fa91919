// The hint beside an empty answer: a metric or a label that the server does not know, and those
// with names like it. Asks for names once, and only then. Easy to get wrong: it is a help and no
// answer, so it must neither fail a query nor hold one up.
import { MonError, UserError } from '../engine/errors.ts';
import { NAME } from '../engine/model/labels.ts';
import {
  NAMES_COMPARED_MAX,
  metricsNamed,
  unknownMetricWords,
} from '../engine/promql/unknown-metrics.ts';
import { nearest } from './nearest.ts';
import type { Stage } from './stage.ts';

/** The part of a client that tells names of metrics. */
export interface MetricNames {
  labelValues(name: string, question: NamesQuestion): Promise<readonly string[]>;
}

/** The part of a client that tells names of labels. */
export interface LabelNames {
  labelNames(question: NamesQuestion): Promise<readonly string[]>;
}

interface NamesQuestion {
  readonly matches?: readonly string[];
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

type Waiting = Pick<Stage, 'clock' | 'signal'>;

/** Longer nobody waits for a hint. */
const HINT_MS = 2_000;

/** What to say of the first metric of the query that nobody knows; undefined when all are known. */
export async function unknownMetricHint(
  query: string,
  names: MetricNames,
  { clock, signal }: Waiting,
): Promise<string | undefined> {
  const named = metricsNamed(query);
  if (named.length === 0) return undefined;
  return await soon({ clock, signal }, async (asked) => await lookedUp(named, names, asked));
}

/** Says it on stderr. */
export async function tellUnknownMetric(
  query: string,
  names: MetricNames,
  stage: Stage,
): Promise<void> {
  const hint = await unknownMetricHint(query, names, stage);
  if (hint !== undefined) await stage.note(`hint: ${hint}`);
}

/** Says on stderr that no series has the label, and which has a name like it. */
export async function tellUnknownLabel(
  label: string,
  names: LabelNames,
  stage: Stage,
): Promise<void> {
  const hint = await soon(stage, async (asked) => {
    const known = await names.labelNames(asked);
    if (known.includes(label)) return undefined;
    const near = nearest(label, known);
    const meant = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
    return `no label ${JSON.stringify(label)}${meant}`;
  });
  if (hint !== undefined) await stage.note(`hint: ${hint}`);
}

/** What is found out in a while that nobody minds; undefined when it takes longer, or fails. */
async function soon<T>(
  { clock, signal }: Waiting,
  ask: (asked: { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T | undefined> {
  const late = new AbortController();
  const timer = clock.after(HINT_MS, () => late.abort());
  try {
    return await ask({ signal: AbortSignal.any([signal, late.signal]) });
  } catch (thrown) {
    if (!(thrown instanceof MonError || thrown instanceof UserError)) throw thrown;
    // A server that tells no names has answered the question all the same.
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
