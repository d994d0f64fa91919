// The words around the explorer's list: totals, crumbs, the facts about the chosen row, the rule
// that takes it away. Pictures are made elsewhere. Easy to get wrong: an estimate says that it is
// one, and "never asked for" says since when anybody has been counting.
import type { Exploration, ExploreMetric } from '../../engine/model/exploration.ts';
import { sparkline } from '../draw/blocks.ts';
import type { Word } from '../draw/frame.ts';
import { STYLE } from '../draw/styles.ts';
import { formatRange, formatValue } from '../draw/units.ts';
import { wrapText } from '../draw/wrap.ts';
import type { ExploreSnapshot } from '../feed/explore-feed.ts';
import type { WordGroup } from '../widgets/status-line.tsx';
import { EXPLORE_TABS } from './explore-keys.ts';
import { agoText, countText } from './explore-rows.ts';
import { madeNames, previewOf, rulesFor } from './explore-rules.ts';
import { chosenRule, openView } from './explore-state.ts';
import type { ExploreState, ExploreView } from './explore-state.ts';

export interface Line {
  readonly text: string;
  readonly style: number;
}

const word = (text: string, style: number = STYLE.plain): Word => ({ text, style });
const line = (text: string, style: number = STYLE.plain): Line => ({ text, style });
const SPARK_CELLS = 24;

export function titleGroups(snapshot: ExploreSnapshot, host: string): WordGroup[] {
  const { whole, trouble, paused } = snapshot;
  const state = trouble !== undefined ? word('✗ away', STYLE.bad) : word('● live', STYLE.good);
  return [
    { words: [word(' mon explore ', STYLE.badge)], gap: 1 },
    { words: [word(host, STYLE.bold)] },
    { words: [paused ? word('‖ held', STYLE.warn) : whole === undefined ? word('…') : state] },
  ];
}

/** The totals, the most telling first: what does not fit leaves from the end. */
export function totalGroups(figures: Exploration | undefined): WordGroup[] {
  if (figures === undefined) return [{ words: [word(' counting…', STYLE.dim)] }];
  const { totals, dayAgo, history } = figures;
  const group = (value: string, name: string, style: number = STYLE.bold): WordGroup => ({
    words: [word(value, style), word(` ${name}`, STYLE.dim)],
  });
  const groups: WordGroup[] = [
    { words: [word(' ')], gap: 0 },
    group(countText(totals.series), 'series'),
    ...growthGroups(totals.series, dayAgo, figures.atMs),
    group(countText(totals.metrics), totals.metrics === 1 ? 'metric' : 'metrics'),
  ];
  if (figures.countedSinceMs === 0) return groups;
  const churn = [
    word(`+${countText(totals.begunHour)}`, totals.begunHour > 0 ? STYLE.warn : STYLE.dim),
    word(` -${countText(totals.endedHour)}`, totals.endedHour > 0 ? STYLE.plain : STYLE.dim),
    word(' /h', STYLE.dim),
  ];
  groups.push({ words: churn });
  groups.push(group(formatValue(totals.perSecond), 'samples/s'));
  groups.push(group(formatValue(totals.headBytes, 'bytes'), 'memory'));
  if (totals.blockBytes > 0) groups.push(group(formatValue(totals.blockBytes, 'bytes'), 'blocks'));
  const day = `+${countText(totals.begunDay)} -${countText(totals.endedDay)}`;
  groups.push(group(day, '/day', STYLE.plain));
  if (history.length > 2) {
    const values = history.map(([, series]) => series);
    groups.push({ words: [word(sparkline(values, SPARK_CELLS, { low: 0 }), STYLE.accent)] });
  }
  return groups;
}

