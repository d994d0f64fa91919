// One rule while it runs: takes the rows that its expression answered, step by step, moves its
// alerts or records its series, and knows what it has written before. Under the engine. Easy to
// get wrong: steps that are played again must not be written again, and of a series that is gone
// the end is written once.
import { UserError } from '../errors.ts';
import { NAME, labelsKey, makeLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Fragment, Matrix } from '../model/fragment.ts';
import { ROLLUP_LABEL } from '../model/rollup.ts';
import type { Rule } from '../model/rules.ts';
import { AlertStates, byKey, isActive, isFiring, stepAlerts } from './alert-states.ts';
import type { Alert, Alerts } from './alert-states.ts';
import type { RuleOutputs } from './rule-outputs.ts';
import { StandingQuery } from './standing-query.ts';
import type { StandingOptions } from './standing-query.ts';
import { isTemplate } from './template/check-template.ts';

/** What the notifier was told of an alert that fires. */
export interface Published {
  readonly labels: Labels;
  readonly startsAtMs: number;
  /** As they read when it fired. */
  readonly annotations: Labels;
}

/** Expands a template of a label for one sample at one step. */
export type ExpandLabel = (
  text: string,
  sample: { readonly labels: Labels; readonly value: number; readonly timeMs: number },
) => Promise<string>;

/** Steps whose evaluation is handed to a rule. */
export interface StepRun {
  readonly firstMs: number;
  readonly stepMs: number;
  readonly steps: number;
  /** Steps from here on were never evaluated before. */
  readonly newFromMs: number;
  /** How much earlier than its step the expression looked. */
  readonly offsetMs: number;
  /** ALERTS are written at steps that are multiples of this. */
  readonly writeMs: number;
  /** Alerts or series at most; 0: any number. */
  readonly limit: number;
  /** Alerts keep their states: what is known is not to be decided upon. */
  readonly held: boolean;
  readonly outputs: RuleOutputs;
  readonly expand: ExpandLabel;
}

/** Steps whose outputs are remembered, so that they are not written twice. */
const WRITTEN_STEPS = 20;

type Series = ReadonlyMap<string, Labels>;

export class RunningRule {
  readonly rule: Rule;
  readonly id: string;
  readonly query: StandingQuery;
  readonly states = new AlertStates();
  /** Replaced as a whole when it changes, as the states are. */
  published: ReadonlyMap<string, Published> = new Map();
  /** The value of each alert at the newest step. */
  values = new Map<string, number>();
  /** The labels of the sample behind each alert, which templates see. */
  #samples = new Map<string, Labels>();
  stage = 0;
  health: 'unknown' | 'ok' | 'err' = 'unknown';
  lastError = '';
  lastEvaluationMs = 0;
  evaluationSeconds = 0;
  readonly #templated: boolean;
  readonly #written: { readonly stepMs: number; readonly series: Series }[] = [];

  /** @throws UserError for an expression that is none. */
  constructor(rule: Rule, id: string, options: StandingOptions) {
    this.rule = rule;
    this.id = id;
    this.query = new StandingQuery(rule.expr, options);
    this.#templated = rule.kind === 'alert' && rule.labels.some(([, text]) => isTemplate(text));
  }

  /** Names of the series that it makes. */
  get makes(): readonly string[] {
    return this.rule.kind === 'record' ? [this.rule.name] : ['ALERTS', 'ALERTS_FOR_STATE'];
  }

  /** The labels of the sample that made an alert; the alert's own when it has ended. */
  sampleLabels(labels: Labels): Labels {
    return this.#samples.get(labelsKey(labels)) ?? labels;
  }

  failed(why: string): void {
    this.health = 'err';
    this.lastError = why;
  }

  /** @throws UserError when the rows cannot be this rule's. */
  async apply(matrix: Matrix, run: StepRun): Promise<void> {
    if (this.rule.kind === 'record') this.#record(matrix, run);
    else await this.#alert(matrix, run);
    this.health = 'ok';
    this.lastError = '';
  }

  async #alert(matrix: Matrix, run: StepRun): Promise<void> {
    if (matrix.labels.length === 0 && this.#isQuiet(run)) return;
    const rows = await this.#alertRows(matrix, run);
    if (!run.held) this.states.rewind(run.firstMs);
    for (let i = 0; i < run.steps; i++) {
      const timeMs = run.firstMs + i * run.stepMs;
      const { found, values, samples } = this.#foundAt(matrix, rows, i);
      if (!run.held) this.#step(found, timeMs, run.limit);
      if (timeMs < run.newFromMs) continue;
      this.values = values;
      this.#samples = samples;
      if (timeMs % run.writeMs !== 0) continue;
      this.#write(this.#alertSeries(this.states.now, timeMs - run.offsetMs, run), timeMs, run);
    }
  }

