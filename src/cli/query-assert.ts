// `mon query --assert '< 0.01'`: a comparison that every sample of the answer has to pass, for
// scripts and CI. Easy to get wrong: NaN passes no comparison but `!=`, a histogram passes none,
// and an answer without samples says nothing good about anything, so it fails too.
import { UserError } from '../engine/errors.ts';
import type { QueryAnswer } from '../engine/model/query-result.ts';
import { parseNumber } from '../engine/promql/literals.ts';
import { answerRows } from './answer-text.ts';
import { EXIT } from './exit-codes.ts';
import { seriesText, valueText } from './series-text.ts';
import type { Stage } from './stage.ts';

export interface Assertion {
  readonly text: string;
  readonly holds: (value: number) => boolean;
  /** No sample at all is as good as samples that pass. */
  readonly emptyOk: boolean;
}

export interface AssertFlags {
  readonly assert?: string;
  readonly 'empty-ok'?: boolean;
  readonly since?: string;
  readonly from?: string;
  readonly to?: string;
  readonly watch?: string;
  readonly graph: boolean;
}

const FORM = /^\s*(<=|>=|==|!=|<|>)\s*([+-]?)\s*(\S+)\s*$/;
/** Samples that are told one by one; the rest is counted. */
const TOLD_MAX = 20;

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/** What the flags demand, if anything. @throws UserError for what is no comparison. */
export function assertionOf(flags: AssertFlags): Assertion | undefined {
  const { assert: text, 'empty-ok': emptyOk = false } = flags;
  if (text === undefined) {
    if (!emptyOk) return undefined;
    throw new UserError('--empty-ok belongs to --assert', { hint: 'mon help query' });
  }
  const match = FORM.exec(text);
  const number = match === null ? undefined : parseNumber(match[3]);
  if (match === null || number === undefined) {
    const hint = "write a comparison with a number, such as --assert '< 0.01'";
    throw new UserError(`--assert ${JSON.stringify(text)} is no comparison`, { hint });
  }
  const { since, from, to, watch, graph } = flags;
  if (watch !== undefined || graph || (since ?? from ?? to) !== undefined) {
    const hint = 'ask for one instant; a range becomes one number by max_over_time(EXPR[1h:])';
    throw new UserError('--assert compares the samples of one instant', { hint });
  }
  const [, op, sign, digits] = match;
  const bound = sign === '-' ? -number.value : number.value;
  const compare = COMPARE[op];
  return {
    text: `${op} ${sign === '-' ? '-' : ''}${digits}`,
    holds: (value) => compare(value, bound),
    emptyOk,
  };
}

/** Tells which samples do not pass; the exit code is 0 or 3. @throws UserError for a text. */
export async function failWhere(
  answer: QueryAnswer,
  assertion: Assertion,
  stage: Stage,
): Promise<number> {
  if (answer.result.type === 'string' || answer.result.type === 'samples') {
    const what = answer.result.type === 'string' ? 'a string' : 'a range of samples';
    throw new UserError(`--assert compares numbers, and the answer is ${what}`, {
      hint: 'ask for an instant vector or a scalar',
    });
  }
  let count = 0;
  let failed = 0;
  for (const { labels, value, histogram } of answerRows(answer)) {
    count++;
    if (typeof value === 'number' && assertion.holds(value)) continue;
    failed++;
    if (failed > TOLD_MAX) continue;
    const told = typeof value === 'number' ? valueText(value) : 'a histogram';
    const name = histogram === undefined && labels.length === 0 ? 'the value' : seriesText(labels);
    await stage.note(`assert failed: ${name} is ${told}, not ${assertion.text}`);
  }
  if (failed > TOLD_MAX) await stage.note(`assert failed: and ${failed - TOLD_MAX} more`);
  if (count > 0 || assertion.emptyOk) return failed === 0 ? EXIT.ok : EXIT.checkFailed;
  await stage.note(`assert failed: there is no sample to be ${assertion.text}`);
  return EXIT.checkFailed;
}
