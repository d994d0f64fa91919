// What the user of the alert centre has chosen, and how a key changes it: a pure function, so that
// every key can be tested without a terminal. What has to be done outside (a silence, an
// acknowledgement) is left as a wish, which the screen carries out.
import type { AlertView } from '../../engine/model/alerting.ts';
import { durationOf } from '../../engine/model/duration.ts';
import { scrolledBy } from '../scroll.ts';
import { ALERT_TABS } from './alert-centre-keys.ts';
import type { AlertAction, AlertMode, AlertTab } from './alert-centre-keys.ts';
import { matchersFor, matchersFault } from './alert-centre-matchers.ts';

export interface Field {
  readonly name: string;
  readonly value: string;
}

export interface Form {
  readonly kind: 'silence' | 'acknowledge' | 'extend';
  readonly fields: readonly Field[];
  readonly at: number;
  /** Ids that it is about: silences or incidents. */
  readonly ids: readonly string[];
  readonly fault: string;
}

/** Something to be done outside. */
export type AlertWish =
  | {
      readonly kind: 'silence';
      readonly matchers: string;
      readonly forMs: number;
      readonly comment: string;
    }
  | { readonly kind: 'acknowledge'; readonly ids: readonly string[]; readonly comment: string }
  | { readonly kind: 'extend'; readonly ids: readonly string[]; readonly byMs: number }
  | { readonly kind: 'expire'; readonly ids: readonly string[] };

export interface AlertState {
  readonly tab: AlertTab;
  readonly row: number;
  readonly filter: string;
  readonly draft: string | undefined;
  readonly marked: ReadonlySet<string>;
  readonly open: boolean;
  /** First line of the detail that is shown. */
  readonly scroll: number;
  /** First line of the overlay that is shown. */
  readonly noteScroll: number;
  readonly form: Form | undefined;
  readonly confirm: { readonly words: string; readonly ids: readonly string[] } | undefined;
  readonly overlay: 'none' | 'help' | 'command';
  readonly paused: boolean;
  readonly wish: AlertWish | undefined;
}

/** What a key's meaning depends on besides the state. */
export interface AlertAround {
  /** Ids of the lines shown, in order. */
  readonly ids: readonly string[];
  /** The alerts behind the marked lines, or behind the chosen one. */
  readonly alerts: readonly AlertView[];
  /** Their open incidents. */
  readonly incidents: readonly string[];
  readonly page: number;
  /** How far the overlay, or else the detail, can be scrolled. */
  readonly scrollMax: number;
}

export function alertState(chosen: Partial<AlertState> = {}): AlertState {
  return {
    ...{ tab: 'alerts', row: 0, filter: '', draft: undefined, marked: new Set<string>() },
    ...{ open: false, scroll: 0, form: undefined, confirm: undefined, overlay: 'none' },
    ...{ paused: false, wish: undefined, noteScroll: 0 },
    ...chosen,
  };
}

export function alertModeOf(state: AlertState): AlertMode {
  if (state.overlay !== 'none') return 'note';
  if (state.confirm !== undefined) return 'confirm';
  if (state.form !== undefined) return 'form';
  if (state.draft !== undefined) return 'filter';
  return state.open ? 'detail' : state.tab;
}

/** Ids that an action is about: the marked ones that are shown, or the chosen one. */
export function chosenIds(state: AlertState, ids: readonly string[]): string[] {
  const marked = ids.filter((id) => state.marked.has(id));
  if (marked.length > 0) return marked;
  const one = ids[Math.min(state.row, ids.length - 1)];
  return one === undefined ? [] : [one];
}

/** The state after an action. */
export function reduceAlerts(
  state: AlertState,
  action: AlertAction,
  around: AlertAround,
): AlertState {
  if (state.form !== undefined && state.overlay === 'none')
    return inForm(state, state.form, action);
  if (state.confirm !== undefined) return inConfirm(state, action);
  if (state.draft !== undefined) return inFilter(state, state.draft, action);
  switch (action) {
    case 'help':
    case 'command':
      return { ...state, overlay: action, noteScroll: 0 };
    case 'back':
      return state.overlay === 'none' ? { ...state, open: false } : { ...state, overlay: 'none' };
    case 'filter':
      return { ...state, draft: state.filter };
    case 'nextTab':
      return toTab(state, 1);
    case 'previousTab':
      return toTab(state, -1);
    case 'open':
      return around.ids.length === 0 ? state : { ...state, open: true, scroll: 0 };
    case 'mark':
    case 'markAll':
      return mark(state, action, around);
    case 'clear':
      return state.marked.size > 0 ? { ...state, marked: new Set() } : { ...state, filter: '' };
    case 'pause':
      return { ...state, paused: !state.paused };
    case 'silence':
    case 'acknowledge':
    case 'extend':
    case 'expire':
      return begin(state, action, around);
    default:
      return move(state, action, around);
  }
}

function toTab(state: AlertState, by: number): AlertState {
  const count = ALERT_TABS.length;
  const tab = ALERT_TABS[(ALERT_TABS.indexOf(state.tab) + by + count) % count];
  return { ...state, tab, row: 0, marked: new Set(), open: false };
}

function mark(state: AlertState, action: 'mark' | 'markAll', { ids }: AlertAround): AlertState {
  const marked = new Set(state.marked);
  if (action === 'markAll') {
    const all = ids.every((id) => marked.has(id));
    return { ...state, marked: new Set(all ? [] : ids) };
  }
  const id = ids[Math.min(state.row, ids.length - 1)];
  if (id === undefined) return state;
  if (!marked.delete(id)) marked.add(id);
  return { ...state, marked, row: Math.min(state.row + 1, ids.length - 1) };
}

