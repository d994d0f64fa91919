// What a dashboard's screen, the wall and the export see of its feed: plain immutable data, a new
// object only where something changed. Times in ms of the feed's wall clock.
import type { ChosenVariable } from '../../engine/dash/template.ts';
import type { Labels } from '../../engine/model/labels.ts';
import type { FeedSeries, Trouble } from './snapshot.ts';
import type { TimeView } from './time-view.ts';

/** A value at the end of the range: a row of a table, a bar. */
export interface DashRow {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  /** Which query of the panel it answers. */
  readonly query: number;
}

/** One bucket of a heatmap: what fell into it at each instant, not summed up. */
export interface HeatRow {
  readonly lower: number;
  readonly upper: number;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

export interface HeatRows {
  readonly timestamps: Float64Array;
  /** From the lowest bucket up. */
  readonly rows: readonly HeatRow[];
}

export interface DashPanelData {
  readonly id: string;
  /** 'waiting' before the first answer; 'absent' when the server has nothing of it. */
  readonly state: 'waiting' | 'shown' | 'absent';
  /** Of queries over the range. */
  readonly series: readonly FeedSeries[];
  /** Of queries for one instant. */
  readonly rows: readonly DashRow[];
  /** Of a heatmap. */
  readonly heat: HeatRows | undefined;
  /** Series or rows beyond what a panel keeps. */
  readonly hidden: number;
  /** True when a source was missing from an answer; `note` says which. */
  readonly partial: boolean;
  readonly note: string;
  readonly trouble: Trouble | undefined;
  /** When it was last answered; 0 for never. */
  readonly freshMs: number;
  /** True while it still shows the answer to the question before. */
  readonly behind: boolean;
}

/** A question of a panel as it is put to the server. */
export interface AskedQuery {
  readonly expr: string;
  readonly instant: boolean;
}

export interface VariableState extends ChosenVariable {
  readonly trouble: Trouble | undefined;
  /** Values beyond what can be chosen from. */
  readonly hidden: number;
}

export interface DashSnapshot extends TimeView {
  readonly version: number;
  /** The beat that made this snapshot. */
  readonly nowMs: number;
  readonly rangeMs: number;
  readonly anchorMs: number | undefined;
  readonly paused: boolean;
  /** The time between two beats. */
  readonly beatMs: number;
  readonly variables: ReadonlyMap<string, VariableState>;
  /** The panels that were looked at, others may be missing. */
  readonly panels: ReadonlyMap<string, DashPanelData>;
  readonly trouble: Trouble | undefined;
  readonly aliveMs: number;
  /** True while questions are under way that were not answered before. */
  readonly loading: boolean;
}
