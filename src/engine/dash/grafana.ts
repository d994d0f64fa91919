// A dashboard exported from Grafana, schemaVersion 16 to 42, as our own. What has no counterpart
// here is left out and named; a panel of a kind that cannot be shown stays, in its place, and says
// so. Easy to get wrong: files of twelve years are about, so a graph may be a `graph` with yaxes or
// a `timeseries` with fieldConfig, and a row may hold its panels or stand above them.
import { UserError } from '../errors.ts';
import { DASH_PANELS_MAX, DASH_RANGE_MS_MAX, DASH_RANGE_MS_MIN } from '../limits-dash.ts';
import { durationOf } from '../model/duration.ts';
import { queryFault, sampleScope, unknownNames } from './check-queries.ts';
import {
  GRID_COLUMNS,
  type Dashboard,
  type DashPanel,
  type DashVariable,
  type GridPlace,
  type ReadDashboard,
} from './dashboard.ts';
import {
  ImportNotes,
  isMap,
  isTrue,
  listOf,
  mapOf,
  mapsOf,
  numberOf,
  own,
  parseJson,
  textOf,
  type Json,
} from './grafana-json.ts';
import { importPanel } from './grafana-panels.ts';
import { gridPlace } from './grafana-place.ts';
import { importVariables } from './grafana-variables.ts';
import { PanelIds } from './panel-ids.ts';

const HOUR = 3_600_000;
const SCHEMA = { min: 16, max: 42 };
/** Rows of the grid for a row of files before schemaVersion 16, which count in pixels. */
const PIXELS_A_ROW = 38;

/** Reads a file of Grafana's. @throws UserError for what is none. */
export function importGrafana(text: string, path: string): ReadDashboard {
  const file = parseJson(text, path);
  const root = isMap(own(file, 'dashboard')) ? mapOf(file, 'dashboard') : file;
  refuseOthers(root, path);
  const notes = new ImportNotes();
  const version = numberOf(root, 'schemaVersion');
  if (version !== undefined && version > SCHEMA.max) {
    notes.add(`schemaVersion ${version} is newer than ${SCHEMA.max}: newer fields are not known`);
  }
  const variables = importVariables(root, notes);
  const panels = importPanels(root, notes);
  if (panels.length > DASH_PANELS_MAX) {
    throw new UserError(`${path}: ${panels.length} panels; ${DASH_PANELS_MAX} at most`);
  }
  checkPanels(panels, variables, notes);
  noteRest(root, notes);
  const dashboard: Dashboard = {
    title: textOf(root, 'title').trim() || 'dashboard',
    description: textOf(root, 'description'),
    tags: listOf(root, 'tags').filter((tag) => typeof tag === 'string'),
    rangeMs: rangeOf(root, notes),
    refreshMs: refreshOf(root),
    variables,
    panels,
  };
  return { dashboard, warnings: notes.sentences() };
}

function refuseOthers(root: Json, path: string): void {
  const api = textOf(root, 'apiVersion');
  if (api !== '' || isMap(own(root, 'elements'))) {
    throw new UserError(`${path}: a dashboard of the schema ${api || 'v2'} is not read`, {
      hint: 'export it in the classic model: schemaVersion 16 to 42',
    });
  }
  const some = Array.isArray(own(root, 'panels')) || Array.isArray(own(root, 'rows'));
  if (some) return;
  throw new UserError(`${path}: no dashboard of Grafana: it has no list of panels`, {
    hint: 'export the dashboard in Grafana: Share, Export, Save to file',
  });
}