function growthGroups(
  series: number,
  before: Exploration['dayAgo'],
  nowMs: number,
): readonly WordGroup[] {
  if (before === null || before.series === 0) return [];
  const share = series / before.series - 1;
  const percent = `${share >= 0 ? '+' : '-'}${(Math.abs(share) * 100).toFixed(1)}%`;
  const style = share > 0.1 ? STYLE.bad : share < 0 ? STYLE.good : STYLE.plain;
  const since = nowMs - before.atMs;
  const hours = Math.round(since / 3_600_000);
  const name = hours >= 20 ? '/day' : `in ${hours}h`;
  return [{ words: [word(percent, style), word(` ${name}`, STYLE.dim)] }];
}

/** The lists, or the way into the row that is open. */
export function crumbGroups(state: ExploreState, figures: Exploration | undefined): WordGroup[] {
  const open = openView(state);
  if (state.inside.length === 0) {
    return EXPLORE_TABS.map((tab, i) => {
      const style = tab === state.tab ? STYLE.selected : STYLE.dim;
      const mark = tab === state.tab ? '▸' : ' ';
      return { words: [word(`${mark}${i + 1} ${tab}${countOf(tab, figures)}`, style)], gap: 1 };
    });
  }
  const words: Word[] = [word(` ${state.tab}`, STYLE.dim)];
  if (open.metric !== undefined) words.push(word(' › ', STYLE.dim), word(open.metric, STYLE.bold));
  for (const [name, value] of open.pairs) {
    words.push(word(' › ', STYLE.dim), word(`${name}=${value}`, STYLE.bold));
  }
  if (open.label !== undefined && open.kind === 'values') {
    words.push(word(' › ', STYLE.dim), word(open.label, STYLE.selected));
  }
  return [{ words }];
}

function countOf(tab: (typeof EXPLORE_TABS)[number], figures: Exploration | undefined): string {
  if (figures === undefined) return '';
  if (tab === 'metrics') return ` ${countText(figures.totals.metrics)}`;
  if (tab === 'labels') return ` ${countText(figures.labels.length)}`;
  if (tab === 'pairs') return figures.totals.pairs > 0 ? ` ${countText(figures.totals.pairs)}` : '';
  const over = Object.values(figures.guard?.over ?? {}).reduce((sum, count) => sum + count, 0);
  return over > 0 ? ` ! ${countText(over)} over` : ` ${figures.policies.length}`;
}

function sinceText(nowMs: number, ms: number): string {
  if (ms === 0) return 'never';
  return nowMs - ms < 60_000 ? 'just now' : `${agoText(nowMs - ms)} ago`;
}

/** All about one metric. */
export function metricLines(one: ExploreMetric, figures: Exploration): Line[] {
  const { atMs, countedSinceMs } = figures;
  const fact = (name: string, value: string, style: number = STYLE.plain): Line =>
    line(`${name.padEnd(13)}${value}`, style);
  const ago = (ms: number): string => sinceText(atMs, ms);
  const lines = [fact('series', `${one.series}, ${one.live} of them live`, STYLE.bold)];
  if (countedSinceMs === 0) return lines;
  const { dayAgo } = one;
  const grown = one.series - (dayAgo ?? 0);
  const before = dayAgo === null ? 'not known' : `${dayAgo} (${grown >= 0 ? '+' : ''}${grown})`;
  lines.push(
    fact('a day ago', before),
    fact('last hour', `+${one.begunHour} begun, -${one.endedHour} ended`),
    fact('last day', `+${one.begunDay} begun, -${one.endedDay} ended`),
    fact('samples/s', formatValue(one.perSecond)),
    fact('memory', `about ${formatValue(one.headBytes, 'bytes')}`),
    fact('blocks', `about ${formatValue(one.blockBytes, 'bytes')}`),
    line(''),
    fact('queries', `${ago(one.queriedMs)}, ${countText(one.queries)} in all`),
    fact('dashboards', ago(one.dashboardMs)),
    fact('rules', one.rules > 0 ? `${one.rules} now` : ago(one.ruleMs)),
    fact('counted for', formatRange(Math.floor((atMs - countedSinceMs) / 60_000) * 60_000)),
    fact('first seen', one.firstMs === 0 ? 'just now' : ago(one.firstMs)),
  );
  if (one.policy !== '') lines.push(fact('policy', one.policy, STYLE.warn));
  if (one.labelsUsed.length > 0) {
    lines.push(line(''), line('labels that queries name', STYLE.dim));
    for (const [name, ms] of one.labelsUsed) lines.push(line(`  ${name}  ${ago(ms)}`));
  }
  return lines;
}

