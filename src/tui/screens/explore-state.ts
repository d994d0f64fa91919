// What the explorer is looking at, as a pure function of keys: a stack of views, the lists at its
// bottom, each deeper view inside a row of the one before. Easy to get wrong: a row is remembered
// by its name, because the next answer may sort it elsewhere.
import type { ExploreQuery } from '../feed/explore-feed.ts';
import { EXPLORE_TABS } from './explore-keys.ts';
import type { ExploreAction, ExploreMode, ExploreTab } from './explore-keys.ts';
import { rulesFor, selectorOf } from './explore-rules.ts';
import type { RuleScope, WrittenRule } from './explore-rules.ts';
import { scrolledBy } from '../scroll.ts';
import { shellQuote } from '../draw/shell-word.ts';

/** What a view lists. */
export type ViewKind = ExploreTab | 'values' | 'series';

/** One level: a list, and what it is inside of. */
export interface ExploreView {
  readonly kind: ViewKind;
  readonly metric?: string;
  readonly pairs: readonly (readonly [label: string, value: string])[];
  /** The label whose values are listed. */
  readonly label?: string;
  readonly filter: string;
  /** Column by which rows are sorted; -1 for the natural one. */
  readonly sort: number;
  readonly reversed: boolean;
  /** The chosen row, by name; '' for the first. */
  readonly chosen: string;
}

export interface ExploreState {
  readonly tab: ExploreTab;
  /** The lists, each as it was left. */
  readonly tabs: Readonly<Record<ExploreTab, ExploreView>>;
  /** Deeper views, the open one last. */
  readonly inside: readonly ExploreView[];
  /** The filter while it is typed. */
  readonly draft: string | undefined;
  readonly overlay: 'help' | 'command' | undefined;
  /** Lines of the overlay or the rule scrolled past. */
  readonly scroll: number;
  readonly rule: { readonly scope: RuleScope; readonly choice: number } | undefined;
  readonly paused: boolean;
}

/** What keys need to know of the rows that are shown. */
export interface ExploreAround {
  /** Names of the rows in their order. */
  readonly rows: readonly string[];
  readonly page: number;
  readonly columns: number;
  /** How far the overlay or the rule that is open can be scrolled. */
  readonly scrollMax: number;
}

/** How the screen opens. */
export interface ExploreStart {
  readonly tab?: ExploreTab;
  readonly filter?: string;
  readonly sort?: number;
  readonly reversed?: boolean;
  readonly metric?: string;
  readonly label?: string;
}

function view(kind: ViewKind, more: Partial<ExploreView> = {}): ExploreView {
  const plain = { pairs: [], filter: '', sort: -1, reversed: false, chosen: '' };
  return { kind, ...plain, ...more };
}

export function exploreState(start: ExploreStart = {}): ExploreState {
  const { tab = 'metrics', filter = '', sort = -1, reversed = false, metric, label } = start;
  const tabs = {
    metrics: view('metrics'),
    labels: view('labels'),
    pairs: view('pairs'),
    policies: view('policies'),
  };
  const inside: ExploreView[] = [];
  if (metric !== undefined) inside.push(view('labels', { metric }));
  if (label !== undefined) inside.push(view('values', { metric, label }));
  const own = { filter, sort, reversed };
  const last = inside.pop();
  if (last === undefined) tabs[tab] = { ...tabs[tab], ...own };
  else inside.push({ ...last, ...own });
  const nothing = { draft: undefined, overlay: undefined, rule: undefined };
  return { tab, tabs, inside, ...nothing, scroll: 0, paused: false };
}

/** The view that is open. */
export function openView({ tab, tabs, inside }: ExploreState): ExploreView {
  return inside.at(-1) ?? tabs[tab];
}

export function exploreModeOf(state: ExploreState): ExploreMode {
  if (state.draft !== undefined) return 'filter';
  if (state.rule !== undefined) return 'rule';
  if (state.overlay !== undefined) return state.overlay;
  return state.inside.length > 0 ? 'inside' : 'list';
}

