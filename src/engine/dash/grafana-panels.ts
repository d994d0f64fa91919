// One panel of Grafana's as one of ours: kind, queries, unit, bounds, thresholds, reduction. Both
// forms are read, the old one (graph, singlestat, yaxes) and the present one (fieldConfig,
// options). Easy to get wrong: the same word means different things in the two, such as
// `thresholds`; and what asks something else than a Prometheus cannot be shown at all.
import { DASH_QUERIES_MAX, DASH_QUERY_UNITS_MAX, DASH_TEXT_UNITS_MAX } from '../limits-dash.ts';
import { durationOf } from '../model/duration.ts';
import {
  makePanel,
  type DashPanel,
  type DashQuery,
  type GridPlace,
  type PanelKind,
  type Reduction,
} from './dashboard.ts';
import { isMap, isTrue, listOf, mapOf, mapsOf, numberOf, own, textOf } from './grafana-json.ts';
import type { ImportNotes, Json } from './grafana-json.ts';
import { thresholdsOf } from './grafana-thresholds.ts';
import { unitOf } from './grafana-units.ts';
import type { PanelIds } from './panel-ids.ts';

export interface PanelPlace {
  readonly place: GridPlace;
  readonly ids: PanelIds;
  readonly notes: ImportNotes;
}

const KINDS: ReadonlyMap<string, PanelKind> = new Map([
  ['timeseries', 'timeseries'],
  ['graph', 'timeseries'],
  ['trend', 'timeseries'],
  ['stat', 'stat'],
  ['singlestat', 'stat'],
  ['gauge', 'gauge'],
  ['table', 'table'],
  ['table-old', 'table'],
  ['heatmap', 'heatmap'],
  ['bargauge', 'bar'],
  ['barchart', 'bar'],
  ['piechart', 'bar'],
  ['grafana-piechart-panel', 'bar'],
  ['state-timeline', 'timeseries'],
  ['status-history', 'timeseries'],
  ['text', 'text'],
  ['row', 'row'],
]);
/** Kinds that are shown in another form than they had. */
const NEARLY: ReadonlySet<string> = new Set([
  'piechart',
  'grafana-piechart-panel',
  'state-timeline',
  'status-history',
]);
const REDUCERS: ReadonlyMap<string, Reduction> = new Map([
  ['lastNotNull', 'last'],
  ['last', 'last'],
  ['current', 'last'],
  ['first', 'first'],
  ['firstNotNull', 'first'],
  ['min', 'min'],
  ['max', 'max'],
  ['mean', 'mean'],
  ['avg', 'mean'],
  ['sum', 'sum'],
  ['total', 'sum'],
]);
/** Data sources whose queries are PromQL, and words that leave the choice open. */
const PROMETHEUS =
  /^(?:$|prometheus|.*prometheus.*|mimir|thanos|cortex|.*victoriametrics.*|default)$/i;
