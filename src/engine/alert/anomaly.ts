// Detectors of the unusual, as PromQL: z-score, exponentially weighted mean, and season. A rule
// asks for one, and what runs is plain PromQL that anybody can read and query. Easy to get wrong:
// a constant series has no spread, so the spread never counts as less than a thousandth.
import { UserError } from '../errors.ts';
import { formatDuration } from '../model/duration.ts';
import { check, typeOf } from '../promql/check.ts';
import { format } from '../promql/format.ts';
import { parse } from '../promql/parse.ts';
import { unparen } from '../promql/ast.ts';

export type AnomalyMethod = 'zscore' | 'ewma' | 'seasonal';

export interface AnomalyQuestion {
  /** A selector, or an expression that a subquery can be made of. */
  readonly query: string;
  readonly method: AnomalyMethod;
  readonly windowMs?: number | undefined;
  readonly seasonMs?: number | undefined;
  /** How many standard deviations are unusual. */
  readonly threshold: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Seasons that are looked back at. */
const SEASONS = 3;
/** Weights of windows w/8, w/4, w/2, w: together a staircase under an exponential. */
const STAIRS: readonly (readonly [divisor: number, weight: number])[] = [
  [8, 0.5],
  [4, 0.25],
  [2, 0.15],
  [1, 0.1],
];

/** The PromQL of a detector. @throws UserError when the query is no instant vector. */
export function anomalyExpr(question: AnomalyQuestion): string {
  const { query, method, threshold } = question;
  const tree = parse(query);
  check(tree, query);
  if (typeOf(tree) !== 'vector') throw new UserError('an anomaly is looked for in a vector');
  const plain = unparen(tree);
  const base = format(plain);
  const over = (ms: number, offset = ''): string => {
    const text = formatDuration(Math.max(1000, Math.round(ms / 1000) * 1000));
    return plain.kind === 'selector' ? `${base}[${text}]${offset}` : `(${base})[${text}:]${offset}`;
  };
  const score = scoreOf(method, question, { base, over });
  return format(parse(`abs(${score}) > ${threshold}`));
}

interface Words {
  readonly base: string;
  readonly over: (ms: number, offset?: string) => string;
}

function scoreOf(method: AnomalyMethod, asked: AnomalyQuestion, { base, over }: Words): string {
  if (method === 'seasonal') return seasonal(asked, over);
  const windowMs = asked.windowMs ?? (method === 'zscore' ? HOUR : 2 * HOUR);
  const mean =
    method === 'zscore'
      ? `avg_over_time(${over(windowMs)})`
      : STAIRS.map(([by, weight]) => `${weight} * avg_over_time(${over(windowMs / by)})`).join(
          ' + ',
        );
  const spread = `stddev_over_time(${over(windowMs)})`;
  return `((${base}) - (${mean})) / clamp_min(${spread}, 0.001)`;
}

/** The mean of the last window against the same window of earlier seasons. */
function seasonal(asked: AnomalyQuestion, over: Words['over']): string {
  const seasonMs = asked.seasonMs ?? DAY;
  const windowMs = asked.windowMs ?? Math.max(MINUTE, seasonMs / 24);
  const back = (i: number): string => ` offset ${formatDuration(seasonMs * i)}`;
  const now = `avg_over_time(${over(windowMs)})`;
  const past = Array.from(
    { length: SEASONS },
    (_, i) => `avg_over_time(${over(windowMs, back(i + 1))})`,
  );
  const spread = `stddev_over_time(${over(seasonMs, back(1))})`;
  return `(${now} - (${past.join(' + ')}) / ${SEASONS}) / clamp_min(${spread}, 0.001)`;
}
