// From a snapshot of the feed to the words and rows of `mon top`: what the header says, which
// charts there are, which targets are listed in which order. Pure, so that it is tested without a
// terminal.
import { NAME, labelValue } from '../../engine/model/labels.ts';
import type { Word } from '../draw/frame.ts';
import { lastPresent } from '../draw/plot.ts';
import { LocalTime } from '../draw/scale.ts';
import { STYLE } from '../draw/styles.ts';
import type { TableCell, TableColumn } from '../draw/table.ts';
import { formatAge, formatDuration, formatRange, formatValue } from '../draw/units.ts';
import type { FeedSnapshot, FeedTarget, PanelData } from '../feed/snapshot.ts';
import type { WordGroup } from '../widgets/status-line.tsx';
import { TOP_PANELS, type TopPanel } from './top-panels.ts';
import { shellQuote } from '../draw/shell-word.ts';
import { topCommand, type SortKey, type TopState } from './top-state.ts';

/** What the header says of the server besides what is measured. */
export interface TopServer {
  readonly url: string;
  readonly version?: string;
  /** Flags that name this server in a command; empty for the default one. */
  readonly flags: string;
}

/** Charts shown before anything is known, so that a server that is down has a place to say so. */
const FIRST_PANELS = new Set(['cpu', 'memory', 'network', 'ingest']);

/** The charts that exist on this server. */
export function visiblePanels(snapshot: FeedSnapshot): readonly TopPanel[] {
  const data = (p: TopPanel): PanelData | undefined => snapshot.panels.get(p.id);
  const shown = TOP_PANELS.filter((p) => {
    const panel = data(p);
    return panel?.state === 'shown' || (panel?.trouble && !snapshot.trouble);
  });
  if (shown.length > 0) return shown;
  return TOP_PANELS.filter((p) => FIRST_PANELS.has(p.id) && data(p)?.state === 'waiting');
}

/** What is wrong with a chart, with the age of what it shows. */
export function panelTrouble(panel: PanelData, nowMs: number): string | undefined {
  if (!panel.trouble) return undefined;
  const since = panel.freshMs > 0 ? panel.freshMs : panel.trouble.sinceMs;
  const age = formatAge(Math.max(0, nowMs - since));
  return `${panel.freshMs > 0 ? `${age} old` : `for ${age}`}: ${panel.trouble.message}`;
}

