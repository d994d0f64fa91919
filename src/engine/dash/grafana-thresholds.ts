// Thresholds in Grafana's three forms: steps with colours (fieldConfig), lines of an old graph, and
// the text "50,80" of an old singlestat with its list of colours. Easy to get wrong: the first step
// has the value null, which is everything below; percentages need both bounds to mean a number.
import { DASH_THRESHOLDS_MAX } from '../limits-dash.ts';
import type { DashPanel, Threshold } from './dashboard.ts';
import { listOf, mapOf, mapsOf, numberOf, own, textOf } from './grafana-json.ts';
import type { ImportNotes, Json } from './grafana-json.ts';
import { levelOfColor } from './grafana-units.ts';

export interface ThresholdPlace {
  readonly type: string;
  readonly bounds: Pick<DashPanel, 'min' | 'max'>;
  readonly notes: ImportNotes;
  readonly named: string;
}

/** The thresholds of a panel, from the lowest up. */
export function thresholdsOf(json: Json, at: ThresholdPlace): Threshold[] {
  const found =
    at.type === 'singlestat' || at.type === 'gauge-old'
      ? fromText(json)
      : [...fromSteps(json, at), ...fromLines(json)];
  return found.toSorted((a, b) => a.value - b.value).slice(0, DASH_THRESHOLDS_MAX);
}

function fromSteps(json: Json, { bounds, notes, named, type }: ThresholdPlace): Threshold[] {
  const defaults = mapOf(mapOf(json, 'fieldConfig'), 'defaults');
  const thresholds = mapOf(defaults, 'thresholds');
  const steps = mapsOf(thresholds, 'steps');
  // Grafana writes green and "red from 80" into every panel, and charts only draw them when asked.
  const style = textOf(mapOf(mapOf(defaults, 'custom'), 'thresholdsStyle'), 'mode');
  if (type === 'timeseries' && (style === '' || style === 'off')) return [];
  const percent = textOf(thresholds, 'mode') === 'percentage';
  const { min, max } = bounds;
  if (percent && steps.length > 1 && (min === undefined || max === undefined)) {
    notes.add('thresholds in percent need min and max', named);
    return [];
  }
  return steps.flatMap((step) => {
    const level = levelOfColor(textOf(step, 'color'));
    if (own(step, 'value') === null || own(step, 'value') === undefined) {
      return [{ value: -Infinity, level }];
    }
    const value = numberOf(step, 'value');
    if (value === undefined) return [];
    const span = percent ? (max as number) - (min as number) : 0;
    return [{ value: percent ? (min as number) + (value / 100) * span : value, level }];
  });
}

/** `thresholds: [{value, op: gt, colorMode: critical}]` of an old graph. */
function fromLines(json: Json): Threshold[] {
  return mapsOf(json, 'thresholds').flatMap((line): Threshold[] => {
    const value = numberOf(line, 'value');
    if (value === undefined) return [];
    const mode = textOf(line, 'colorMode');
    const level = { critical: 'bad', warning: 'warn', ok: 'good' }[mode] ?? 'info';
    return [{ value, level: level as Threshold['level'] }];
  });
}

/** `thresholds: "50,80"`, and three colours. */
function fromText(json: Json): Threshold[] {
  const colors = listOf(json, 'colors').map((color) => (typeof color === 'string' ? color : ''));
  const texts = textOf(json, 'thresholds').split(',');
  const values = texts.flatMap((text) => {
    const value = Number(text);
    return text.trim() === '' || !Number.isFinite(value) ? [] : [value];
  });
  if (values.length === 0 || colors.length < 2) return [];
  return [-Infinity, ...values].map((value, i) => ({
    value,
    level: levelOfColor(colors[Math.min(i, colors.length - 1)]),
  }));
}
