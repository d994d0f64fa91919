// What a dashboard is, whoever wrote it: panels on a grid of 24 columns, their queries with
// variables in them, a time range. Stands between the readers of files (YAML, Grafana's JSON) and
// the screens, the wall and the export, which know no file. Plain data. Easy to get wrong: a panel
// that cannot be shown is a panel all the same and says why.

export const GRID_COLUMNS = 24;

/** What a number counts; the drawing room has the same words. */
export const PANEL_UNITS = [
  'short',
  'bytes',
  'bytes/s',
  'bits/s',
  '/s',
  'percent',
  'percent100',
  'seconds',
  'ms',
  'unixtime',
] as const;
export type PanelUnit = (typeof PANEL_UNITS)[number];

/** How alarming a value is; in the order of alarm. */
export const LEVELS = ['good', 'info', 'warn', 'bad'] as const;
export type Level = (typeof LEVELS)[number];

/** From `value` on a number has this level; -Infinity for the one below all others. */
export interface Threshold {
  readonly value: number;
  readonly level: Level;
}

export const PANEL_KINDS = [
  'timeseries',
  'stat',
  'gauge',
  'table',
  'heatmap',
  'bar',
  'text',
  'row',
] as const;
/** 'unknown' is a panel of a kind that cannot be shown; its text says so. */
export type PanelKind = (typeof PANEL_KINDS)[number] | 'unknown';

/** How the values of a range become one number. */
export const REDUCTIONS = ['last', 'first', 'min', 'max', 'mean', 'sum'] as const;
export type Reduction = (typeof REDUCTIONS)[number];

