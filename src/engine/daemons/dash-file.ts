// A dashboard file of our own, docs/format/dashboard.md: YAML into the plain dashboard that screens
// show. Whatever is wrong is told with file, line, field and what was expected. Easy to get wrong:
// a query is checked with its variables put in, and a misspelt variable is a mistake as well.
import type { Node } from 'yaml';
import { isMap, isScalar, isSeq } from 'yaml';
import { queryFault, sampleScope, unknownNames } from '../dash/check-queries.ts';
import {
  Flow,
  GRID_COLUMNS,
  LEVELS,
  PANEL_KINDS,
  PANEL_UNITS,
  REDUCTIONS,
  makePanel,
  type DashPanel,
  type DashQuery,
  type Dashboard,
  type DashVariable,
  type GridPlace,
  type PanelKind,
  type ReadDashboard,
  type Threshold,
} from '../dash/dashboard.ts';
import { PanelIds } from '../dash/panel-ids.ts';
import type { TemplateScope } from '../dash/template.ts';
import { UserError } from '../errors.ts';
import {
  DASH_BEAT_MS_MIN,
  DASH_FILE_BYTES_MAX,
  DASH_GRID_ROWS_MAX,
  DASH_PANELS_MAX,
  DASH_PANEL_ROWS_MAX,
  DASH_QUERIES_MAX,
  DASH_QUERY_UNITS_MAX,
  DASH_RANGE_MS_MAX,
  DASH_RANGE_MS_MIN,
  DASH_TEXT_UNITS_MAX,
  DASH_THRESHOLDS_MAX,
  DASH_TITLE_UNITS_MAX,
} from '../limits-dash.ts';
import { formatDuration } from '../model/duration.ts';
import { ConfigFile, Section, nearestName, words } from './config-reader.ts';
import { readVariables } from './dash-variables.ts';

const ROOT_FIELDS = words('title description tags time refresh variables panels');
const PANEL_FIELDS = [
  ...words('id title type description grid query legend queries unit min max thresholds'),
  ...words('reduce stack fill hide_legend sparkline interval text row'),
];
const QUERY_FIELDS = words('expr legend instant');
const PLACE_FIELDS = words('x y w h');
const HOUR = 3_600_000;
/** Kinds of panels that ask nothing. */
const SILENT: readonly PanelKind[] = ['text', 'row', 'unknown'];
/** Kinds whose queries are asked for one instant unless they say otherwise. */
const INSTANT: readonly PanelKind[] = ['table', 'bar'];

export interface DashReading {
  /** A query that cannot be PromQL is a mistake, not only a warning. */
  readonly strict?: boolean;
}

/** Reads a dashboard file. @throws UserError with the place of the first mistake. */
export function parseDashboard(
  text: string,
  path: string,
  reading: DashReading = {},
): ReadDashboard {
  if (text.length > DASH_FILE_BYTES_MAX) throw new UserError(`${path} is larger than 4 MiB`);
  const file = new ConfigFile(text, path);
  if (file.root === null) file.fail(null, 'the file is empty', 'it begins with title: …');
  const root = new Section(file, file.root, 'the dashboard', ROOT_FIELDS);
  const variables = readVariables(root);
  const dashboard: Dashboard = {
    title: required(root, 'title'),
    description: root.text('description') ?? '',
    tags: root.texts('tags'),
    rangeMs: rangeOf(root),
    refreshMs: refreshOf(root),
    variables,
    panels: readPanels(root, variables, reading),
  };
  return { dashboard, warnings: file.warnings };
}

function required(section: Section, name: string): string {
  const text = section.text(name)?.trim() ?? '';
  if (text === '') section.fail(name, `${section.what} needs a ${name}`, `write ${name}: …`);
  return text.slice(0, DASH_TITLE_UNITS_MAX);
}

function rangeOf(root: Section): number {
  const ms = root.duration('time') ?? HOUR;
  if (ms >= DASH_RANGE_MS_MIN && ms <= DASH_RANGE_MS_MAX) return ms;
  return root.fail('time', 'time must be from 10s to 2y', 'the time shown, as in 15m, 1h, 7d');
}

function refreshOf(root: Section): number | undefined {
  const ms = root.duration('refresh');
  if (ms === undefined || ms >= DASH_BEAT_MS_MIN) return ms;
  return root.fail('refresh', `refresh must be ${formatDuration(DASH_BEAT_MS_MIN)} or longer`);
}

