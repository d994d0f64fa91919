// Rules computed anew over the past: the same rules, begun afresh, step by step from a time on,
// a minute at once between the ticks. What they record and the states of their alerts are written
// where nothing stands yet; nobody is told of the past. Beside the engine. Easy to get wrong: an
// alert that waits has to be followed from before the first step that is written; and a minute
// that lacked a part of the data is done again, or left out: what is written is there for good.
import { BugError, MonError, messageOf } from '../errors.ts';
import {
  REPLAY_AGAIN_MS,
  REPLAY_PARTS_TRIES,
  REPLAY_PIECE_MS,
  REPLAY_WARM_MS_MAX,
} from '../limits-alert.ts';
import type { RuleEngine } from './rule-engine.ts';
import { RuleSet } from './rule-set.ts';
import type { RuleDefaults, RunningGroup } from './rule-set.ts';
import { RuleStages } from './rule-stages.ts';
import type { Job, RuleStagesOptions } from './rule-stages.ts';
import type { RunningRule } from './running-rule.ts';

export interface RuleReplayOptions extends RuleDefaults, RuleStagesOptions {
  readonly engine: RuleEngine;
  /** Samples older than this are not kept: nothing begins before. */
  readonly floorMs: () => number;
  readonly warn: (sentence: string) => void;
  readonly failed: (thrown: unknown) => void;
}

interface Run {
  readonly rules: RuleSet;
  readonly stages: RuleStages;
  /** The first step of alerts that is written. */
  readonly fromMs: number;
  /** Recorded series are made from here on: alerts that are followed from before may read them. */
  readonly firstMs: number;
  readonly endMs: number;
  nextMs: number;
  /** How often this minute lacked a part of the archive; counts on while the next ones do too. */
  lacked: number;
  /** Minutes that were left out. */
  leftOut: number;
}

/** How a minute went: all was there, a store was away, or a part of the archive. */
type Outcome = 'whole' | 'away' | 'lacking';

/** How long before its first step an alert has to be followed, so that it is right there. */
function warmMs({ rule }: RunningRule): number {
  if (rule.kind === 'record') return 0;
  return Math.min(REPLAY_WARM_MS_MAX, rule.forMs + rule.keepFiringMs);
}

/** One at a time; a second one that begins earlier takes its place. */
export class RuleReplay {
  readonly #options: RuleReplayOptions;
  #run: Run | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: RuleReplayOptions) {
    this.#options = options;
  }

  /** Begins; answers how many minutes wait. */
  async replay(fromMs: number): Promise<number> {
    const { engine, floorMs } = this.#options;
    const from = Math.max(fromMs, floorMs());
    const endMs = engine.tickMs;
    const under = this.#run;
    if (endMs <= from || (under !== undefined && under.fromMs <= from)) return this.waiting();
    const run = this.#begin(from, endMs);
    this.#run = run;
    this.#work = this.#work.then(() => this.#follow(run)).catch(this.#options.failed);
    return this.waiting();
  }

  /** Minutes that are left. */
  async waiting(): Promise<number> {
    const run = this.#run;
    if (run === undefined) return 0;
    return Math.max(0, Math.ceil((run.endMs - run.nextMs + 1) / REPLAY_PIECE_MS));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  #begin(fromMs: number, endMs: number): Run {
    const { engine } = this.#options;
    const rules = new RuleSet(this.#options);
    rules.replace(engine.rules.groups.map(({ group }) => group));
    // Figures of ticks are those of ticks.
    const seconds = { wait: 0, ask: 0, decide: 0, write: 0, save: 0 };
    const options = { ...this.#options, owesParts: true };
    const stages = new RuleStages(options, engine.outputs, { ...engine.counts, seconds });
    const firstMs = fromMs - rules.rules.reduce((most, rule) => Math.max(most, warmMs(rule)), 0);
    const nextMs = Math.floor(firstMs / REPLAY_PIECE_MS) * REPLAY_PIECE_MS;
    return { rules, stages, fromMs, firstMs, endMs, nextMs, lacked: 0, leftOut: 0 };
  }

  async #follow(run: Run): Promise<void> {
    const { clock, engine, warn } = this.#options;
    while (run.nextMs <= run.endMs && this.#run === run && !this.#stopped) {
      try {
        const done = this.#takes(run, await engine.between(() => this.#piece(run)));
        if (done) run.nextMs += REPLAY_PIECE_MS;
        // Ticks that fell due meanwhile come first.
        await clock.sleep(done ? 0 : REPLAY_AGAIN_MS);
      } catch (thrown) {
        if (!(thrown instanceof MonError) || thrown instanceof BugError) throw thrown;
        if (thrown.kind !== 'retry') {
          warn(`a replay of the rules has ended: ${messageOf(thrown)}`);
          break;
        }
        await clock.sleep(REPLAY_AGAIN_MS);
      }
    }
    if (run.leftOut > 0) warn(`a replay of the rules has left out ${run.leftOut} minutes`);
    if (this.#run === run) this.#run = undefined;
  }

  /** Whether the minute is done with. What is written cannot be replaced: so rather nothing. */
  #takes(run: Run, outcome: Outcome): boolean {
    if (outcome === 'whole') run.lacked = 0;
    if (outcome !== 'lacking') return outcome === 'whole';
    if (++run.lacked < REPLAY_PARTS_TRIES) return false;
    if (run.leftOut++ === 0) {
      const time = new Date(run.nextMs).toISOString();
      const why = 'a part of the archive cannot be read, mon tier verify tells which';
      this.#options.warn(`a replay of the rules leaves minutes out, from ${time} on: ${why}`);
    }
    return true;
  }

  /** One minute of all rules. */
  async #piece(run: Run): Promise<Outcome> {
    const { rules, stages, nextMs } = run;
    const { engine } = this.#options;
    const lastMs = Math.min(run.endMs, nextMs + REPLAY_PIECE_MS - 1);
    rules.templates.turn();
    const jobs = rules.groups.flatMap((group) =>
      group.rules.flatMap((rule) => this.#jobs(run, { group, rule, lastMs })),
    );
    try {
      for (let stage = 0; stage < rules.stages; stage++) {
        const now = jobs.filter(({ rule }) => rule.stage === stage);
        if (now.length > 0) await stages.run(now, lastMs, false);
        // Later ones may lean on what was not recorded.
        if (stages.owed.size > 0) break;
      }
    } catch (thrown) {
      engine.outputs.drop();
      for (const { rule } of jobs) rule.unwrite(nextMs);
      throw thrown;
    }
    const owed = [...stages.owed.keys()];
    const lacking = owed.every((rule) => stages.lackParts.has(rule));
    stages.owed.clear();
    stages.lackParts.clear();
    if (owed.length === 0) return 'whole';
    return lacking ? 'lacking' : 'away';
  }

  #jobs(
    { fromMs, firstMs: earliest, nextMs, stages }: Run,
    { group, rule, lastMs }: { group: RunningGroup; rule: RunningRule; lastMs: number },
  ): Job[] {
    const { intervalMs } = group;
    const records = rule.rule.kind === 'record';
    const begin = Math.max(nextMs, records ? earliest : fromMs - warmMs(rule));
    const firstMs = Math.ceil(begin / intervalMs) * intervalMs;
    if (firstMs > lastMs) return [];
    const steps = Math.floor((lastMs - firstMs) / intervalMs) + 1;
    return stages.jobs(group, rule, { firstMs, steps, newFromMs: records ? earliest : fromMs });
  }
}