const OPEN = /^(?:--? ?(?:mixed|grafana|dashboard) ?--?|datasource|\$.*|\[\[.*)$/i;

/** A panel; one that cannot be shown says why. */
export function importPanel(json: Json, at: PanelPlace): DashPanel {
  const { place, ids, notes } = at;
  const title = textOf(json, 'title');
  const type = textOf(json, 'type');
  const kind = KINDS.get(type);
  const id = ids.make(title, kind ?? 'panel');
  const named = title === '' ? id : title;
  const frame = { title, place, description: textOf(json, 'description', DASH_TEXT_UNITS_MAX) };
  if (kind === 'row') return makePanel(id, 'row', { title, place });
  if (kind === 'text') return makePanel(id, 'text', { ...frame, text: plainText(json) });
  const why = cannotShow(json, type, kind);
  if (kind === undefined || why !== undefined) {
    notes.add(`cannot be shown: ${why}`, named);
    return makePanel(id, 'unknown', { ...frame, text: `This panel cannot be shown: ${why}.` });
  }
  if (NEARLY.has(type)) notes.add(`a ${type} is shown as a ${kind}`, named);
  noteIgnored(json, named, notes);
  const shown = kind === 'stat' && isTrue(mapOf(json, 'gauge'), 'show') ? 'gauge' : kind;
  const bounds = boundsOf(json, type);
  return makePanel(id, shown, {
    ...frame,
    ...bounds,
    queries: queriesOf(json, shown, { named, notes }),
    unit: unitIn(json, type, { named, notes }),
    thresholds: thresholdsOf(json, { type, bounds, notes, named }),
    reduce: reductionOf(json, { named, notes }),
    ...lookOf(json),
    minStepMs: durationOf(textOf(json, 'interval').replace(/^>/, '')) ?? 0,
  });
}

/** Why a panel cannot be shown; undefined when it can. */
function cannotShow(json: Json, type: string, kind: PanelKind | undefined): string | undefined {
  if (own(json, 'libraryPanel') !== undefined && kind === undefined) {
    return 'it is a panel of the library, whose content is not in the file';
  }
  if (kind === undefined) return `the kind ${JSON.stringify(type)} is not known here`;
  const targets = mapsOf(json, 'targets');
  const source = sourceName(json);
  if (source !== undefined) return `it asks ${source}, not a Prometheus`;
  if (targets.length === 0) return 'it has no queries';
  if (targets.every((target) => textOf(target, 'expr') === '')) {
    const other = targets.map(sourceName).find((name) => name !== undefined);
    return other === undefined ? 'no query of it is PromQL' : `it asks ${other}, not a Prometheus`;
  }
  return undefined;
}

/** The kind of data source that is asked when it is none of Prometheus' kin. */
function sourceName(json: Json): string | undefined {
  const source = own(json, 'datasource');
  const name = isMap(source) ? textOf(source, 'type') || textOf(source, 'uid') : source;
  if (typeof name !== 'string' || PROMETHEUS.test(name) || OPEN.test(name)) return undefined;
  // In old files it is the name that somebody gave: it says nothing while there is PromQL.
  const promql = mapsOf(json, 'targets').some((target) => textOf(target, 'expr') !== '');
  return promql && !isMap(source) ? undefined : name.slice(0, 80);
}

interface Noting {
  readonly named: string;
  readonly notes: ImportNotes;
}

function queriesOf(json: Json, kind: PanelKind, { named, notes }: Noting): DashQuery[] {
  const out: DashQuery[] = [];
  for (const target of mapsOf(json, 'targets')) {
    if (isTrue(target, 'hide')) continue;
    const expr = textOf(target, 'expr', DASH_QUERY_UNITS_MAX).trim();
    if (expr === '') {
      const math = textOf(mapOf(target, 'datasource'), 'type') === '__expr__';
      notes.add(
        math ? 'an expression over other queries is left out' : 'a query is left out',
        named,
      );
      continue;
    }
    if (sourceName(target) !== undefined) {
      notes.add(`a query that asks ${sourceName(target)} is left out`, named);
      continue;
    }
    const both = isTrue(target, 'range') && kind !== 'table';
    const table = textOf(target, 'format') === 'table' && kind === 'table';
    const instant = (isTrue(target, 'instant') && !both) || table;
    const legend = textOf(target, 'legendFormat');
    out.push({ expr, legend: legend === '__auto' ? '' : legend, instant });
  }
  if (out.length > DASH_QUERIES_MAX) notes.add(`only ${DASH_QUERIES_MAX} queries are kept`, named);
  return out.slice(0, DASH_QUERIES_MAX);
}

function unitIn(json: Json, type: string, { named, notes }: Noting) {
  const [axis] = mapsOf(json, 'yaxes');
  const names = [
    textOf(mapOf(mapOf(json, 'fieldConfig'), 'defaults'), 'unit'),
    type === 'heatmap' ? textOf(mapOf(mapOf(json, 'options'), 'yAxis'), 'unit') : '',
    type === 'heatmap' ? textOf(mapOf(json, 'yAxis'), 'format') : '',
    axis === undefined ? '' : textOf(axis, 'format'),
    textOf(json, 'format'),
  ];
  const name = names.find((one) => one !== '') ?? '';
  const unit = unitOf(name);
  if (unit === undefined) notes.add(`the unit ${JSON.stringify(name)} is not known here`, named);
  return unit ?? 'short';
}

function boundsOf(json: Json, type: string): Pick<DashPanel, 'min' | 'max'> {
  const defaults = mapOf(mapOf(json, 'fieldConfig'), 'defaults');
  const [axis] = mapsOf(json, 'yaxes');
  const gauge = mapOf(json, 'gauge');
  const old = type === 'singlestat' && isTrue(gauge, 'show');
  const min = numberOf(defaults, 'min') ?? (axis && numberOf(axis, 'min'));
  const max = numberOf(defaults, 'max') ?? (axis && numberOf(axis, 'max'));
  const bounds = {
    min: min ?? (old ? (numberOf(gauge, 'minValue') ?? 0) : undefined),
    max: max ?? (old ? (numberOf(gauge, 'maxValue') ?? 100) : undefined),
  };
  const sane = bounds.min === undefined || bounds.max === undefined || bounds.min < bounds.max;
  return sane ? bounds : { min: undefined, max: undefined };
}

function reductionOf(json: Json, { named, notes }: Noting): Reduction {
  const [calc] = listOf(mapOf(mapOf(json, 'options'), 'reduceOptions'), 'calcs');
  const name = typeof calc === 'string' ? calc : textOf(json, 'valueName');
  if (name === '') return 'last';
  const found = REDUCERS.get(name);
  if (found === undefined) notes.add(`the calculation ${JSON.stringify(name)} became last`, named);
  return found ?? 'last';
}

function lookOf(json: Json): Pick<DashPanel, 'stack' | 'fill' | 'legend' | 'sparkline'> {
  const options = mapOf(json, 'options');
  const custom = mapOf(mapOf(mapOf(json, 'fieldConfig'), 'defaults'), 'custom');
  const mode = textOf(mapOf(custom, 'stacking'), 'mode');
  const legend = mapOf(isMap(own(options, 'legend')) ? options : json, 'legend');
  const hidden = own(legend, 'showLegend') === false || own(legend, 'show') === false;
  const fill = numberOf(custom, 'fillOpacity') ?? numberOf(json, 'fill') ?? 0;
  const spark = mapOf(json, 'sparkline');
  const sparkline = isMap(own(json, 'sparkline'))
    ? isTrue(spark, 'show')
    : textOf(options, 'graphMode') !== 'none';
  return {
    stack: mode === 'normal' || mode === 'percent' || isTrue(json, 'stack'),
    fill: fill > 0,
    legend: !(hidden || textOf(legend, 'displayMode') === 'hidden'),
    sparkline,
  };
}

function noteIgnored(json: Json, named: string, notes: ImportNotes): void {
  const config = mapOf(json, 'fieldConfig');
  const defaults = mapOf(config, 'defaults');
  const ignored: readonly (readonly [string, boolean])[] = [
    ['fieldConfig.overrides', mapsOf(config, 'overrides').length > 0],
    ['seriesOverrides', mapsOf(json, 'seriesOverrides').length > 0],
    ['transformations', mapsOf(json, 'transformations').length > 0],
    ['value mappings', hasMappings(json, defaults)],
    ['column styles', mapsOf(json, 'styles').length > 0],
    ['aliasColors', Object.keys(mapOf(json, 'aliasColors')).length > 0],
    ['repeat', textOf(json, 'repeat') !== ''],
    ['timeFrom and timeShift', textOf(json, 'timeFrom') + textOf(json, 'timeShift') !== ''],
    ['the alert', isMap(own(json, 'alert'))],
    ['prefix and postfix', textOf(json, 'prefix') + textOf(json, 'postfix') !== ''],
    ['calculated buckets', isTrue(mapOf(json, 'options'), 'calculate')],
  ];
  for (const [words, given] of ignored) if (given) notes.add(`ignored: ${words}`, named);
}

function hasMappings(json: Json, defaults: Json): boolean {
  if (mapsOf(defaults, 'mappings').length > 0) return true;
  // Old files have this one in every panel, and it says nothing.
  const maps = mapsOf(json, 'valueMaps').filter((one) => textOf(one, 'value') !== 'null');
  return textOf(json, 'type') === 'singlestat' && maps.length > 0;
}

/** The words of a text panel without its markup. */
function plainText(json: Json): string {
  const options = mapOf(json, 'options');
  const text =
    textOf(options, 'content', DASH_TEXT_UNITS_MAX) || textOf(json, 'content', DASH_TEXT_UNITS_MAX);
  const mode = textOf(options, 'mode') || textOf(json, 'mode');
  const plain = mode === 'html' || /<\/?[a-z][^<>]{0,500}>/i.test(text) ? withoutTags(text) : text;
  return plain
    .replaceAll('\r', '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

function withoutTags(text: string): string {
  return text
    .replaceAll(/<br ?\/?>|<\/(?:p|div|li|h\d|tr)>/gi, '\n')
    .replaceAll(/<[^<>]{0,2000}>/g, '')
    .replaceAll('&nbsp;', ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