interface Context {
  readonly scope: TemplateScope;
  readonly variables: readonly DashVariable[];
  readonly ids: PanelIds;
  readonly flow: Flow;
  readonly strict: boolean;
}

function readPanels(
  root: Section,
  variables: readonly DashVariable[],
  { strict = false }: DashReading,
): DashPanel[] {
  const nodes = root.items('panels');
  if (nodes.length === 0) root.fail('panels', 'panels must hold at least one panel');
  if (nodes.length > DASH_PANELS_MAX) {
    root.fail('panels', `${nodes.length} panels; ${DASH_PANELS_MAX} at most`);
  }
  const context: Context = {
    scope: sampleScope(variables),
    variables,
    ids: new PanelIds(),
    flow: new Flow(),
    strict,
  };
  // Names that are given are taken before any is made.
  const sections = nodes.map((node) => new Section(root.file, node, 'a panel', PANEL_FIELDS));
  for (const section of sections) {
    const id = section.text('id');
    if (id !== undefined && !/^[\w.-]{1,64}$/.test(id)) {
      section.fail('id', 'an id is letters, digits, dots, dashes and underlines');
    }
    if (id !== undefined && !context.ids.take(id)) section.fail('id', `the id ${id} is taken`);
  }
  return sections.map((section) => readPanel(section, context));
}

function readPanel(section: Section, context: Context): DashPanel {
  const kind = kindOf(section);
  const title = (section.text('row') ?? section.text('title') ?? '').slice(0, DASH_TITLE_UNITS_MAX);
  const queries = readQueries(section, kind, context);
  const text = section.text('text') ?? '';
  if (kind === 'text' && !section.has('text')) section.fail('text', 'a text panel needs a text');
  const [min, max] = [numberOf(section, 'min'), numberOf(section, 'max')];
  if (min !== undefined && max !== undefined && min >= max) {
    section.fail('max', 'max must be greater than min');
  }
  return makePanel(section.text('id') ?? context.ids.make(title, kind), kind, {
    title,
    description: section.text('description') ?? '',
    place: placeOf(section, kind, context.flow),
    queries,
    unit: section.oneOf('unit', PANEL_UNITS) ?? 'short',
    min,
    max,
    thresholds: readThresholds(section),
    reduce: section.oneOf('reduce', REDUCTIONS) ?? 'last',
    stack: section.bool('stack') ?? false,
    fill: section.bool('fill') ?? false,
    legend: !(section.bool('hide_legend') ?? false),
    sparkline: section.bool('sparkline') ?? true,
    minStepMs: section.duration('interval') ?? 0,
    text: text.slice(0, DASH_TEXT_UNITS_MAX),
  });
}

function kindOf(section: Section): PanelKind {
  if (section.has('row')) {
    const other = PANEL_FIELDS.find((name) => name !== 'row' && section.has(name));
    if (other !== undefined) section.fail(other, 'a row has a title and nothing else');
    return 'row';
  }
  const known = PANEL_KINDS.filter((kind) => kind !== 'row');
  return section.oneOf('type', known) ?? 'timeseries';
}

function placeOf(section: Section, kind: PanelKind, flow: Flow): GridPlace {
  const place = section.section('grid', PLACE_FIELDS);
  const x = place.integer('x', 0, GRID_COLUMNS - 1);
  const y = place.integer('y', 0, DASH_GRID_ROWS_MAX);
  const w = place.integer('w', 1, GRID_COLUMNS);
  const h = place.integer('h', 1, DASH_PANEL_ROWS_MAX);
  if (x === undefined && y === undefined) return flow.place(kind, { w, h });
  if (x === undefined || y === undefined) {
    const lacking = x === undefined ? 'x' : 'y';
    return place.fail(lacking, `grid needs ${lacking} too`, 'give x and y, or neither');
  }
  const size = flow.place(kind, { w, h });
  const fixed = { x, y, w: w ?? Math.min(size.w, GRID_COLUMNS - x), h: size.h };
  if (x + fixed.w > GRID_COLUMNS) place.fail('w', `x and w together are at most ${GRID_COLUMNS}`);
  flow.below(fixed);
  return fixed;
}

