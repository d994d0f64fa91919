// One stage of a tick: the fragments of all its rules in one batch, equal ones once, and from the
// answers each rule's rows. Under the engine. Easy to get wrong: a rule that fails must not fail
// the others, and an answer that lacks a part of the data decides nothing but is owed.
import { MonError, UserError, messageOf } from '../errors.ts';
import { FRAGMENT_TURN_MS, LATE_MS_MAX } from '../limits.ts';
import type { BatchAnswer, Fragment, FragmentResult, Matrix } from '../model/fragment.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EventContext } from './alert-events.ts';
import type { RuleOutputs } from './rule-outputs.ts';
import type { RunningGroup } from './rule-set.ts';
import type { RunningRule } from './running-rule.ts';
import { fragmentAt, rowsOf } from './standing-query.ts';
import type { Asked, Template } from './standing-query.ts';
import { expandTemplate } from './template/expand.ts';

/** Runs fragments where the samples are; all that was durable before the call is in the answers. */
export type RunLeaves = (fragments: readonly Fragment[]) => Promise<BatchAnswer>;

/** Figures of all ticks so far. */
export interface RuleCounts {
  ticks: number;
  evaluations: number;
  failures: number;
  partial: number;
  /** Steps that came with others behind them, because the engine was late. */
  stepsBehind: number;
  /** Steps that nobody evaluated: they lie in a gap of the clock. */
  stepsMissed: number;
  stepsAgain: number;
  fragmentsAsked: number;
  fragmentsRun: number;
  storeReads: number;
  transitions: number;
  /** Times that a rule had to wait with its transitions because too many were not told yet. */
  transitionsHeld: number;
  lastTickSeconds: number;
  /** What ticks took so far, by what was done. */
  readonly seconds: TickSeconds;
}

/** Parts of a tick, in seconds: from its time until it is taken up, and then in order. */
export interface TickSeconds {
  wait: number;
  ask: number;
  decide: number;
  write: number;
  save: number;
}

/** A rule and the steps that it is to be evaluated at. */
export interface Job {
  readonly group: RunningGroup;
  readonly rule: RunningRule;
  readonly firstMs: number;
  readonly steps: number;
  readonly newFromMs: number;
  /** One for all steps, or one for each. */
  readonly asks: readonly Asked[];
}

export interface RuleStagesOptions {
  readonly clock: Clock;
  readonly leaves: RunLeaves;
  readonly context: EventContext;
  readonly point?: ((name: string) => void) | undefined;
  /** Whether what lacks a part of the archive is asked again too. */
  readonly owesParts?: boolean;
}

export class RuleStages {
  /** From which step a rule has to be asked again because an answer was not whole. */
  readonly owed = new Map<RunningRule, number>();
  /** Those of them for which only a part of the archive was away. */
  readonly lackParts = new Set<RunningRule>();
  readonly #options: RuleStagesOptions;
  readonly #outputs: RuleOutputs;
  readonly #counts: RuleCounts;

  constructor(options: RuleStagesOptions, outputs: RuleOutputs, counts: RuleCounts) {
    this.#options = options;
    this.#outputs = outputs;
    this.#counts = counts;
  }

  /** Runs the rules of one stage; answers whether the state of any changed. */
  async run(jobs: readonly Job[], tickMs: number, held: boolean): Promise<boolean> {
    const { clock, leaves } = this.#options;
    const places = new Map<Template, Map<number, number>>();
    const fragments: Fragment[] = [];
    for (const { asks } of jobs) {
      for (const { templates, shiftMs } of asks) {
        for (const template of templates) {
          this.#counts.fragmentsAsked++;
          let shifts = places.get(template);
          if (shifts === undefined) places.set(template, (shifts = new Map()));
          if (shifts.has(shiftMs)) continue;
          shifts.set(shiftMs, fragments.length);
          fragments.push(fragmentAt(template, shiftMs));
        }
      }
    }
    this.#counts.fragmentsRun += fragments.length;
    const { seconds } = this.#counts;
    const begin = clock.monotonic();
    const answer = await leaves(fragments);
    const answered = clock.monotonic();
    seconds.ask += (answered - begin) / 1000;
    this.#counts.storeReads += answer.storeReads;
    const placeOf = (template: Template, shiftMs: number): number =>
      places.get(template)?.get(shiftMs) as number;
    let turnAt = answered + FRAGMENT_TURN_MS;
    let changed = false;
    for (const job of jobs) {
      const before = job.rule.states.now;
      await this.#run(job, answer, { placeOf, held });
      job.rule.states.forget(tickMs - LATE_MS_MAX);
      if (job.rule.states.now !== before) changed = true;
      job.rule.lastEvaluationMs = tickMs;
      if (clock.monotonic() < turnAt) continue;
      await clock.sleep(0);
      turnAt = clock.monotonic() + FRAGMENT_TURN_MS;
    }
    this.#options.point?.('outputs');
    const decided = clock.monotonic();
    seconds.decide += (decided - answered) / 1000;
    await this.#outputs.flush();
    seconds.write += (clock.monotonic() - decided) / 1000;
    this.#options.point?.('flushed');
    return changed;
  }