/** What the feed has to ask for the view. */
export function queryOf({ kind, metric, pairs, label }: ExploreView): ExploreQuery {
  const whole = metric === undefined && pairs.length === 0;
  if (whole && kind === 'values') {
    const key = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label ?? '') ? label : JSON.stringify(label);
    return { match: `{${key}!=""}`, label };
  }
  if (whole) return {};
  const match = selectorOf({ metric }, pairs);
  if (kind === 'series') return { match, series: true };
  return kind === 'values' ? { match, label } : { match };
}

/** What has to be asked to say what a rule would take. */
export function ruleQueryOf({ metric, label, value }: RuleScope): ExploreQuery {
  if (label === undefined) return { match: selectorOf({ metric }) };
  if (value !== undefined) return { match: selectorOf({ metric, label, value }) };
  const key = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : JSON.stringify(label);
  const named = metric === undefined ? '' : `,__name__=${JSON.stringify(metric)}`;
  return { match: `{${key}!=""${named}}` };
}

/** The rule that is chosen in the writer. */
export function chosenRule({ rule }: ExploreState): WrittenRule | undefined {
  if (rule === undefined) return undefined;
  const all = rulesFor(rule.scope);
  return all[((rule.choice % all.length) + all.length) % all.length];
}

/** Row names of pairs hold both parts. */
export function pairKey(name: string, value: string): string {
  return `${name}\u0000${value}`;
}

/** What a rule about the chosen row is about; undefined where there is nothing to take away. */
export function scopeOf(open: ExploreView, row: string): RuleScope | undefined {
  const { kind, metric, label } = open;
  if (kind === 'policies') return undefined;
  if (kind === 'series') return metric === undefined ? undefined : { metric };
  if (row === '') return undefined;
  if (kind === 'metrics') return { metric: row };
  if (kind === 'labels') return named({ metric, label: row });
  if (kind === 'values') return named({ metric, label, value: row });
  const [name, value] = row.split('\u0000');
  return named({ label: name, value });
}

/** The name of a metric is no label that could be taken off: a rule is about the metric then. */
function named(scope: RuleScope): RuleScope | undefined {
  if (scope.label !== '__name__') return scope;
  const metric = scope.value ?? scope.metric;
  return metric === undefined ? undefined : { metric };
}

/** The view inside a row. */
function inner(open: ExploreView, row: string): ExploreView | undefined {
  const { kind, metric, pairs, label } = open;
  if (row === '') return undefined;
  if (kind === 'metrics') return view('labels', { metric: row, pairs });
  if (kind === 'labels') return view('values', { metric, pairs, label: row });
  if (kind === 'pairs') {
    const [name, value] = row.split('\u0000');
    return view('metrics', { pairs: [[name, value]] });
  }
  if (kind !== 'values' || label === undefined) return undefined;
  const more = [...pairs.filter(([name]) => name !== label), [label, row] as const];
  return view(metric === undefined ? 'metrics' : 'series', { metric, pairs: more });
}

function withView(state: ExploreState, change: Partial<ExploreView>): ExploreState {
  const next = { ...openView(state), ...change };
  if (state.inside.length > 0) return { ...state, inside: [...state.inside.slice(0, -1), next] };
  return { ...state, tabs: { ...state.tabs, [state.tab]: next } };
}

/** The index of the chosen row. */
export function chosenIndex({ chosen }: ExploreView, rows: readonly string[]): number {
  return Math.max(0, rows.indexOf(chosen));
}

const MOVES: Partial<Record<ExploreAction, (at: number, around: ExploreAround) => number>> = {
  up: (at) => at - 1,
  down: (at) => at + 1,
  pageUp: (at, { page }) => at - page,
  pageDown: (at, { page }) => at + page,
  first: () => 0,
  last: (_, { rows }) => rows.length - 1,
};