/** First row: who is asked, and how it stands. */
export function titleGroups(
  snapshot: FeedSnapshot,
  server: TopServer,
): { left: WordGroup[]; right: WordGroup[] } {
  const started = snapshot.figures.get('started');
  const left: WordGroup[] = [
    { words: [{ text: ' mon ', style: STYLE.badge }], gap: 1 },
    { words: [{ text: server.url.replace(/^http:\/\//, ''), style: STYLE.bold }] },
  ];
  if (server.version) left.push({ words: [{ text: server.version, style: STYLE.dim }] });
  if (started !== undefined && started > 0) {
    const up = formatDuration(Math.max(0, snapshot.nowMs - started * 1000));
    left.push(pair('up', up, STYLE.plain));
  }
  return { left, right: [] };
}

/** The right half of the first row: range, clock and state. */
export function timeGroups(snapshot: FeedSnapshot, zone: string | undefined): WordGroup[] {
  const time = new LocalTime(zone);
  const { anchorMs, nowMs, rangeMs } = snapshot;
  const groups: WordGroup[] = [];
  if (anchorMs === undefined) groups.push(pair('last', formatRange(rangeMs), STYLE.bold));
  else {
    const text = `${formatRange(rangeMs)} until ${time.clock(anchorMs)}`;
    groups.push({ words: [{ text, style: STYLE.warn }] });
  }
  groups.push({ words: [stateWord(snapshot)] });
  groups.push({ words: [{ text: time.clock(nowMs), style: STYLE.dim }] });
  return groups;
}

function stateWord(snapshot: FeedSnapshot): Word {
  const { trouble, aliveMs, nowMs } = snapshot;
  if (trouble) {
    const age = formatAge(Math.max(0, nowMs - (aliveMs || trouble.sinceMs)));
    return { text: ` no answer for ${age} `, style: STYLE.badgeBad };
  }
  if (snapshot.paused) return { text: '‖ paused', style: STYLE.warn };
  if (aliveMs === 0) return { text: '○ connecting', style: STYLE.dim };
  if (snapshot.anchorMs !== undefined) return { text: '○ past', style: STYLE.warn };
  return { text: '● live', style: STYLE.good };
}

/** Second row: the figures that the server has. */
export function figureGroups(snapshot: FeedSnapshot): WordGroup[] {
  const { figures, targets } = snapshot;
  const groups: WordGroup[] = [{ words: [{ text: ' ', style: STYLE.plain }], gap: 0 }];
  const add = (id: string, name: string, show: (value: number) => string): void => {
    const value = figures.get(id);
    if (value === undefined || Number.isNaN(value)) return;
    groups.push(pair(name, show(value), STYLE.bold));
  };
  if (targets.known) groups.push(targetGroup(targets.list));
  add('ingest', 'samples', (v) => formatValue(v, '/s'));
  add('series', 'series', (v) => formatValue(v, 'short'));
  add('p99', 'query p99', (v) => formatValue(v, 'seconds'));
  add('log', 'log', (v) => formatValue(v, 'bytes/s'));
  return groups;
}

function targetGroup(list: readonly FeedTarget[]): WordGroup {
  const up = list.filter((t) => t.health === 'up').length;
  const down = list.filter((t) => t.health === 'down').length;
  const words: Word[] = [
    { text: 'targets ', style: STYLE.dim },
    { text: `${up} up`, style: up > 0 ? STYLE.good : STYLE.plain },
  ];
  if (down > 0) words.push({ text: ` ${down} DOWN`, style: STYLE.bad });
  return { words };
}

/**
 * A small picture in the header of a wide terminal: a gauge where `share` is known, else a line.
 */
export interface HeaderExtra {
  readonly label: string;
  readonly share?: number;
  /** A little below the least value: a line from zero would show no movement. */
  readonly low: number;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/** Ingest over the range, and how busy and how full the busiest and fullest host is. */
export function headerExtras(snapshot: FeedSnapshot): HeaderExtra[] {
  const out: HeaderExtra[] = [];
  for (const [id, label] of [
    ['ingest', 'ingest'],
    ['cpu', 'cpu'],
    ['memory', 'mem'],
  ]) {
    const series = snapshot.panels.get(id)?.series ?? [];
    const last = series.map(lastPresent).filter((v) => v !== undefined);
    if (last.length === 0) continue;
    const { values, present } = series[0];
    const known = values.filter((v, i) => present[i] === 1 && Number.isFinite(v));
    const [least, most] = [Math.min(...known), Math.max(...known)];
    const low = least - (most - least) * 0.2;
    const share = id === 'ingest' ? undefined : Math.max(...last);
    out.push({ label, values, present, low, share });
  }
  return out;
}

function pair(name: string, value: string, style: number): WordGroup {
  return {
    words: [
      { text: `${name} `, style: STYLE.dim },
      { text: value, style },
    ],
  };
}

export const TARGET_COLUMNS: readonly TableColumn[] = [
  { title: 'state', min: 6, max: 9, rank: 0 },
  { title: 'job', min: 6, max: 24, rank: 1 },
  { title: 'instance', min: 10, max: 40, rank: 0 },
  { title: 'took', align: 'right', min: 7, max: 9, rank: 3 },
  { title: 'error or address', min: 12, rank: 4, grow: true },
  // Last, because it changes every second: what stands left of it need not be sent again.
  { title: 'scraped', align: 'right', min: 8, max: 12, rank: 2 },
];

const SORT_COLUMN: Readonly<Record<SortKey, number>> = {
  health: 0,
  job: 1,
  instance: 2,
  duration: 3,
  age: 5,
};

/** The column of a sort in the table. */
export function sortedColumn(state: TopState): { column: number; down: boolean } {
  return { column: SORT_COLUMN[state.sort], down: state.reversed };
}

/** The targets that the filter lets through, in the order asked for. */
export function shownTargets(list: readonly FeedTarget[], state: TopState): FeedTarget[] {
  const filter = (state.draft ?? state.filter).trim().toLowerCase();
  const inverse = filter.startsWith('!');
  const wanted = inverse ? filter.slice(1).trim() : filter;
  const holds = (t: FeedTarget): boolean =>
    wanted === '' || searchText(t).includes(wanted) !== inverse;
  const sorted = list.filter(holds).toSorted((a, b) => compareTargets(a, b, state.sort));
  return state.reversed ? sorted.toReversed() : sorted;
}

function searchText(target: FeedTarget): string {
  const { labels, health, scrapeUrl, lastError } = target;
  const pairs: string[] = [];
  for (let i = 0; i < labels.length; i += 2) pairs.push(`${labels[i]}=${labels[i + 1]}`);
  return [health, scrapeUrl, lastError, ...pairs].join('\n').toLowerCase();
}

const HEALTH_ORDER = ['down', 'unknown', 'up'];

function compareTargets(a: FeedTarget, b: FeedTarget, sort: SortKey): number {
  const by = {
    health: () => HEALTH_ORDER.indexOf(a.health) - HEALTH_ORDER.indexOf(b.health),
    job: () => 0,
    instance: () => compare(labelValue(a.labels, 'instance'), labelValue(b.labels, 'instance')),
    duration: () => b.lastDurationMs - a.lastDurationMs,
    age: () => a.lastScrapeMs - b.lastScrapeMs,
  }[sort]();
  if (by !== 0) return by;
  const job = compare(labelValue(a.labels, 'job'), labelValue(b.labels, 'job'));
  return job || compare(labelValue(a.labels, 'instance'), labelValue(b.labels, 'instance'));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One row of the table. Health is a sign and a word, not a colour alone. */
export function targetRow(target: FeedTarget, nowMs: number): TableCell[] {
  const { health, labels, lastError } = target;
  const up = health === 'up';
  const down = health === 'down';
  const scraped = target.lastScrapeMs > 0;
  const age = formatAge(Math.max(0, nowMs - target.lastScrapeMs));
  return [
    {
      text: up ? '● up' : down ? '✗ DOWN' : '○ new',
      style: up ? STYLE.good : down ? STYLE.bad : STYLE.dim,
    },
    { text: labelValue(labels, 'job') || target.scrapePool },
    { text: labelValue(labels, 'instance') || labelValue(labels, NAME) },
    { text: scraped ? formatDuration(roundMs(target.lastDurationMs)) : '–' },
    lastError === ''
      ? { text: target.scrapeUrl, style: STYLE.dim }
      : { text: lastError, style: STYLE.bad },
    { text: scraped ? `${age} ago` : 'never' },
  ];
}

/** Two digits are enough for how long a scrape took. */
function roundMs(ms: number): number {
  return ms >= 10 ? Math.round(ms) : Math.round(ms * 10) / 10;
}

/** The commands behind a chart and behind the view, as lines of a note. */
export function commandLines(
  panel: TopPanel | undefined,
  state: TopState,
  around: { readonly server: TopServer; readonly snapshot: FeedSnapshot },
): { text: string; style: number }[] {
  const { server, snapshot } = around;
  const lines: { text: string; style: number }[] = [];
  const flags = server.flags === '' ? '' : ` ${server.flags}`;
  const step = formatRange(snapshot.grid.step);
  const to =
    state.anchorMs === undefined ? '' : ` --to ${new Date(snapshot.grid.end).toISOString()}`;
  const range = `--since ${formatRange(state.rangeMs)}${to} --step ${step}`;
  if (panel) {
    lines.push({ text: `the chart "${panel.title}" again, anywhere:`, style: STYLE.dim });
    for (const query of panel.queries) {
      const expr = query.expr
        .replaceAll('$window', formatRange(snapshot.windowMs))
        .replaceAll('$step', step);
      const text = `mon query ${shellQuote(expr)} ${range} --graph${flags}`;
      lines.push({ text, style: STYLE.bold });
    }
    lines.push({ text: '', style: STYLE.plain });
  }
  lines.push({ text: 'this view again:', style: STYLE.dim });
  lines.push({ text: `${topCommand(state)}${flags}`, style: STYLE.bold });
  return lines;
}