  async #run(
    job: Job,
    answer: BatchAnswer,
    more: { placeOf: (template: Template, shiftMs: number) => number; held: boolean },
  ): Promise<void> {
    const { rule, group } = job;
    const begin = this.#options.clock.monotonic();
    this.#counts.evaluations++;
    const lacks = answer.whole && lacksParts(job, answer, more.placeOf);
    if (!answer.whole || lacks) return this.#undecided(job, lacks);
    this.owed.delete(rule);
    this.lackParts.delete(rule);
    try {
      const step = job.steps / job.asks.length;
      for (const [i, { plan, templates, shiftMs }] of job.asks.entries()) {
        const results = templates.map((one) => {
          const result = answer.results[more.placeOf(one, shiftMs)];
          if (result instanceof Error) throw result;
          return result;
        });
        const matrix = await this.#rows(plan, results);
        const { intervalMs, offsetMs, writeMs } = group;
        const firstMs = job.firstMs + i * intervalMs;
        const { held } = more;
        await rule.apply(matrix, {
          ...{ firstMs, steps: step, stepMs: intervalMs, newFromMs: job.newFromMs, offsetMs, held },
          ...{ writeMs, limit: group.group.limit, outputs: this.#outputs, expand: this.#expand },
        });
      }
    } catch (thrown) {
      this.failed(rule, thrown);
    }
    rule.evaluationSeconds = (this.#options.clock.monotonic() - begin) / 1000;
  }

  /** A step that may come again is owed; what is damaged for good holds nothing up. */
  #undecided({ rule, firstMs }: Job, lacks: boolean): void {
    this.#counts.partial++;
    if (!lacks || this.#options.owesParts === true) {
      this.owed.set(rule, Math.min(firstMs, this.owed.get(rule) ?? Infinity));
    }
    if (lacks) this.lackParts.add(rule);
    else this.lackParts.delete(rule);
    rule.failed('a part of the data is away: nothing is decided');
  }

  /** So many steps of a rule from a step on, as a job; none when its query cannot be asked. */
  jobs(
    group: Job['group'],
    rule: RunningRule,
    span: Pick<Job, 'firstMs' | 'steps' | 'newFromMs'>,
  ): Job[] {
    const { firstMs, steps } = span;
    const at = (i: number): number => firstMs + i * group.intervalMs - group.offsetMs;
    try {
      const asks = rule.query.ranges
        ? [rule.query.ask(at(0), steps)]
        : Array.from({ length: steps }, (_, i) => rule.query.ask(at(i), 1));
      return [{ group, rule, ...span, asks }];
    } catch (thrown) {
      this.failed(rule, thrown);
      return [];
    }
  }

  async #rows(plan: Asked['plan'], results: readonly FragmentResult[]): Promise<Matrix> {
    return (await rowsOf(plan, results)).matrix;
  }

  readonly #expand = async (
    text: string,
    sample: { labels: readonly string[]; value: number; timeMs: number },
  ): Promise<string> => {
    const { externalLabels, externalUrl, query } = this.#options.context;
    const { timeMs } = sample;
    const ask = (words: string) => query(words, timeMs);
    return expandTemplate(text, { ...sample, externalLabels, externalUrl, query: ask });
  };

  /** A failure of the rule's own is shown with it. @throws what is not the rule's fault. */
  failed(rule: RunningRule, thrown: unknown): void {
    if (!(thrown instanceof UserError) && !(thrown instanceof MonError)) throw thrown;
    if (thrown instanceof MonError && thrown.kind === 'give up') throw thrown;
    this.#counts.failures++;
    rule.failed(messageOf(thrown));
  }
}

/** True when an answer that the job leans on lacks a part of the archive. */
function lacksParts(
  { asks }: Job,
  { results }: BatchAnswer,
  placeOf: (template: Template, shiftMs: number) => number,
): boolean {
  return asks.some(({ templates, shiftMs }) =>
    templates.some((one) => {
      const result = results[placeOf(one, shiftMs)];
      return !(result instanceof Error) && result.partial === true;
    }),
  );
}
