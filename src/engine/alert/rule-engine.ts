// Evaluates rules when a tick comes: what is due is asked in one batch of shared fragments a
// stage, rows become alerts and series, transitions are made durable and then told. Time is the
// tick's, so that the same log decides the same. Easy to get wrong: an answer that lacks a part of
// the data decides nothing; and what was told must have been durable before.
import {
  ALERT_OUTBOX_MAX,
  LATE_MS_MAX,
  QUERY_SAMPLES_MAX,
  RULE_SERIES_MAX,
  RULE_STEPS_MAX,
  TICK_GAP_MS_MAX,
  TICK_SETTLE_MS,
} from '../limits.ts';
import type { Fragment } from '../model/fragment.ts';
import type { RuleGroup, RulesChanged } from '../model/rules.ts';
import type { AlertEvent, Offset } from '../ports.ts';
import { endedEvents, takeEvents } from './alert-events.ts';
import { NO_RECORDS, restoreRule } from './rule-memory.ts';
import type { RuleMemory, RuleRecords } from './rule-memory.ts';
import { RuleOutputs } from './rule-outputs.ts';
import type { SampleWriter } from './rule-outputs.ts';
import { RuleSet } from './rule-set.ts';
import type { RuleDefaults, RunningGroup } from './rule-set.ts';
import { RuleStages } from './rule-stages.ts';
import type { Job, RuleCounts, RuleStagesOptions } from './rule-stages.ts';
import type { RunningRule } from './running-rule.ts';

export interface RuleEngineOptions extends RuleDefaults, RuleStagesOptions {
  readonly writer: SampleWriter;
  readonly memory: RuleMemory;
}

/** What the log brought since the last tick that changes the past. */
export interface Touched {
  /** The earliest live sample; Infinity for none. */
  readonly liveMs: number;
  /** The earliest late sample of each metric; the empty name stands for any. */
  readonly late: ReadonlyMap<string, number>;
}

export interface TickInput {
  readonly tickMs: number;
  readonly touched: Touched;
  /** Where the reader of the log stands after this tick. */
  readonly offsets: ReadonlyMap<number, Offset>;
}

const SAVE_MS = 10_000;

