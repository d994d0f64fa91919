// The words around the panels of a dashboard: title, time, variables, keys, and the notes with the
// commands behind a panel. Pure. Easy to get wrong: titles and values come from files and servers,
// and a command must survive being copied, whole and quoted.
import type { DashPanel, Dashboard } from '../../engine/dash/dashboard.ts';
import { textsOf } from '../../engine/dash/template.ts';
import { UserError } from '../../engine/errors.ts';
import { parse } from '../../engine/promql/parse.ts';
import { pretty } from '../../engine/promql/pretty.ts';
import type { PlanRow } from '../draw/plan-tree.ts';
import { LocalTime } from '../draw/scale.ts';
import { STYLE } from '../draw/styles.ts';
import { shorten, safeText } from '../draw/text.ts';
import { formatAge, formatRange } from '../draw/units.ts';
import type { Word } from '../draw/frame.ts';
import type { AskedQuery, DashSnapshot, VariableState } from '../feed/dash-snapshot.ts';
import type { WordGroup } from '../widgets/status-line.tsx';
import { DASH_KEYS, type DashMode } from './dash-keys.ts';
import { dashCommand, type DashState } from './dash-state.ts';
import { shellQuote } from '../draw/shell-word.ts';

export interface DashServer {
  readonly url: string;
  /** Flags that name this server in a command; empty for the default one. */
  readonly flags: string;
}

export interface Line {
  readonly text: string;
  readonly style: number;
}

