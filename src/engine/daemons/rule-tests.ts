// Runs unit tests of rules as promtool does: series in memory, rules evaluated one after another
// at each interval, firing alerts and expressions compared. The rules are the ones that run in the
// daemon; only the samples come from a file. Easy to get wrong: every group runs at the file's
// interval, whatever interval it names, and an alert is judged by the evaluation before its time.
import { annotationsOf } from '../alert/alert-events.ts';
import { isFiring } from '../alert/alert-states.ts';
import { RuleOutputs } from '../alert/rule-outputs.ts';
import type { SampleWriter } from '../alert/rule-outputs.ts';
import { RunningRule } from '../alert/running-rule.ts';
import { Templates, fragmentAt, rowsOf } from '../alert/standing-query.ts';
import { expandTemplate } from '../alert/template/expand.ts';
import type { TemplateSample } from '../alert/template/expand.ts';
import { MonError, UserError, messageOf } from '../errors.ts';
import { LOOKBACK_MS } from '../limits.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import { compareLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { RuleGroup } from '../model/rules.ts';
import { isStaleAt } from '../model/sample.ts';
import { check } from '../promql/check.ts';
import { evaluate } from '../promql/evaluate.ts';
import type { Evaluation } from '../promql/evaluate.ts';
import { scriptText } from '../promql/histogram-text.ts';
import { runFragment } from '../promql/leaf.ts';
import { mergeFragments } from '../promql/merge.ts';
import { parse } from '../promql/parse.ts';
import { plan } from '../promql/plan.ts';
import { almost } from '../promql/script-compare.ts';
import { parseScript } from '../promql/script-parse.ts';
import { ScriptSeries } from '../promql/script-series.ts';
import { parseItems } from '../promql/script-values.ts';
import { formatDuration } from '../model/duration.ts';
import { sampleLabels } from './rule-test-file.ts';
import type { AlertCase, ExprCase, RuleTest, RuleTestFile } from './rule-test-file.ts';
import { alertsText, samplesText } from './rule-test-text.ts';
import type { ShownSample } from './rule-test-text.ts';

/** The groups in the order in which the file wants them evaluated. */
export function orderGroups(groups: readonly RuleGroup[], order: readonly string[]): RuleGroup[] {
  const place = ({ name }: RuleGroup): number => {
    const at = order.indexOf(name);
    return at < 0 ? order.length : at;
  };
  return groups.toSorted((a, b) => place(a) - place(b));
}

/** Runs one test; answers what failed, nothing when all is well. */
export async function runRuleTest(
  file: RuleTestFile,
  test: RuleTest,
  groups: readonly RuleGroup[],
): Promise<string[]> {
  try {
    return await new TestRun(file, test, groups).run();
  } catch (thrown) {
    if (thrown instanceof UserError || thrown instanceof MonError) return [thrown.message];
    throw thrown;
  }
}

class TestRun {
  readonly #file: RuleTestFile;
  readonly #test: RuleTest;
  readonly #series = new ScriptSeries();
  readonly #outputs: RuleOutputs;
  readonly #rules: { readonly rule: RunningRule; readonly group: RuleGroup }[] = [];

  constructor(file: RuleTestFile, test: RuleTest, groups: readonly RuleGroup[]) {
    this.#file = file;
    this.#test = test;
    this.#outputs = new RuleOutputs(writerTo(this.#series));
    this.#load();
    const { intervalMs } = file;
    const templates = new Templates();
    const options = { stepMs: intervalMs, defaultStepMs: intervalMs, templates };
    for (const group of groups) {
      group.rules.forEach((rule, i) => {
        this.#rules.push({ rule: new RunningRule(rule, String(i), options), group });
      });
    }
  }