function move(state: AlertState, action: AlertAction, around: AlertAround): AlertState {
  const { ids, page, scrollMax } = around;
  if (state.overlay !== 'none') {
    const noteScroll = scrolledBy(state.noteScroll, action, scrollMax) ?? state.noteScroll;
    return { ...state, noteScroll };
  }
  if (state.open) {
    return { ...state, scroll: scrolledBy(state.scroll, action, scrollMax) ?? state.scroll };
  }
  const steps: Partial<Record<AlertAction, number>> = {
    ...{ up: -1, down: 1, pageUp: -page, pageDown: page, first: -Infinity, last: Infinity },
  };
  const by = steps[action];
  if (by === undefined) return state;
  const last = Math.max(0, ids.length - 1);
  return { ...state, row: Math.min(last, Math.max(0, Math.min(state.row, last) + by)) };
}

function begin(
  state: AlertState,
  action: 'silence' | 'acknowledge' | 'extend' | 'expire',
  around: AlertAround,
): AlertState {
  const ids = chosenIds(state, around.ids);
  if (ids.length === 0) return state;
  const count = ids.length === 1 ? 'this silence' : `${ids.length} silences`;
  if (action === 'expire') return { ...state, confirm: { words: `end ${count} now?`, ids } };
  const form = (fields: readonly Field[], about: readonly string[], at = 0): AlertState => ({
    ...state,
    form: { kind: action, fields, at, ids: about, fault: '' },
  });
  if (action === 'extend') return form([{ name: 'by', value: '1h' }], ids);
  if (action === 'acknowledge') {
    if (around.incidents.length === 0) return state;
    return form([{ name: 'comment', value: '' }], around.incidents);
  }
  if (around.alerts.length === 0) return state;
  const fields = [
    { name: 'matchers', value: matchersFor(around.alerts) },
    { name: 'for', value: '2h' },
    { name: 'comment', value: '' },
  ];
  return form(fields, ids, 2);
}

function inConfirm(state: AlertState, action: AlertAction): AlertState {
  const { confirm } = state;
  if (confirm === undefined || !['yes', 'no', 'back'].includes(action)) return state;
  const closed = { ...state, confirm: undefined };
  if (action !== 'yes') return closed;
  return { ...closed, marked: new Set(), wish: { kind: 'expire', ids: confirm.ids } };
}

function inFilter(state: AlertState, draft: string, action: AlertAction): AlertState {
  if (action === 'submit') return { ...state, filter: draft, draft: undefined, row: 0 };
  if (action === 'back') return { ...state, draft: undefined };
  if (action === 'clear') return { ...state, draft: '', row: 0 };
  return action === 'erase' ? { ...state, draft: [...draft].slice(0, -1).join(''), row: 0 } : state;
}

function inForm(state: AlertState, form: Form, action: AlertAction): AlertState {
  const count = form.fields.length;
  const edited = (change: Partial<Form>): AlertState => ({
    ...state,
    form: { ...form, ...change },
  });
  const { value } = form.fields[form.at];
  switch (action) {
    case 'back':
      return { ...state, form: undefined };
    case 'nextField':
      return edited({ at: (form.at + 1) % count });
    case 'previousField':
      return edited({ at: (form.at + count - 1) % count });
    case 'erase':
      return edited({ fields: withValue(form, [...value].slice(0, -1).join('')), fault: '' });
    case 'clear':
      return edited({ fields: withValue(form, ''), fault: '' });
    case 'submit':
      return submit(state, form);
    default:
      return state;
  }
}

function withValue(form: Form, value: string): Field[] {
  return form.fields.map((field, i) => (i === form.at ? { ...field, value } : field));
}

/** A character typed into the filter or the field; anything else is no text. */
export function typeAlerts(state: AlertState, name: string): AlertState {
  if ([...name].length !== 1 || name < ' ') return state;
  if (state.form !== undefined) {
    const { form } = state;
    const fields = withValue(form, form.fields[form.at].value + name);
    return { ...state, form: { ...form, fields, fault: '' } };
  }
  return state.draft === undefined ? state : { ...state, draft: state.draft + name, row: 0 };
}

/** The value of a field by its name. */
export function fieldOf(form: Form, name: string): string {
  return form.fields.find((field) => field.name === name)?.value ?? '';
}

function submit(state: AlertState, form: Form): AlertState {
  const at = (name: string, fault: string): AlertState => {
    const found = form.fields.findIndex((field) => field.name === name);
    return { ...state, form: { ...form, at: Math.max(0, found), fault } };
  };
  const done = (wish: AlertWish): AlertState => ({
    ...{ ...state, form: undefined, marked: new Set<string>(), wish },
  });
  const comment = fieldOf(form, 'comment').trim();
  if (form.kind === 'acknowledge') return done({ kind: 'acknowledge', ids: form.ids, comment });
  const span = form.kind === 'extend' ? 'by' : 'for';
  const ms = durationOf(fieldOf(form, span).trim()) ?? 0;
  if (ms === 0) return at(span, 'not a duration: write 30m, 2h, 1d');
  if (form.kind === 'extend') return done({ kind: 'extend', ids: form.ids, byMs: ms });
  const matchers = fieldOf(form, 'matchers');
  const fault = matchersFault(matchers);
  if (fault !== undefined) return at('matchers', fault);
  if (comment === '') return at('comment', 'say why, for those who come later');
  return done({ kind: 'silence', matchers, forMs: ms, comment });
}