export class RuleEngine {
  readonly rules: RuleSet;
  readonly outputs: RuleOutputs;
  readonly counts: RuleCounts = {
    ...{ ticks: 0, evaluations: 0, failures: 0, partial: 0, stepsBehind: 0, stepsMissed: 0 },
    ...{ stepsAgain: 0, fragmentsAsked: 0, fragmentsRun: 0, storeReads: 0, transitions: 0 },
    transitionsHeld: 0,
    lastTickSeconds: 0,
    seconds: { wait: 0, ask: 0, decide: 0, write: 0, save: 0 },
  };
  /** Events that are durable here and not yet with the notifier, oldest first. */
  outbox: AlertEvent[] = [];
  tickMs = 0;
  /** Offsets that the durable state stands for: the log may forget what is below. */
  saved: ReadonlyMap<number, Offset> = new Map();
  readonly #options: RuleEngineOptions;
  #records: RuleRecords = NO_RECORDS;
  #offsets: ReadonlyMap<number, Offset> = new Map();
  #floorMs = 0;
  #heldUntilMs = 0;
  #savedMs = 0;
  readonly #stages: RuleStages;
  /** Rules that may have something to tell for which there was no room. */
  readonly #waiting = new Set<RunningRule>();
  #dirty = false;
  /** An earlier life wrote series that may have to be ended. */
  #cold = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: RuleEngineOptions) {
    this.#options = options;
    this.rules = new RuleSet(options);
    this.outputs = new RuleOutputs(options.writer);
    this.#stages = new RuleStages(options, this.outputs, this.counts);
  }

  /** Names of all series that the rules write. */
  get ownNames(): ReadonlySet<string> {
    return this.rules.ownNames;
  }

  /** Loads what an earlier life left; answers where the log has to be read from. */
  async restore(): Promise<ReadonlyMap<number, Offset>> {
    this.#records = await this.#options.memory.load();
    const { tickMs, floorMs, heldUntilMs, outbox, offsets } = this.#records;
    this.tickMs = tickMs;
    this.#floorMs = floorMs;
    this.#heldUntilMs = heldUntilMs;
    this.outbox = [...outbox];
    this.#offsets = new Map(offsets);
    this.#cold = tickMs > 0;
    return this.#offsets;
  }

  /** Runs these groups from the next tick on. @throws UserError; then what ran goes on. */
  replace(groups: readonly RuleGroup[]): Promise<RulesChanged> {
    return this.#alone(async () => {
      const { changed, gone } = this.rules.replace(groups);
      for (const running of this.rules.groups) {
        if (Number.isFinite(running.lastStepMs) || this.tickMs === 0) continue;
        running.lastStepMs = floorTo(this.tickMs, running.intervalMs);
      }
      for (const rule of this.rules.rules) {
        const record = this.#records.rules.get(rule.id);
        if (record !== undefined) restoreRule(rule, record);
      }
      this.#orphans();
      for (const rule of gone) await this.#end(rule);
      return changed;
    });
  }

  /** Evaluates all that is due at a tick; one at a time. */
  tick(input: TickInput): Promise<void> {
    return this.#alone(() => this.#tick(input));
  }

  /** The notifier has taken these. */
  told(ids: ReadonlySet<string>): void {
    this.outbox = this.outbox.filter(({ id }) => !ids.has(id));
    this.#dirty = true;
  }

  /** Does something while no tick is under way. */
  between<T>(work: () => Promise<T>): Promise<T> {
    return this.#alone(work);
  }

  /** Makes everything durable as it stands. */
  save(): Promise<void> {
    return this.#alone(() => this.#save());
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#running.then(work);
    this.#running = run.catch(() => undefined);
    return run;
  }

  /** Alerts of rules that were taken away while nobody ran: they end. */
  #orphans(): void {
    const known = new Set(this.rules.rules.map(({ id }) => id));
    for (const [id, { published }] of this.#records.rules) {
      if (known.has(id)) continue;
      const { context } = this.#options;
      this.outbox.push(...endedEvents(published.values(), this.tickMs, context));
    }
    this.#records = NO_RECORDS;
    this.#dirty = true;
  }

  async #end(rule: RunningRule): Promise<void> {
    rule.states.restore(new Map());
    rule.endAll(this.tickMs, this.outputs);
    await this.#transitions([rule], this.tickMs, Infinity);
  }

  async #tick({ tickMs, touched, offsets }: TickInput): Promise<void> {
    const { clock } = this.#options;
    const begin = clock.monotonic();
    this.counts.seconds.wait += Math.max(0, clock.now() - tickMs) / 1000;
    this.#offsets = offsets;
    this.#noteGap(tickMs);
    this.tickMs = tickMs;
    this.counts.ticks++;
    if (this.#cold) await this.#warmUp();
    this.rules.templates.turn();
    const steps = this.rules.groups.map(({ lastStepMs }) => lastStepMs);
    const jobs = this.#due(tickMs, touched);
    try {
      await this.#evaluate(jobs, tickMs);
    } catch (thrown) {
      // The same tick comes again: nothing of it counts as evaluated or written.
      this.rules.groups.forEach((group, i) => (group.lastStepMs = steps[i]));
      for (const { rule, newFromMs } of jobs) rule.unwrite(newFromMs);
      this.outputs.drop();
      throw thrown;
    }
    this.outputs.turn();
    for (const group of new Set(jobs.map((job) => job.group))) {
      group.lastEvaluationMs = tickMs;
      group.evaluationSeconds = (clock.monotonic() - begin) / 1000;
    }
    this.#options.point?.('evaluated');
    await this.#transitions(new Set(jobs.map(({ rule }) => rule)), tickMs);
    if (this.#dirty || Math.abs(tickMs - this.#savedMs) >= SAVE_MS) await this.#save();
    this.#options.point?.('saved');
    this.counts.lastTickSeconds = (clock.monotonic() - begin) / 1000;
  }

  async #evaluate(jobs: readonly Job[], tickMs: number): Promise<void> {
    const { stages } = this.rules;
    for (let stage = 0; stage < stages && jobs.length > 0; stage++) {
      const now = jobs.filter(({ rule }) => rule.stage === stage);
      if (now.length === 0) continue;
      const held = tickMs < this.#heldUntilMs;
      if (await this.#stages.run(now, tickMs, held)) this.#dirty = true;
    }
  }

  /** Finds once what an earlier life wrote last: where a series ends there has to be a marker. */
  async #warmUp(): Promise<void> {
    const asked: { rule: RunningRule; stepMs: number; fragment: Fragment }[] = [];
    for (const { rules, lastStepMs, intervalMs, offsetMs } of this.rules.groups) {
      if (!Number.isFinite(lastStepMs)) continue;
      for (const rule of rules) {
        const one = rule.warmUp(lastStepMs - offsetMs, intervalMs);
        if (one === undefined) continue;
        const fragment = { ...one, maxSeries: RULE_SERIES_MAX, maxSamples: QUERY_SAMPLES_MAX };
        asked.push({ rule, stepMs: lastStepMs, fragment });
      }
    }
    const { results } = await this.#options.leaves(asked.map(({ fragment }) => fragment));
    asked.forEach(({ rule, stepMs }, i) => {
      const result = results[i];
      if (!(result instanceof Error)) rule.warm(stepMs, result.matrix?.labels ?? []);
    });
    this.#cold = false;
  }

  /** A clock that jumped, or a process that slept: what pends goes on, and nothing is decided. */
  #noteGap(tickMs: number): void {
    const gap = tickMs - this.tickMs;
    if (this.tickMs === 0 || Math.abs(gap) <= TICK_GAP_MS_MAX) return;
    for (const rule of this.rules.rules) rule.states.shift(gap);
    for (const group of this.rules.groups) {
      const last = floorTo(tickMs, group.intervalMs) - group.intervalMs;
      if (gap > 0) this.counts.stepsMissed += Math.floor(gap / group.intervalMs);
      group.lastStepMs = last;
    }
    this.#floorMs = tickMs;
    this.#heldUntilMs = tickMs + TICK_SETTLE_MS;
    this.#stages.owed.clear();
    this.#dirty = true;
  }

  #due(tickMs: number, touched: Touched): Job[] {
    const jobs: Job[] = [];
    for (const group of this.rules.groups) {
      const { intervalMs } = group;
      const newest = floorTo(tickMs, intervalMs);
      if (!Number.isFinite(group.lastStepMs)) {
        group.lastStepMs = newest - intervalMs;
        this.#floorMs ||= newest;
      }
      const next = group.lastStepMs + intervalMs;
      const last = Math.min(newest, group.lastStepMs + RULE_STEPS_MAX * intervalMs);
      if (last > next) this.counts.stepsBehind += (last - next) / intervalMs;
      for (const rule of group.rules) {
        const from = Math.min(next, this.#againFrom(rule, group, touched, tickMs));
        if (from > last) continue;
        if (from < next) this.counts.stepsAgain += (next - from) / intervalMs;
        const steps = (last - from) / intervalMs + 1;
        jobs.push(...this.#stages.jobs(group, rule, { firstMs: from, steps, newFromMs: next }));
      }
      if (last >= next) group.lastStepMs = last;
    }
    return jobs;
  }

  /** The first step that has to be evaluated again; Infinity for none. */
  #againFrom(rule: RunningRule, group: RunningGroup, touched: Touched, tickMs: number): number {
    let from = touched.liveMs;
    const { metrics } = rule.query;
    for (const [name, ms] of touched.late) {
      if (ms < from && (name === '' || metrics === undefined || metrics.has(name))) from = ms;
    }
    from += group.offsetMs;
    from = Math.max(from, tickMs - LATE_MS_MAX, this.#floorMs);
    from = Math.min(from, this.#stages.owed.get(rule) ?? Infinity);
    return ceilTo(from, group.intervalMs);
  }

  /** Tells what changed, as far as there is room for it; the rest is told when there is. */
  async #transitions(
    rules: Iterable<RunningRule>,
    timeMs: number,
    most = ALERT_OUTBOX_MAX,
  ): Promise<void> {
    const all = new Set([...this.#waiting, ...rules]);
    this.#waiting.clear();
    for (const rule of all) {
      if (rule.rule.kind !== 'alert') continue;
      const room = most - this.outbox.length;
      const events = await takeEvents(rule, timeMs, this.#options.context, Math.max(0, room));
      if (this.outbox.length + events.length >= most) {
        this.#waiting.add(rule);
        this.counts.transitionsHeld++;
      }
      if (events.length === 0) continue;
      this.outbox.push(...events);
      this.counts.transitions += events.length;
      this.#dirty = true;
    }
  }

  async #save(): Promise<void> {
    // Before the rules have come, what was loaded stands.
    if (this.#records !== NO_RECORDS) return;
    const { clock, memory } = this.#options;
    const begin = clock.monotonic();
    const head = {
      offsets: [...this.#offsets],
      tickMs: this.tickMs,
      floorMs: this.#floorMs,
      heldUntilMs: this.#heldUntilMs,
    };
    await memory.save(head, this.rules.rules, this.outbox);
    this.saved = this.#offsets;
    this.#dirty = false;
    this.#savedMs = this.tickMs;
    this.counts.seconds.save += (clock.monotonic() - begin) / 1000;
  }
}

function floorTo(ms: number, step: number): number {
  return Math.floor(ms / step) * step;
}

function ceilTo(ms: number, step: number): number {
  return Math.ceil(ms / step) * step;
}