/** First row, to the left: what is shown, and of whom. */
export function titleWords(dashboard: Dashboard, server: DashServer): WordGroup[] {
  const url = server.url.replace(/^http:\/\//, '');
  return [
    { words: [{ text: ' mon ', style: STYLE.badge }], gap: 1 },
    { words: [{ text: dashboard.title, style: STYLE.bold }] },
    { words: [{ text: url, style: STYLE.dim }] },
  ];
}

/** First row, to the right: page, range, state and clock. */
export function timeWords(
  snapshot: DashSnapshot,
  page: { readonly at: number; readonly of: number },
  zone: string | undefined,
): WordGroup[] {
  const time = new LocalTime(zone);
  const { anchorMs, nowMs, rangeMs } = snapshot;
  const groups: WordGroup[] = [];
  if (page.of > 1) {
    groups.push({ words: [{ text: `page ${page.at + 1}/${page.of}`, style: STYLE.dim }] });
  }
  if (anchorMs === undefined) {
    groups.push({
      words: [
        { text: 'last ', style: STYLE.dim },
        { text: formatRange(rangeMs), style: STYLE.bold },
      ],
    });
  } else {
    const at = `${dayOf(time, anchorMs, nowMs)}${time.clock(anchorMs)}`;
    const text = `${formatRange(rangeMs)} until ${at}`;
    groups.push({ words: [{ text, style: STYLE.warn }] });
  }
  groups.push({ words: [stateWord(snapshot)] });
  // The newest instant, not the clock: a clock that ticks repaints for nothing.
  groups.push({ words: [{ text: time.clock(snapshot.grid.end), style: STYLE.dim }] });
  return groups;
}

function dayOf(time: LocalTime, atMs: number, nowMs: number): string {
  const day = (ms: number): string => new Date(time.wall(ms)).toISOString().slice(0, 10);
  return day(atMs) === day(nowMs) ? '' : `${day(atMs)} `;
}

function stateWord(snapshot: DashSnapshot): Word {
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

/** Longest text of one variable in the row of variables. */
const VALUE_CELLS = 32;

/** Second row: the variables and what is chosen. */
export function variableWords(variables: readonly VariableState[]): WordGroup[] {
  return variables.map((state) => {
    const { variable, chosen, trouble } = state;
    const texts = textsOf(state);
    const [first = '–'] = texts;
    const more = chosen.length > 1 ? ` +${chosen.length - 1}` : '';
    const value = shorten(safeText(first), VALUE_CELLS) + more;
    return {
      words: [
        { text: ` ${safeText(variable.label || variable.name)} `, style: STYLE.dim },
        { text: value, style: trouble === undefined ? STYLE.accent : STYLE.bad },
        { text: trouble === undefined ? '' : ' !', style: STYLE.bad },
      ],
      gap: 1,
    };
  });
}

/** The keys that are valid now. */
export function keyWords(mode: DashMode, state: DashState, many: boolean): WordGroup[] {
  if (state.said !== '') {
    return [{ words: [{ text: ` ${state.said}`, style: STYLE.warn }] }];
  }
  const keys = DASH_KEYS.keysOf(mode).filter((k) => {
    if (k.bar === undefined) return false;
    return many || (k.action !== 'pageDown' && k.action !== 'variables');
  });
  return keys.map(({ shown, bar = '', action }) => ({
    words: [
      { text: ` ${shown} `, style: STYLE.accent },
      { text: action === 'pause' && state.paused ? 'go on' : bar, style: STYLE.dim },
    ],
    gap: 1,
  }));
}

/** The commands behind a panel and behind the view. */
export function commandNote(of: {
  readonly panel: DashPanel | undefined;
  readonly asked: readonly AskedQuery[];
  readonly name: string;
  readonly state: DashState;
  readonly snapshot: DashSnapshot;
  readonly server: DashServer;
}): Line[] {
  const { panel, asked, name, state, snapshot, server } = of;
  const flags = server.flags === '' ? '' : ` ${server.flags}`;
  const lines: Line[] = [];
  if (panel !== undefined && panel.description !== '') {
    lines.push({ text: panel.description, style: STYLE.plain }, blank());
  }
  asked.forEach((query, i) => {
    lines.push({ text: `query ${i + 1} of "${panel?.title ?? ''}":`, style: STYLE.dim });
    for (const text of prettyLines(query.expr))
      lines.push({ text: `  ${text}`, style: STYLE.accent });
    lines.push({ text: 'again, anywhere:', style: STYLE.dim });
    lines.push({ text: queryCommand(query, snapshot) + flags, style: STYLE.bold }, blank());
  });
  lines.push({ text: 'this view again:', style: STYLE.dim });
  const variables = [...snapshot.variables.values()];
  lines.push({ text: dashCommand(name, state, variables) + flags, style: STYLE.bold });
  return lines;
}

/** The command that asks what a panel asks. */
export function queryCommand(query: AskedQuery, snapshot: DashSnapshot): string {
  const { anchorMs, grid, rangeMs } = snapshot;
  const expr = shellQuote(query.expr.replaceAll(/\s*\n\s*/g, ' '));
  if (query.instant) {
    const at = anchorMs === undefined ? '' : ` --at ${new Date(grid.end).toISOString()}`;
    return `mon query ${expr}${at}`;
  }
  const to = anchorMs === undefined ? '' : ` --to ${new Date(grid.end).toISOString()}`;
  const since = `--since ${formatRange(rangeMs)}${to} --step ${formatRange(grid.step)}`;
  return `mon query ${expr} ${since} --graph`;
}

function prettyLines(expr: string): string[] {
  try {
    return pretty(parse(expr)).split('\n');
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return expr.split('\n');
  }
}

function blank(): Line {
  return { text: '', style: STYLE.plain };
}

const PLAN_STYLES: Readonly<Record<PlanRow['kind'], number>> = {
  step: STYLE.bold,
  text: STYLE.accent,
  ran: STYLE.good,
  sum: STYLE.dim,
};

/** A plan as lines of a note. */
export function planNote(rows: readonly PlanRow[]): Line[] {
  return rows.map(({ lead, words, more, kind }) => ({
    text: `${lead}${words}${more === '' ? '' : ` ${more}`}`,
    style: PLAN_STYLES[kind],
  }));
}