/** Panels from the top down. Those of a folded row are laid out below its title again. */
function importPanels(root: Json, notes: ImportNotes): DashPanel[] {
  const ids = new PanelIds();
  const out: DashPanel[] = [];
  const add = (json: Json, place: GridPlace): void => {
    if (out.length <= DASH_PANELS_MAX) out.push(importPanel(json, { place, ids, notes }));
  };
  const tops = mapsOf(root, 'panels').map((json) => ({ json, place: gridPlace(json) }));
  let shift = 0;
  for (const { json, place } of tops.toSorted(byPlace)) {
    const shifted = { ...place, y: place.y + shift };
    add(json, shifted);
    if (textOf(json, 'type') !== 'row') continue;
    const inner = mapsOf(json, 'panels').map((one) => ({ json: one, place: gridPlace(one) }));
    if (inner.length === 0) continue;
    const top = Math.min(...inner.map((one) => one.place.y));
    const bottom = Math.max(...inner.map((one) => one.place.y + one.place.h));
    for (const one of inner.toSorted(byPlace)) {
      add(one.json, { ...one.place, y: one.place.y - top + shifted.y + 1 });
    }
    shift += bottom - top;
  }
  if (out.length === 0) addOldRows(root, add);
  return out;
}

function byPlace(a: { place: GridPlace }, b: { place: GridPlace }): number {
  return a.place.y - b.place.y || a.place.x - b.place.x;
}

/** Rows with panels of a span of 12, as files before schemaVersion 16 have them. */
function addOldRows(root: Json, add: (json: Json, place: GridPlace) => void): void {
  let y = 0;
  for (const row of mapsOf(root, 'rows')) {
    const pixels = numberOf(row, 'height') ?? Number.parseFloat(textOf(row, 'height'));
    const h = Math.max(3, Math.round((Number.isFinite(pixels) ? pixels : 250) / PIXELS_A_ROW));
    const title = textOf(row, 'title');
    if (isTrue(row, 'showTitle') && title !== '') {
      add({ type: 'row', title }, { x: 0, y, w: GRID_COLUMNS, h: 1 });
      y++;
    }
    let x = 0;
    for (const json of mapsOf(row, 'panels')) {
      const w = Math.min(GRID_COLUMNS, Math.max(1, Math.round((numberOf(json, 'span') ?? 12) * 2)));
      if (x + w > GRID_COLUMNS) {
        x = 0;
        y += h;
      }
      add(json, { x, y, w, h });
      x += w;
    }
    y += h;
  }
}

/** Queries that are no PromQL stay, fail in their panel, and are named. */
function checkPanels(
  panels: readonly DashPanel[],
  variables: readonly DashVariable[],
  notes: ImportNotes,
): void {
  const scope = sampleScope(variables);
  for (const { title, queries } of panels) {
    for (const { expr } of queries) {
      const unknown = unknownNames(expr, variables);
      if (unknown.length > 0) notes.add(`there is no variable $${unknown[0]}`, title);
      else {
        const fault = queryFault(expr, scope);
        if (fault !== undefined) notes.add(`a query is not PromQL: ${fault.message}`, title);
      }
    }
  }
}

function noteRest(root: Json, notes: ImportNotes): void {
  const annotations = mapsOf(mapOf(root, 'annotations'), 'list').filter((one) => {
    return own(one, 'builtIn') !== 1 && own(one, 'enable') !== false;
  });
  if (annotations.length > 0) notes.add('annotations are not shown');
  if (mapsOf(root, 'links').length > 0) notes.add('links are not shown');
}

/** `now-6h` to `now`; other ranges become an hour. */
function rangeOf(root: Json, notes: ImportNotes): number {
  const time = mapOf(root, 'time');
  const from = textOf(time, 'from');
  const found = /^now-(\d+[smhdwMy])(?:\/[a-z])?$/.exec(from);
  const text = found?.[1].replace(/^(\d+)M$/, (_, n: string) => `${Number(n) * 30}d`);
  const ms = text === undefined ? undefined : durationOf(text);
  if (ms !== undefined && ms >= DASH_RANGE_MS_MIN && ms <= DASH_RANGE_MS_MAX) return ms;
  if (from !== '') notes.add(`the time range from ${JSON.stringify(from)} became the last hour`);
  return HOUR;
}

function refreshOf(root: Json): number | undefined {
  const ms = durationOf(textOf(root, 'refresh'));
  return ms === undefined || ms < 1000 ? undefined : ms;
}