/** What stands under the rule that is being written. */
export interface RuleText {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly yaml: string;
}

/** The rule, what it would take now, and who would miss it. */
export function ruleText(
  state: ExploreState,
  whole: Exploration | undefined,
  scoped: Exploration | undefined,
  width: number,
): RuleText | undefined {
  const rule = chosenRule(state);
  if (rule === undefined || state.rule === undefined) return undefined;
  const all = rulesFor(state.rule.scope);
  const lines: Line[] = all.map((one) =>
    one.id === rule.id ? line(`▸ ${one.title}`, STYLE.selected) : line(`  ${one.title}`, STYLE.dim),
  );
  lines.push(line(''));
  for (const text of rule.yaml.trimEnd().split('\n')) lines.push(line(text, STYLE.accent));
  lines.push(line(''));
  if (whole === undefined || scoped === undefined) {
    lines.push(line('counting what it would take…', STYLE.dim));
  } else {
    for (const text of previewOf(rule, scoped, whole)) lines.push(line(text, STYLE.bold));
    lines.push(...missedBy(state.rule.scope.metric, scoped));
    lines.push(...mergeWarning(rule.id, state.rule.scope.label, scoped));
    const names = madeNames(rule, state.rule.scope);
    if (names !== '') lines.push(...wrapText(names, width).map((text) => line(text)));
  }
  return { title: `write a rule: ${rule.title}`, lines, yaml: rule.yaml };
}

/** Who asks for what the rule takes away. */
function missedBy(
  metric: string | undefined,
  { metrics, countedSinceMs, atMs }: Exploration,
): Line[] {
  if (countedSinceMs === 0) return [];
  const own = metric === undefined ? metrics : metrics.filter(({ name }) => name === metric);
  const rules = own.reduce((sum, one) => sum + one.rules, 0);
  const last = Math.max(0, ...own.flatMap((one) => [one.queriedMs, one.dashboardMs]));
  const lines: Line[] = [];
  if (rules > 0) lines.push(line(`! used by rules: ${rules}`, STYLE.bad));
  if (last > 0) lines.push(line(`! asked for ${sinceText(atMs, last)}`, STYLE.warn));
  if (lines.length > 0) return lines;
  const span = formatRange(Math.floor((atMs - countedSinceMs) / 60_000) * 60_000);
  return [line(`✓ no rule uses it, and nobody asked for it in ${span}`, STYLE.good)];
}

function mergeWarning(
  id: string,
  label: string | undefined,
  { labels, totals }: Exploration,
): Line[] {
  if (label === undefined || !['drop', 'sum', 'avg'].includes(id)) return [];
  const values = labels.find(({ name }) => name === label)?.values ?? 1;
  const least = Math.ceil(totals.series / Math.max(1, values));
  const lines = [line(`${totals.series} series become ${least} or more`)];
  if (id === 'drop' && least < totals.series) {
    lines.push(line('! series that merge collide: of each time one sample stays', STYLE.warn));
  }
  return lines;
}

/** The title of the list. */
export function listTitle(open: ExploreView): string {
  if (open.kind === 'labels' && open.metric !== undefined) return 'labels of the metric';
  if (open.kind === 'values') return `values of ${open.label}`;
  if (open.kind === 'policies') return 'policies and limits';
  if (open.kind === 'metrics' && open.pairs.length > 0) return 'metrics with the pair';
  return open.kind;
}