/** Columns of 24 and rows of the grid; a row is about a line and a half of a terminal. */
export interface GridPlace {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface DashQuery {
  /** PromQL with variables: `$name`, `${name}`, `${name:regex}`, `[[name]]`, `$__rate_interval`. */
  readonly expr: string;
  /** `{{label}}` stands for the value of a label; empty for all of them. */
  readonly legend: string;
  /** Asked for the end of the range alone. */
  readonly instant: boolean;
}

export interface DashPanel {
  /** Unique in its dashboard; made of the place where the file has none. */
  readonly id: string;
  readonly kind: PanelKind;
  readonly title: string;
  readonly description: string;
  readonly place: GridPlace;
  readonly queries: readonly DashQuery[];
  readonly unit: PanelUnit;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly thresholds: readonly Threshold[];
  readonly reduce: Reduction;
  /** Series stand on one another. */
  readonly stack: boolean;
  readonly fill: boolean;
  readonly legend: boolean;
  /** Of a stat: the line of history under the number. */
  readonly sparkline: boolean;
  /** The least step that $__interval stands for; 0 for any. */
  readonly minStepMs: number;
  /** Of a text panel its text, of one that cannot be shown the reason. */
  readonly text: string;
}

/** Where the values of a query variable come from. */
export type ValueSource =
  | { readonly kind: 'label_values'; readonly selector: string; readonly label: string }
  | { readonly kind: 'label_names'; readonly selector: string }
  | { readonly kind: 'metrics'; readonly pattern: string }
  | { readonly kind: 'query_result'; readonly expr: string };

const VARIABLE_KINDS = ['query', 'custom', 'interval', 'constant', 'text'] as const;
/** 'datasource' stands for the one server that is asked. */
export type VariableKind = (typeof VARIABLE_KINDS)[number] | 'datasource';

export interface VariableOption {
  readonly text: string;
  readonly value: string;
}

export interface DashVariable {
  readonly name: string;
  readonly label: string;
  readonly kind: VariableKind;
  /** Of a custom, interval, constant or text variable; of a query only what the file remembers. */
  readonly options: readonly VariableOption[];
  readonly source: ValueSource | undefined;
  /** Keeps the values it matches; its first group, or those named text and value, is taken. */
  readonly regex: string;
  readonly sort: 'none' | 'text' | 'text-down' | 'number' | 'number-down';
  readonly multi: boolean;
  readonly includeAll: boolean;
  /** What All stands for; undefined for all the values. */
  readonly allValue: string | undefined;
  /** Of an interval: it may follow the range, in about `count` steps of at least `minMs`. */
  readonly auto: { readonly count: number; readonly minMs: number } | undefined;
  readonly current: readonly string[];
  readonly hidden: boolean;
}

/** A value of a variable that means all of them; Grafana's word. */
export const ALL = '$__all';
/** The value of an interval that follows the range. */
export const AUTO = 'auto';

export interface Dashboard {
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly rangeMs: number;
  /** The least time between two beats; undefined leaves it to the screen. */
  readonly refreshMs: number | undefined;
  readonly variables: readonly DashVariable[];
  readonly panels: readonly DashPanel[];
}

/** A dashboard and what of its file was read and is not used, a sentence each. */
export interface ReadDashboard {
  readonly dashboard: Dashboard;
  readonly warnings: readonly string[];
}

/** The level of a value: that of the highest threshold it has reached. */
export function levelOf(value: number, thresholds: readonly Threshold[]): Level | undefined {
  let best: Threshold | undefined;
  for (const one of thresholds) {
    if (value >= one.value && (best === undefined || one.value >= best.value)) best = one;
  }
  return best?.level;
}

/** A panel of a kind with everything else at its usual value. */
export function makePanel(
  id: string,
  kind: PanelKind,
  more: Partial<Omit<DashPanel, 'id' | 'kind'>> = {},
): DashPanel {
  return {
    id,
    kind,
    title: '',
    description: '',
    place: { x: 0, y: 0, w: 12, h: 8 },
    queries: [],
    unit: 'short',
    min: undefined,
    max: undefined,
    thresholds: [],
    reduce: 'last',
    stack: false,
    fill: false,
    legend: true,
    sparkline: true,
    minStepMs: 0,
    text: '',
    ...more,
  };
}

/** A variable of a kind with everything else at its usual value. */
export function makeVariable(
  name: string,
  kind: VariableKind,
  more: Partial<Omit<DashVariable, 'name' | 'kind'>> = {},
): DashVariable {
  return {
    name,
    label: '',
    kind,
    options: [],
    source: undefined,
    regex: '',
    sort: 'none',
    multi: false,
    includeAll: false,
    allValue: undefined,
    auto: undefined,
    current: [],
    hidden: false,
    ...more,
  };
}

/** The height that a panel has when its file does not say, by kind. */
const USUAL_HEIGHT: Readonly<Record<PanelKind, number>> = {
  timeseries: 8,
  stat: 4,
  gauge: 6,
  table: 8,
  heatmap: 8,
  bar: 8,
  text: 4,
  row: 1,
  unknown: 4,
};

/**
 * Places for panels that have none: from left to right, a new line where one does not fit. A row's
 * title has a line to itself.
 */
export class Flow {
  #x = 0;
  #y = 0;
  #bottom = 0;

  place(kind: PanelKind, size: { readonly w?: number; readonly h?: number }): GridPlace {
    const row = kind === 'row';
    const w = row ? GRID_COLUMNS : Math.min(GRID_COLUMNS, Math.max(1, size.w ?? 12));
    const h = row ? 1 : (size.h ?? USUAL_HEIGHT[kind]);
    if (row || this.#x + w > GRID_COLUMNS) {
      this.#x = 0;
      this.#y = this.#bottom;
    }
    const place = { x: this.#x, y: this.#y, w, h };
    this.#x += w;
    this.#bottom = Math.max(this.#bottom, this.#y + h);
    return place;
  }

  /** Goes on below a panel that has a place of its own. */
  below(place: GridPlace): void {
    this.#bottom = Math.max(this.#bottom, place.y + place.h);
    this.#x = 0;
    this.#y = this.#bottom;
  }
}