function readQueries(section: Section, kind: PanelKind, context: Context): DashQuery[] {
  const nodes = section.items('queries');
  if (section.has('query') && nodes.length > 0) {
    section.fail('query', 'a panel has query or queries, not both');
  }
  const usual = INSTANT.includes(kind);
  const legend = section.text('legend') ?? '';
  const one = section.text('query');
  const queries: { query: DashQuery; node: Node }[] = nodes.map((node) => ({
    query: readQuery(section, node, { legend, instant: usual }),
    node: isMap(node) ? ((node.get('expr', true) as Node | undefined) ?? node) : node,
  }));
  if (one !== undefined) {
    const node = section.value('query') as Node;
    queries.push({ query: { expr: one, legend, instant: usual }, node });
  }
  if (SILENT.includes(kind)) {
    if (queries.length > 0) section.fail('queries', `a ${kind} panel asks nothing`);
    return [];
  }
  if (queries.length === 0) {
    section.fail('queries', 'a panel needs a query', 'write query: … or queries: [{expr: …}]');
  }
  if (queries.length > DASH_QUERIES_MAX) {
    section.fail('queries', `${queries.length} queries; ${DASH_QUERIES_MAX} at most`);
  }
  for (const { query, node } of queries) checkQuery(section.file, node, { query, context });
  return queries.map(({ query }) => query);
}

function readQuery(
  panel: Section,
  node: Node,
  usual: { readonly legend: string; readonly instant: boolean },
): DashQuery {
  if (isScalar(node)) return { expr: panel.file.text(node, 'a query'), ...usual };
  if (isSeq(node)) panel.file.fail(node, 'a query is text, or a map with expr');
  const section = new Section(panel.file, node, 'a query', QUERY_FIELDS);
  const expr = section.text('expr') ?? '';
  if (expr.trim() === '') section.fail('expr', 'a query needs an expr', 'write expr: PromQL');
  return {
    expr,
    legend: section.text('legend') ?? usual.legend,
    instant: section.bool('instant') ?? usual.instant,
  };
}

function checkQuery(
  file: ConfigFile,
  node: Node,
  { query, context }: { readonly query: DashQuery; readonly context: Context },
): void {
  if (query.expr.length > DASH_QUERY_UNITS_MAX) file.fail(node, 'this query is too long');
  const names = context.variables.map(({ name }) => name);
  for (const text of [query.expr, query.legend]) {
    const [unknown] = unknownNames(text, context.variables);
    if (unknown === undefined) continue;
    const near = nearestName(unknown, [...names, '__rate_interval', '__interval', '__range']);
    const hint = near === undefined ? 'give it under variables' : `did you mean $${near}?`;
    return complain(file, node, { words: `there is no variable $${unknown}`, hint, context });
  }
  const fault = queryFault(query.expr, context.scope);
  if (fault === undefined) return;
  complain(file, node, { words: `expr: ${fault.message}`, hint: fault.hint, context });
}

/** Of a query: the panel will say so, and the other panels are shown all the same. */
function complain(
  file: ConfigFile,
  node: Node,
  of: { readonly words: string; readonly hint: string | undefined; readonly context: Context },
): void {
  if (of.context.strict) file.fail(node, of.words, of.hint);
  file.warn(node, of.hint === undefined ? of.words : `${of.words}; ${of.hint}`);
}

function readThresholds(section: Section): Threshold[] {
  const nodes = section.items('thresholds');
  if (nodes.length > DASH_THRESHOLDS_MAX) {
    section.fail('thresholds', `${nodes.length} thresholds; ${DASH_THRESHOLDS_MAX} at most`);
  }
  return nodes
    .map((node) => {
      const one = new Section(section.file, node, 'a threshold', ['value', 'level']);
      const level = one.oneOf('level', LEVELS);
      if (level === undefined)
        return one.fail('level', `a threshold needs a level: ${LEVELS.join(', ')}`);
      return { value: numberOf(one, 'value') ?? -Infinity, level };
    })
    .toSorted((a, b) => a.value - b.value);
}

/** A number as people write it, or undefined where there is none. */
function numberOf(section: Section, name: string): number | undefined {
  const text = section.text(name);
  if (text === undefined) return undefined;
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : section.fail(name, `${name} must be a number`);
}
