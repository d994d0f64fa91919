// Which time a live screen shows, and how the keys of time change it: pure, shared by all screens
// whose charts follow the clock. Easy to get wrong: a range that is moved up to now follows the
// clock again, it does not stay at the now of that moment.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The ranges that `+` and `-` step through, ms. */
export const RANGES: readonly number[] = [
  ...[1, 5, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 3, 6, 12, 24, 48, 168].map((hours) => hours * HOUR),
];

export interface ShownTime {
  readonly rangeMs: number;
  /** The fixed end of the range; undefined follows the clock. */
  readonly anchorMs: number | undefined;
  readonly paused: boolean;
}

/** The time after an action; undefined for an action that is not about time. */
export function reduceTime<S extends ShownTime>(
  state: S,
  action: string,
  nowMs: number,
): S | undefined {
  switch (action) {
    case 'wider':
      return { ...state, rangeMs: RANGES.find((r) => r > state.rangeMs) ?? state.rangeMs };
    case 'narrower':
      return { ...state, rangeMs: RANGES.findLast((r) => r < state.rangeMs) ?? state.rangeMs };
    case 'earlier':
      return { ...state, anchorMs: (state.anchorMs ?? nowMs) - state.rangeMs / 2 };
    case 'later': {
      const anchorMs = (state.anchorMs ?? nowMs) + state.rangeMs / 2;
      return { ...state, anchorMs: anchorMs >= nowMs ? undefined : anchorMs };
    }
    case 'live':
      return { ...state, anchorMs: undefined, paused: false };
    case 'pause':
      return { ...state, paused: !state.paused };
    default:
      return undefined;
  }
}