  /** Nothing was, and nothing is to be remembered, written or ended. */
  #isQuiet({ firstMs, held }: StepRun): boolean {
    if (!held) this.states.rewind(firstMs);
    const written = this.#written.at(-1)?.series.size ?? 0;
    return written + this.states.now.size + this.values.size === 0;
  }

  #step(found: Series, timeMs: number, limit: number): void {
    const { forMs, keepFiringMs } = this.rule;
    const after = stepAlerts(this.states.now, found, timeMs, { forMs, keepFiringMs });
    const active = limit > 0 ? [...after.values()].filter(isActive).length : 0;
    if (limit > 0 && active > limit) {
      this.states.put(timeMs, new Map());
      throw new UserError(`exceeded limit of ${limit} with ${active} alerts`);
    }
    this.states.put(timeMs, after);
  }

  #foundAt(matrix: Matrix, rows: (step: number, row: number) => Labels, step: number) {
    const sets: Labels[] = [];
    const values = new Map<string, number>();
    const samples = new Map<string, Labels>();
    for (let row = 0; row < matrix.labels.length; row++) {
      const at = row * matrix.steps + step;
      if (matrix.present[at] === 0) continue;
      const labels = rows(step, row);
      sets.push(labels);
      const key = labelsKey(labels);
      values.set(key, matrix.values[at]);
      samples.set(key, matrix.labels[row]);
    }
    const found = byKey(sets);
    if (found !== undefined) return { found, values, samples };
    const words = 'vector contains metrics with the same labelset after applying alert labels';
    throw new UserError(words);
  }

  /** The labels of the alert of each row, expanded at each step where they are templates. */
  async #alertRows(matrix: Matrix, run: StepRun): Promise<(step: number, row: number) => Labels> {
    const { labels, steps, values, present } = matrix;
    const cells = this.#templated ? steps : 1;
    const known: (Labels | undefined)[] = [];
    for (let row = 0; row < labels.length; row++) {
      for (let i = 0; i < cells; i++) {
        const at = row * steps + i;
        if (this.#templated && present[at] === 0) continue;
        const timeMs = run.firstMs + i * run.stepMs - run.offsetMs;
        const sample = { labels: labels[row], value: values[at], timeMs };
        known[row * cells + i] = await this.#alertLabels(sample, run.expand);
      }
    }
    return (step, row) => known[row * cells + (cells === 1 ? 0 : step)] as Labels;
  }

  async #alertLabels(sample: Parameters<ExpandLabel>[1], expand: ExpandLabel): Promise<Labels> {
    const map = mapOf(sample.labels);
    map.delete(NAME);
    map.delete(ROLLUP_LABEL);
    for (const [name, text] of this.rule.labels) {
      map.set(name, this.#templated ? await expand(text, sample) : text);
    }
    map.set('alertname', this.rule.name);
    return makeLabels(map);
  }

  /** ALERTS and ALERTS_FOR_STATE of the alerts that are active. */
  #alertSeries(alerts: Alerts, timeMs: number, run: StepRun): Series {
    const series = new Map<string, Labels>();
    for (const { labels, key, value } of shownAlerts(alerts)) {
      series.set(key, labels);
      run.outputs.add(labels, timeMs, value, key);
    }
    return series;
  }

  /** What finds the series that it wrote up to a step; undefined when its alerts tell. */
  warmUp(
    stepMs: number,
    intervalMs: number,
  ): Omit<Fragment, 'maxSeries' | 'maxSamples'> | undefined {
    if (this.rule.kind === 'alert') {
      const shown = [...shownAlerts(this.states.now)];
      const series = new Map(shown.map(({ labels, key }) => [key, labels]));
      this.#written.push({ stepMs, series });
      return undefined;
    }
    const own = this.rule.labels.map(([name, value]) => ({ name, op: '=' as const, value }));
    const matchers = [{ name: NAME, op: '=' as const, value: this.rule.name }, ...own];
    const grid = { start: stepMs, end: stepMs, step: 1 };
    return { matchers, grid, windowMs: intervalMs, fn: 'last', args: [], keepName: true };
  }

  /** The series that it had written in an earlier life. */
  warm(stepMs: number, labels: readonly Labels[]): void {
    this.#written.push({ stepMs, series: new Map(labels.map((one) => [labelsKey(one), one])) });
  }

  #record(matrix: Matrix, run: StepRun): void {
    const labels = matrix.labels.map((one) => this.#recordLabels(one));
    const keys = labels.map(labelsKey);
    for (let i = 0; i < run.steps; i++) {
      const stepMs = run.firstMs + i * run.stepMs;
      const series = new Map<string, Labels>();
      const before = this.#written.find((one) => one.stepMs === stepMs)?.series;
      const rows: number[] = [];
      for (let row = 0; row < labels.length; row++) {
        if (matrix.present[row * matrix.steps + i] === 0) continue;
        if (series.has(keys[row])) {
          const words = 'vector contains metrics with the same labelset after applying rule labels';
          throw new UserError(words);
        }
        series.set(keys[row], labels[row]);
        if (before?.has(keys[row]) !== true) rows.push(row);
      }
      if (run.limit > 0 && series.size > run.limit) {
        throw new UserError(`exceeded limit of ${run.limit} with ${series.size} series`);
      }
      for (const row of rows) {
        const at = row * matrix.steps + i;
        const timeMs = stepMs - run.offsetMs;
        const histogram = matrix.histograms?.[at];
        if (histogram === undefined) run.outputs.add(labels[row], timeMs, matrix.values[at]);
        else run.outputs.addHistogram(labels[row], timeMs, histogram);
      }
      if (stepMs >= run.newFromMs) this.#write(series, stepMs, run);
    }
  }

  #recordLabels(labels: Labels): Labels {
    const map = mapOf(labels);
    map.set(NAME, this.rule.name);
    // What is recorded of a stored column is no stored column.
    map.delete(ROLLUP_LABEL);
    for (const [name, text] of this.rule.labels) map.set(name, text);
    return makeLabels(map);
  }

  /** Remembers what a step has, and ends what it has no more. */
  #write(series: Series, stepMs: number, run: StepRun): void {
    const last = this.#written.at(-1)?.series;
    if (last !== undefined) {
      for (const [key, labels] of last) {
        if (!series.has(key)) run.outputs.end(labels, stepMs - run.offsetMs);
      }
    }
    this.#written.push({ stepMs, series });
    if (this.#written.length > WRITTEN_STEPS) this.#written.shift();
  }

  /** What was to be written from this step on was not. */
  unwrite(fromMs: number): void {
    while ((this.#written.at(-1)?.stepMs ?? -Infinity) >= fromMs) this.#written.pop();
  }

  /** Ends all that it had written: the rule goes. */
  endAll(timeMs: number, outputs: RuleOutputs): void {
    for (const labels of this.#written.at(-1)?.series.values() ?? []) outputs.end(labels, timeMs);
  }

  /** Goes on where a rule of the same name and labels was. */
  inherit(other: RunningRule): void {
    this.states.restore(other.states.now);
    this.published = other.published;
    this.values = other.values;
    this.#written.push(...other.#written);
  }

  /** Alerts that fire and nobody was told of, and the other way round. */
  untold(): { readonly fired: readonly Alert[]; readonly ended: readonly (Alert | Published)[] } {
    const now = this.states.now;
    const fired: Alert[] = [];
    for (const [key, alert] of now) {
      if (isFiring(alert) && !this.published.has(key)) fired.push(alert);
    }
    const ended: (Alert | Published)[] = [];
    for (const [key, told] of this.published) {
      const alert = now.get(key);
      if (alert === undefined) ended.push(told);
      else if (!isFiring(alert)) ended.push(alert);
      else if (alert.firedAtMs > told.startsAtMs && resolvedBetween(alert, told)) ended.push(told);
    }
    return { fired, ended };
  }
}

interface Keyed {
  readonly labels: Labels;
  readonly key: string;
}

/** Series of an alert, by its labels: they are the same array as long as it is active. */
const shownSeries = new WeakMap<Labels, Map<string, Keyed>>();

function shownAs(alert: Alert, name: string, state = ''): Keyed {
  let known = shownSeries.get(alert.labels);
  if (known === undefined) shownSeries.set(alert.labels, (known = new Map()));
  let found = known.get(name + state);
  if (found === undefined) {
    const pairs = mapOf(alert.labels).set(NAME, name);
    if (state !== '') pairs.set('alertstate', state);
    const labels = makeLabels(pairs);
    known.set(name + state, (found = { labels, key: labelsKey(labels) }));
  }
  return found;
}

/** ALERTS and ALERTS_FOR_STATE of the alerts that are active. */
function* shownAlerts(alerts: Alerts): Generator<Keyed & { value: number }> {
  for (const alert of alerts.values()) {
    if (!isActive(alert)) continue;
    const state = isFiring(alert) ? 'firing' : 'pending';
    yield { ...shownAs(alert, 'ALERTS', state), value: 1 };
    const since = Math.floor(alert.activeAtMs / 1000);
    yield { ...shownAs(alert, 'ALERTS_FOR_STATE'), value: since };
  }
}

/** It ended and fired again within the steps of one tick: both are to be told. */
function resolvedBetween(alert: Alert, told: Published): boolean {
  return alert.activeAtMs > told.startsAtMs;
}

function mapOf(labels: Labels): Map<string, string> {
  const map = new Map<string, string>();
  for (let i = 0; i < labels.length; i += 2) map.set(labels[i], labels[i + 1]);
  return map;
}
