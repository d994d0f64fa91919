// What an aggregation rule says, and which series it makes of which: samples of the series that it
// matches are folded into windows by some of their labels, before they reach a store. Part of the
// collector. Easy to get wrong: a name with a colon is somebody's product already and is never
// aggregated again, which is what keeps outputs from being inputs.
import type { Labels } from '../../model/labels.ts';
import { labelValue, NAME } from '../../model/labels.ts';
import type { Matcher } from '../../model/matcher.ts';
import { matcherTest } from '../../promql/regexp.ts';

/** Quantiles by the names of their outputs. */
export const QUANTILES = {
  ...{ p50: 0.5, p75: 0.75, p90: 0.9 },
  ...{ p95: 0.95, p99: 0.99, p999: 0.999 },
} as const;
const QUANTILE_NAMES = ['p50', 'p75', 'p90', 'p95', 'p99', 'p999'] as const;

/**
 * What a window becomes. Of a gauge the values are its samples; of a counter they are the growths
 * of its series, resets added. `sum_last` adds up the last sample of each series, `total` is the
 * sum of a counter's growths since the rule began: a counter again.
 */
export const OUTPUTS = [
  ...(['count', 'sum', 'min', 'max', 'avg', 'sum_last', 'total'] as const),
  ...QUANTILE_NAMES,
] as const;
export type OutputName = (typeof OUTPUTS)[number];

/** Outputs of a rule that names none. */
export const DEFAULT_OUTPUTS: readonly OutputName[] = [
  ...(['count', 'sum', 'min', 'max', 'avg', 'p50', 'p95', 'p99'] as const),
];

/** How names of outputs are made, unless a rule says otherwise. */
export const DEFAULT_NAME = '{metric}:{by}_{output}';

export interface AggregateRule {
  /** Series that any of these selections matches. */
  readonly match: readonly (readonly Matcher[])[];
  /** The labels that stay, or that go when `without`. */
  readonly labels: readonly string[];
  readonly without: boolean;
  /** Windows are (k * windowMs, (k + 1) * windowMs] of event time, outputs stand at their ends. */
  readonly windowMs: number;
  /** A window is told so long after its end; what comes later does not count. */
  readonly graceMs: number;
  readonly outputs: readonly OutputName[];
  /** A template of {metric}, {by}, {output} and {window}; holds a colon. */
  readonly name: string;
  /** False: the samples themselves go no further than into aggregates. */
  readonly keep: boolean;
  /** `auto`: as metadata says; a name that ends in _total is a counter where nobody says. */
  readonly type: 'auto' | 'counter' | 'gauge';
}

/** Equal for rules that mean the same. */
export function ruleKey(rule: AggregateRule): string {
  const { match, labels, without, windowMs, graceMs, outputs, name, keep, type } = rule;
  return JSON.stringify({ match, labels, without, windowMs, graceMs, outputs, name, keep, type });
}

/** The rule of a key. */
export function ruleOfKey(key: string): AggregateRule {
  return JSON.parse(key) as AggregateRule;
}

/** What {by} of a name becomes: `all` where no label stays. */
function byWords({ labels, without }: AggregateRule): string {
  const words = labels.map((label) => label.replaceAll(/[^a-zA-Z0-9_]/g, '_')).join('_');
  if (without) return words === '' ? 'each' : `without_${words}`;
  return words === '' ? 'all' : words;
}

/** Milliseconds as they stand in a name: 10s, 500ms, 1m. */
function windowWords(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

export function outputName(rule: AggregateRule, metric: string, output: OutputName): string {
  const parts: Record<string, string> = {
    ...{ metric, by: byWords(rule), output, window: windowWords(rule.windowMs) },
  };
  return rule.name.replaceAll(/\{(metric|by|output|window)\}/g, (_, word: string) => parts[word]);
}

/** A rule ready to be asked about series. */
export class CompiledRule {
  readonly rule: AggregateRule;
  readonly #selections: readonly {
    readonly name: string;
    readonly test: (value: string) => boolean;
  }[][];
  readonly #labels: ReadonlySet<string>;

  constructor(rule: AggregateRule) {
    this.rule = rule;
    this.#selections = rule.match.map((matchers) =>
      matchers.map((one) => ({ name: one.name, test: matcherTest(one) })),
    );
    this.#labels = new Set(rule.labels);
  }

  matches(labels: Labels): boolean {
    const metric = labelValue(labels, NAME);
    if (metric === '' || metric.includes(':')) return false;
    return this.#selections.some((tests) =>
      tests.every(({ name, test }) => test(labelValue(labels, name))),
    );
  }

  /** The labels of a series that stay, without its name. */
  groupOf(labels: Labels): Labels {
    const { without } = this.rule;
    const out: string[] = [];
    for (let i = 0; i < labels.length; i += 2) {
      if (labels[i] === NAME || this.#labels.has(labels[i]) === without) continue;
      out.push(labels[i], labels[i + 1]);
    }
    return out;
  }
}