  async run(): Promise<string[]> {
    const { alerts, exprs, startMs } = this.#test;
    const { intervalMs } = this.#file;
    const failures: string[] = [];
    const maxMs = Math.max(0, ...alerts.map((a) => a.evalMs), ...exprs.map((e) => e.evalMs));
    const waiting = alerts.toSorted((a, b) => a.evalMs - b.evalMs);
    for (let at = 0; at <= maxMs; at += intervalMs) {
      const broken = await this.#evaluate(startMs + at);
      if (broken.length > 0) return [...failures, ...broken];
      while (waiting.length > 0 && waiting[0].evalMs < at + intervalMs) {
        failures.push(...(await this.#judgeAlert(waiting.shift() as AlertCase, startMs + at)));
      }
    }
    for (const one of exprs) failures.push(...(await this.#judgeExpr(one)));
    return failures;
  }

  #load(): void {
    const { series, intervalMs, startMs } = this.#test;
    for (const { series: name, values } of series) {
      let commands;
      try {
        parseItems(values);
        commands = [...parseScript(`load ${formatDuration(intervalMs)}\n  ${name} ${values}\n`)];
      } catch (thrown) {
        throw new UserError(`input_series ${name}: ${messageOf(thrown)}`, { cause: thrown });
      }
      for (const command of commands) {
        if (command.kind !== 'load') continue;
        for (const { labels, samples } of command.series) {
          this.#series.add(
            labels,
            samples.map((one) => ({ ...one, t: one.t + startMs })),
          );
        }
      }
    }
  }

  async #evaluate(timeMs: number): Promise<string[]> {
    const failures: string[] = [];
    for (const { rule, group } of this.#rules) {
      const offsetMs = group.queryOffsetMs ?? 0;
      try {
        const asked = rule.query.ask(timeMs - offsetMs, 1);
        const results = asked.templates.map((one) => this.#fetch(fragmentAt(one, asked.shiftMs)));
        const { matrix } = await rowsOf(asked.plan, results);
        const { intervalMs: stepMs } = this.#file;
        const step = { firstMs: timeMs, steps: 1, stepMs, newFromMs: timeMs, offsetMs };
        const { limit } = group;
        await rule.apply(matrix, {
          ...{ ...step, limit, writeMs: 1, held: false },
          ...{ outputs: this.#outputs, expand: this.#expand },
        });
        await this.#outputs.flush();
      } catch (thrown) {
        if (!(thrown instanceof UserError) && !(thrown instanceof MonError)) throw thrown;
        this.#outputs.drop();
        const at = goDuration(timeMs - this.#test.startMs);
        failures.push(`rule: ${rule.rule.name}, time: ${at}, err: ${thrown.message}`);
      }
    }
    return failures;
  }

  readonly #expand = async (
    text: string,
    sample: { labels: Labels; value: number; timeMs: number },
  ): Promise<string> => {
    const { externalLabels, externalUrl } = this.#test;
    const query = (words: string) => this.#query(words, sample.timeMs);
    return expandTemplate(text, { ...sample, externalLabels, externalUrl, query });
  };

  #fetch(fragment: Fragment): FragmentResult {
    return mergeFragments(fragment, [runFragment(fragment, this.#series)]);
  }

  async #ask(text: string, timeMs: number): Promise<Evaluation> {
    const expr = parse(text);
    check(expr, text);
    const grid = { start: timeMs, end: timeMs, step: 1 };
    const planned = plan(expr, {
      ...{ source: text, grid, instant: true, lookbackMs: LOOKBACK_MS },
      defaultStepMs: this.#file.intervalMs,
    });
    return evaluate(planned, { fragment: async (one) => this.#fetch(one) });
  }

  async #query(text: string, timeMs: number): Promise<TemplateSample[]> {
    return (await this.#samples(text, timeMs)).map(({ labels, value }) => ({ labels, value }));
  }

  async #samples(text: string, timeMs: number): Promise<ShownSample[]> {
    const { result } = await this.#ask(text, timeMs);
    if (result.type === 'scalar') return [{ labels: [], value: result.value, histogram: '' }];
    if (result.type !== 'vector') throw new UserError('rule result is not a vector or scalar');
    const { labels, values, histograms } = result.matrix;
    return labels.map((set, row) => {
      const histogram = histograms?.[row];
      const text = histogram === undefined ? '' : scriptText(histogram);
      return { labels: set, value: histogram === undefined ? values[row] : 0, histogram: text };
    });
  }

  async #judgeAlert({ evalMs, alertname, expected }: AlertCase, timeMs: number): Promise<string[]> {
    const got: { labels: Labels; annotations: Labels }[] = [];
    const { externalLabels, externalUrl } = this.#test;
    const query = (text: string, at: number) => this.#query(text, at);
    const context = { externalLabels, externalUrl, query };
    for (const { rule } of this.#rules) {
      if (rule.rule.kind !== 'alert' || rule.rule.name !== alertname) continue;
      for (const alert of rule.states.now.values()) {
        if (!isFiring(alert)) continue;
        const { labels } = alert;
        got.push({ labels, annotations: await annotationsOf(rule, { labels, timeMs }, context) });
      }
    }
    const order = (a: { labels: Labels; annotations: Labels }, b: typeof a): number =>
      compareLabels(a.labels, b.labels) || compareLabels(a.annotations, b.annotations);
    const [want, have] = [alertsText(expected.toSorted(order)), alertsText(got.toSorted(order))];
    if (want === have) return [];
    const head = `alertname: ${alertname}, time: ${goDuration(evalMs)}`;
    return [`${head}\n    exp: ${want}\n    got: ${have}`];
  }

  async #judgeExpr({ expr, evalMs, expected }: ExprCase): Promise<string[]> {
    const head = `expr: ${JSON.stringify(expr)}, time: ${goDuration(evalMs)}`;
    try {
      const got = await this.#samples(expr, this.#test.startMs + evalMs);
      const want = expected.map(({ labels, value, histogram }): ShownSample => {
        const set = sampleLabels(labels);
        return { labels: set, value, histogram: histogram === '' ? '' : normal(histogram) };
      });
      const order = (a: ShownSample, b: ShownSample): number => compareLabels(a.labels, b.labels);
      const [left, right] = [want.toSorted(order), got.toSorted(order)];
      if (this.#equal(left, right)) return [];
      return [`${head}\n    exp: ${samplesText(left)}\n    got: ${samplesText(right)}`];
    } catch (thrown) {
      if (!(thrown instanceof UserError) && !(thrown instanceof MonError)) throw thrown;
      return [`${head}, err: ${thrown.message}`];
    }
  }

  #equal(a: readonly ShownSample[], b: readonly ShownSample[]): boolean {
    const same = this.#file.fuzzy ? almost : (x: number, y: number): boolean => x === y;
    return (
      a.length === b.length &&
      a.every((one, i) => {
        const other = b[i];
        if (compareLabels(one.labels, other.labels) !== 0) return false;
        return one.histogram === other.histogram && same(one.value, other.value);
      })
    );
  }
}

/** A histogram as it is printed. @throws UserError. */
function normal(text: string): string {
  let items;
  try {
    items = parseItems(text);
  } catch (thrown) {
    throw new UserError(messageOf(thrown), { cause: thrown });
  }
  const [first] = items;
  if (items.length !== 1 || typeof first !== 'object') {
    throw new UserError(`expected 1 histogram, got ${JSON.stringify(text)}`);
  }
  const series = new ScriptSeries();
  const script = parseScript(`load 1m\n  x ${text}\n`);
  for (const command of script) {
    if (command.kind !== 'load') continue;
    const { histogram } = command.series[0].samples[0];
    if (histogram !== undefined) return scriptText(histogram);
  }
  throw new UserError(`no histogram: ${text} (${series.match([], 0, 0).length})`);
}

/** Go's way to print a length of time. */
function goDuration(ms: number): string {
  if (ms === 0) return '0s';
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = (ms % 60_000) / 1000;
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : '';
  return `${head}${seconds}s`;
}

function writerTo(series: ScriptSeries): SampleWriter {
  const known: Labels[] = [];
  return {
    refOf: (labels) => known.push(labels) - 1,
    release: () => undefined,
    append: async ({ refs, timestamps, values, count, histograms }) => {
      const words = new Uint32Array(values.buffer);
      for (let i = 0; i < count; i++) {
        const stale = isStaleAt(words, i);
        const sample = { t: timestamps[i], v: values[i] };
        series.add(known[refs[i]], [stale ? { ...sample, stale } : sample]);
      }
      for (const { ref, timestampMs, histogram } of histograms) {
        series.add(known[ref], [{ t: timestampMs, v: 0, histogram }]);
      }
    },
  };
}
