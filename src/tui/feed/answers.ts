// From answers to what a panel shows: names of lines, the number of a figure, and a failure with
// the time when it began. Pure; the feed decides what is asked and when.
import { MonError, messageOf } from '../../engine/errors.ts';
import type { Grid } from '../../engine/model/fragment.ts';
import { labelValue, type Labels } from '../../engine/model/labels.ts';
import type { QueryAnswer } from '../../engine/model/query-result.ts';
import { gridTimes } from '../draw/graph.ts';
import type { Ring } from './ring.ts';
import type { FeedSeries, PanelData, PanelSpec, Trouble } from './snapshot.ts';

/** A panel's questions and the windows of their answers, in the same order. */
export interface PanelRings {
  readonly spec: PanelSpec;
  readonly rings: readonly Ring[];
}

/** A panel before its first answer. */
export function emptyPanel(id: string): PanelData {
  return { id, state: 'waiting', series: [], hidden: 0, trouble: undefined, freshMs: 0 };
}

/** Equal for equal grids. */
export function gridKey(grid: Grid): string {
  return `${grid.start} ${grid.end} ${grid.step}`;
}

/** True when the server as a whole failed, not the one question. */
export function unreachable(thrown: unknown): boolean {
  if (!(thrown instanceof MonError)) return false;
  const { code } = thrown;
  return (
    code === 'MON_SERVER_UNREACHABLE' || code === 'MON_TIMEOUT' || code === 'MON_AUTH_REQUIRED'
  );
}

/** True when a question was given up, which is no trouble of anybody. */
export function givenUp(thrown: unknown): boolean {
  return thrown instanceof MonError && thrown.code === 'MON_ABORTED';
}

/** The same trouble as before keeps its beginning and its identity. */
export function troubleOf(thrown: unknown, nowMs: number, before: Trouble | undefined): Trouble {
  const message = messageOf(thrown);
  if (before?.message === message) return before;
  return { message, sinceMs: before?.sinceMs ?? nowMs };
}

/** The number that an instant question answered; undefined when there is none. */
export function numberOf(answer: QueryAnswer): number | undefined {
  const { result } = answer;
  if (result.type === 'scalar') return result.value;
  if (result.type === 'vector' && result.matrix.present[0] === 1) return result.matrix.values[0];
  return undefined;
}

/** What a panel shows after its rings were filled. */
export function panelData(keeper: PanelRings, grid: Grid, nowMs: number): PanelData {
  const timestamps = gridTimes(grid);
  const series: FeedSeries[] = [];
  let hidden = 0;
  keeper.rings.forEach((ring, q) => {
    const query = keeper.spec.queries[q];
    hidden += ring.hidden;
    for (const { labels, values, present } of ring.rows.values()) {
      series.push({ name: nameOf(labels, query), labels, timestamps, values, present });
    }
  });
  const state = series.length > 0 ? 'shown' : 'absent';
  return { id: keeper.spec.id, state, series, hidden, trouble: undefined, freshMs: nowMs };
}

function nameOf(labels: Labels, query: { name?: string; legend?: string }): string {
  if (query.name !== undefined) return query.name;
  if (query.legend !== undefined) return labelValue(labels, query.legend) || 'all';
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2) parts.push(`${labels[i]}="${labels[i + 1]}"`);
  return parts.length > 0 ? `{${parts.join(', ')}}` : 'all';
}
