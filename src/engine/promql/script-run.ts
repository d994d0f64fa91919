// Runs Prometheus' own test scripts over series in memory, with the multiplication of Prometheus'
// runner: each instant eval also with `@` on every selector at other times, and each of those as
// the middle of a range. Every eval is judged; none is skipped.
import { MonError, UserError } from '../errors.ts';
import { LOOKBACK_MS } from '../limits.ts';
import { check } from './check.ts';
import { compareAnswer } from './script-compare.ts';
import { evaluate } from './evaluate.ts';
import { fixedVariants, middleOf, rangeable } from './script-variants.ts';
import { mergeFragments } from './merge.ts';
import { parse } from './parse.ts';
import { parseErrorText } from './parse-error.ts';
import { parseScript } from './script-parse.ts';
import { plan } from './plan.ts';
import { runFragment } from './leaf.ts';
import { ScriptSeries } from './script-series.ts';
import type { Eval } from './script-eval.ts';
import type { Evaluation } from './evaluate.ts';

/** What became of one eval. */
export interface EvalOutcome {
  readonly line: number;
  readonly command: string;
  /** What is wrong, undefined when all is well. */
  readonly why: string | undefined;
  /** Forms of the eval that were run besides the one written. */
  readonly variants: number;
}

export interface ScriptReport {
  readonly outcomes: readonly EvalOutcome[];
  readonly passed: number;
  readonly failed: number;
  /** Variants of all evals. */
  readonly variants: number;
}

/** Runs a whole script. @throws UserError with the line when the script itself is wrong. */
export async function runScript(text: string): Promise<ScriptReport> {
  const outcomes: EvalOutcome[] = [];
  let series = new ScriptSeries();
  for (const command of parseScript(text)) {
    if (command.kind === 'clear') series = new ScriptSeries();
    else if (command.kind === 'load') {
      for (const { labels, samples } of command.series) series.add(labels, samples);
    } else outcomes.push(await new EvalRun(series, command.eval).run());
  }
  const failed = outcomes.filter(({ why }) => why !== undefined).length;
  const variants = outcomes.reduce((total, one) => total + one.variants, 0);
  return { outcomes, passed: outcomes.length - failed, failed, variants };
}

interface Asked {
  readonly answer?: Evaluation;
  readonly error?: string;
}

class EvalRun {
  readonly #series: ScriptSeries;
  readonly #eval: Eval;
  #variants = 0;

  constructor(series: ScriptSeries, one: Eval) {
    this.#series = series;
    this.#eval = one;
  }

  async run(): Promise<EvalOutcome> {
    const why = await this.#judge();
    const { line, command } = this.#eval;
    return { line, command, why, variants: this.#variants };
  }

  async #judge(): Promise<string | undefined> {
    const one = this.#eval;
    const asked = await this.#ask(one);
    const why = compareAnswer(one, asked.answer, asked.error) ?? (await this.#asRange(one, asked));
    if (why !== undefined || one.range !== undefined) return why;
    for (const variant of fixedVariants(one)) {
      this.#variants++;
      const again = await this.#ask(variant);
      const wrong =
        compareAnswer(variant, again.answer, again.error) ?? (await this.#asRange(variant, again));
      if (wrong !== undefined) return `as ${variant.command}: ${wrong}`;
    }
    return undefined;
  }

  /** The same as the middle of a range query. */
  async #asRange(one: Eval, now: Asked): Promise<string | undefined> {
    if (now.answer === undefined || !rangeable(one)) return undefined;
    this.#variants++;
    const minute = 60_000;
    const range = { end: one.start + minute, step: minute };
    const { answer, error } = await this.#ask({ ...one, start: one.start - minute, range });
    const scalar = now.answer.result.type === 'scalar';
    const middle = answer && { ...answer, result: middleOf(answer.result, one.start, scalar) };
    const body = one.body.filter((line) => !/^expect (?:no_)?(?:warn|info)/.test(line));
    const legacy = one.legacy === 'fail' ? 'fail' : undefined;
    const why = compareAnswer({ ...one, body, legacy }, middle, error);
    return why === undefined ? undefined : `as a range: ${why}`;
  }

  async #ask({ query, start, range }: Eval): Promise<Asked> {
    const grid =
      range === undefined
        ? { start, end: start, step: 1 }
        : { start, end: range.end, step: range.step };
    try {
      const expr = parse(query);
      check(expr, query);
      const planned = plan(expr, {
        source: query,
        grid,
        instant: range === undefined,
        lookbackMs: LOOKBACK_MS,
        delayedNames: true,
        startTimestamps: true,
      });
      const answer = await evaluate(planned, {
        fragment: async (one) => mergeFragments(one, [runFragment(one, this.#series)]),
      });
      return { answer };
    } catch (error) {
      if (error instanceof UserError) return { error: parseErrorText(error) };
      if (error instanceof MonError) return { error: error.message };
      throw error;
    }
  }
}