/** The state after a key. */
export function reduceExplore(
  state: ExploreState,
  action: ExploreAction,
  around: ExploreAround,
): ExploreState {
  const open = openView(state);
  if (state.overlay !== undefined || state.rule !== undefined) {
    const scroll = scrolledBy(state.scroll, action, around.scrollMax);
    if (scroll !== undefined) return { ...state, scroll };
  }
  const move = MOVES[action];
  if (move !== undefined) {
    const at = move(chosenIndex(open, around.rows), around);
    const row = Math.max(0, Math.min(around.rows.length - 1, at));
    return withView(state, { chosen: around.rows[row] ?? '' });
  }
  const row = around.rows[chosenIndex(open, around.rows)] ?? '';
  switch (action) {
    case 'back':
    case 'clear':
      return backFrom(state, action);
    case 'open': {
      const next = inner(open, row);
      if (next === undefined) return state;
      const kept = withView(state, { chosen: row });
      return { ...kept, inside: [...kept.inside, next] };
    }
    case 'rule': {
      const scope = scopeOf(open, row);
      return scope === undefined ? state : { ...state, rule: { scope, choice: 0 }, scroll: 0 };
    }
    case 'sort':
    case 'sortBack': {
      const step = action === 'sort' ? 1 : around.columns - 1;
      const from = open.sort < 0 ? 0 : open.sort;
      return withView(state, { sort: (from + step) % around.columns, reversed: false });
    }
    case 'reverse':
      return withView(state, { reversed: !open.reversed });
    default:
      return reduceRest(state, action);
  }
}

function reduceRest(state: ExploreState, action: ExploreAction): ExploreState {
  const tabAt = EXPLORE_TABS.indexOf(state.tab);
  const tabTo = (i: number): ExploreState => {
    return { ...state, tab: EXPLORE_TABS[(i + EXPLORE_TABS.length) % EXPLORE_TABS.length] };
  };
  const turn = (by: number): ExploreState => {
    if (state.rule === undefined) return state;
    return { ...state, rule: { ...state.rule, choice: state.rule.choice + by }, scroll: 0 };
  };
  switch (action) {
    case 'nextTab':
      return tabTo(tabAt + 1);
    case 'previousTab':
      return tabTo(tabAt - 1);
    case 'tab1':
    case 'tab2':
    case 'tab3':
    case 'tab4':
      return tabTo(Number(action.slice(3)) - 1);
    case 'filter':
      return { ...state, draft: openView(state).filter };
    case 'submit':
      return { ...withView(state, { filter: state.draft ?? '' }), draft: undefined };
    case 'erase':
      return { ...state, draft: [...(state.draft ?? '')].slice(0, -1).join('') };
    case 'nextRule':
      return turn(1);
    case 'previousRule':
      return turn(-1);
    case 'help':
    case 'command':
      return { ...state, overlay: action, scroll: 0 };
    case 'pause':
      return { ...state, paused: !state.paused };
    default:
      return state;
  }
}

function backFrom(state: ExploreState, action: 'back' | 'clear'): ExploreState {
  if (state.draft !== undefined) {
    return { ...state, draft: action === 'clear' ? '' : undefined };
  }
  if (state.rule !== undefined) return { ...state, rule: undefined };
  if (state.overlay !== undefined) return { ...state, overlay: undefined };
  if (openView(state).filter !== '') return withView(state, { filter: '' });
  return { ...state, inside: state.inside.slice(0, -1) };
}

const DRAFT_MAX = 200;

/** A typed character of the filter. */
export function typeExplore(state: ExploreState, name: string): ExploreState {
  if (state.draft === undefined || [...name].length !== 1) return state;
  return { ...state, draft: (state.draft + name).slice(0, DRAFT_MAX) };
}

/** The command that opens this view, as far as flags can say it. */
export function exploreCommand(state: ExploreState, serverFlags: string): string {
  const open = openView(state);
  const parts = ['mon explore'];
  if (open.metric !== undefined) parts.push(shellQuote(open.metric));
  if (open.label !== undefined) parts.push('--label', shellQuote(open.label));
  if (state.inside.length === 0 && state.tab !== 'metrics') parts.push('--list', state.tab);
  if (open.filter !== '') parts.push('--filter', shellQuote(open.filter));
  if (open.sort >= 0) parts.push('--sort', String(open.sort + 1));
  if (open.reversed) parts.push('--reverse');
  if (serverFlags !== '') parts.push(serverFlags);
  return parts.join(' ');
}
