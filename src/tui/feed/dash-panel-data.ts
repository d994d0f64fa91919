// From the answers of a panel's questions to what it shows: lines with their names, rows, buckets.
// Pure. Easy to get wrong: a panel of several queries shows what came, even while one of them
// fails, and says that one does.
import type { DashPanel, DashQuery } from '../../engine/dash/dashboard.ts';
import { labelValue, NAME, type Labels } from '../../engine/model/labels.ts';
import type { Grid } from '../../engine/model/fragment.ts';
import { gridTimes } from '../draw/graph.ts';
import type { DashPanelData, DashRow } from './dash-snapshot.ts';
import type { Question } from './dash-questions.ts';
import { heatRows } from './heat-rows.ts';
import type { FeedSeries } from './snapshot.ts';

/** A panel that was never asked. */
export function emptyDashPanel(id: string): DashPanelData {
  return {
    id,
    state: 'waiting',
    series: [],
    rows: [],
    heat: undefined,
    hidden: 0,
    partial: false,
    note: '',
    trouble: undefined,
    freshMs: 0,
    behind: false,
  };
}

/** What a panel shows; `legends` are those of its queries with their variables put in. */
export function dashPanelData(
  panel: DashPanel,
  questions: readonly Question[],
  legends: readonly string[],
): DashPanelData {
  const series: FeedSeries[] = [];
  const rows: DashRow[] = [];
  questions.forEach((question, q) => {
    const query = panel.queries[q];
    const nameOf = (labels: Labels): string => seriesName(labels, legends[q], { query, panel });
    for (const { labels, value } of question.rows) {
      rows.push({ name: nameOf(labels), labels, value, query: q });
    }
    const { grid } = question.ring;
    if (grid === undefined) return;
    const timestamps = timesOf(grid);
    for (const { labels, values, present } of question.ring.rows.values()) {
      series.push({ name: nameOf(labels), labels, timestamps, values, present });
    }
  });
  const answered = questions.some(({ freshMs }) => freshMs > 0);
  const some = series.length > 0 || rows.length > 0;
  const faulty = questions.find(({ trouble }) => trouble !== undefined);
  const partial = questions.find((one) => one.partial);
  return {
    id: panel.id,
    state: some ? 'shown' : answered ? 'absent' : 'waiting',
    series,
    rows,
    heat: panel.kind === 'heatmap' ? heatRows(series) : undefined,
    hidden: questions.reduce((sum, { hidden }) => sum + hidden, 0),
    partial: partial !== undefined,
    note: partial?.note ?? questions.find(({ note }) => note !== '')?.note ?? '',
    trouble: faulty?.trouble,
    freshMs: Math.max(0, ...questions.map(({ freshMs }) => freshMs)),
    behind: false,
  };
}

let lastGrid: Grid | undefined;
let lastTimes: Float64Array = new Float64Array(0);

/** Panels of one beat have one grid: its instants are made once. */
function timesOf(grid: Grid): Float64Array {
  if (lastGrid?.start !== grid.start || lastGrid.end !== grid.end || lastGrid.step !== grid.step) {
    lastGrid = grid;
    lastTimes = gridTimes(grid);
  }
  return lastTimes;
}

/** The name of a line: its legend with `{{label}}` filled in, else its labels, else the query. */
export function seriesName(
  labels: Labels,
  legend: string,
  of: { readonly query: DashQuery; readonly panel: DashPanel },
): string {
  if (legend !== '' && legend !== '__auto') {
    return legend.replaceAll(/\{\{\s*([^{}]+?)\s*\}\}/g, (_, name: string) => {
      return labelValue(labels, name);
    });
  }
  const pairs: string[] = [];
  const values: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === NAME) continue;
    pairs.push(`${labels[i]}="${labels[i + 1]}"`);
    values.push(labels[i + 1]);
  }
  const name = labelValue(labels, NAME);
  // One label alone names a line by its value.
  if (values.length === 1 && name === '') return values[0];
  if (pairs.length > 0) return `${name}{${pairs.join(', ')}}`;
  if (name !== '') return name;
  return of.panel.queries.length > 1 ? of.query.expr : of.panel.title || of.query.expr;
}
