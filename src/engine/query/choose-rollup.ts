// Which fragments of a query are answered from rollups, and from windows of which width. Stands
// between the plan and the sources. Easy to get wrong: a window that is no divisor of step, range
// and start gives estimates only, so it is taken where the samples are gone and nowhere else.
import { UserError } from '../errors.ts';
import { ROLLUP_LABEL, RESOLUTIONS, ROLLUP_COLUMNS } from '../model/rollup.ts';
import type { FragmentRollup, RollupColumn } from '../model/rollup.ts';
import { gridSize, type Fragment } from '../model/fragment.ts';

export interface RollupHorizons {
  /** How long samples are kept, and rows by the order of RESOLUTIONS; ms. */
  readonly retentionMs: number;
  readonly keepMs: readonly number[];
}

/** Functions that rows answer as samples do, to rounding. */
const EXACT: ReadonlySet<string> = new Set([
  ...['last', 'timestamp', 'rate', 'increase', 'delta', 'count_over_time', 'present_over_time'],
  ...['sum_over_time', 'avg_over_time', 'min_over_time', 'max_over_time', 'first_over_time'],
  ...['last_over_time', 'ts_of_first_over_time', 'ts_of_last_over_time'],
]);
/** Functions that look at one sample: their window is how far back it may lie. */
const INSTANT: ReadonlySet<string> = new Set(['last', 'timestamp', 'info', 'start_timestamp']);
/** Rows have ten columns: narrower windows hold hardly more samples than that. */
const SAVES_FROM_MS = 5 * 60_000;
/** Younger samples may not have been rolled up yet: that is done day by day. */
const RECENT_MS = 2 * 24 * 3_600_000;

/**
 * The fragment with what it asks of rollups, or as it is.
 * @throws UserError for a stored column that there is not.
 */
export function withRollup(fragment: Fragment, horizons: RollupHorizons, nowMs: number): Fragment {
  if (namesColumn(fragment)) return storedColumn(fragment);
  const rollup = chosen(fragment, horizons, nowMs);
  return rollup === undefined ? fragment : { ...fragment, rollup };
}

function chosen(
  { grid, windowMs, fn, extend, starts }: Fragment,
  { retentionMs, keepMs }: RollupHorizons,
  nowMs: number,
): FragmentRollup | undefined {
  const first = grid.start - windowMs;
  const old = first < nowMs - retentionMs;
  const plain = EXACT.has(fn) && extend === undefined && starts !== true;
  if (!old && !plain) return undefined;
  const steps = gridSize(grid);
  const fits = RESOLUTIONS.map(({ ms }) => {
    const ends = grid.start % ms === 0 && (steps <= 1 || grid.step % ms === 0);
    return ends && (INSTANT.has(fn) || windowMs % ms === 0);
  });
  const kept = keepMs.map((ms) => first >= nowMs - ms);
  // Samples may be kept for longer than rows: wider rows would stand in for those.
  const saves = (i: number): boolean => kept[i] && RESOLUTIONS[i].ms >= SAVES_FROM_MS;
  const saving = fits.findLastIndex((fit, i) => fit && saves(i));
  const far = first < nowMs - RECENT_MS;
  if (plain && saving >= 0 && far) {
    return { resolutionMs: RESOLUTIONS[saving].ms, prefer: 'rows', aligned: true };
  }
  if (!old) return undefined;
  const exact = fits.findIndex((fit, i) => fit && kept[i]);
  const finest = kept.indexOf(true);
  const any = finest < 0 ? RESOLUTIONS.length - 1 : finest;
  const index = exact >= 0 ? exact : any;
  return { resolutionMs: RESOLUTIONS[index].ms, prefer: 'raw', aligned: exact >= 0 };
}

const HINT =
  `write one window and one column, as in x{${ROLLUP_LABEL}="1h:max"}; windows are ` +
  `${RESOLUTIONS.map(({ name }) => name).join(', ')}, columns ${ROLLUP_COLUMNS.join(', ')}`;

/** The fragment of a rule: samples, or the stored column that it names. @throws UserError. */
export function withStoredColumn(fragment: Fragment): Fragment {
  return namesColumn(fragment) ? storedColumn(fragment) : fragment;
}

function namesColumn({ matchers }: Fragment): boolean {
  return matchers.some(({ name }) => name === ROLLUP_LABEL);
}

/** A column asked for by name: its samples stand at the ends of its windows. */
function storedColumn(fragment: Fragment): Fragment {
  const named = fragment.matchers.filter(({ name }) => name === ROLLUP_LABEL);
  const [{ op, value }] = named;
  if (op !== '=' || named.length > 1) {
    throw new UserError(`${ROLLUP_LABEL} takes one value, by =`, { hint: HINT });
  }
  const [window, column] = value.split(':');
  const found = RESOLUTIONS.find(({ name }) => name === window);
  if (found === undefined || !ROLLUP_COLUMNS.includes(column as RollupColumn)) {
    throw new UserError(`no stored column ${JSON.stringify(value)}`, { hint: HINT });
  }
  const { ms: resolutionMs } = found;
  const back = INSTANT.has(fragment.fn) ? resolutionMs : 0;
  return {
    ...fragment,
    matchers: fragment.matchers.filter(({ name }) => name !== ROLLUP_LABEL),
    windowMs: Math.max(fragment.windowMs, back),
    rollup: { resolutionMs, prefer: 'rows', aligned: true, column: column as RollupColumn },
  };
}
