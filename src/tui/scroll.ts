// Scrolling a box of lines, alike on all screens: from a key's action to the first line shown. Easy
// to get wrong: whoever presses past the end must not have to press as often to come back, so the
// end is known here and not only where the lines are drawn.

/** Lines that an action moves by; the ends of a list from anywhere. */
const STEPS: Partial<Record<string, number>> = {
  ...{ up: -1, down: 1, pageUp: -10, pageDown: 10, first: -Infinity, last: Infinity },
};

/** Lines scrolled past after an action, from 0 to `most`; undefined for what does not scroll. */
export function scrolledBy(scroll: number, action: string, most: number): number | undefined {
  const by = STEPS[action];
  return by === undefined ? undefined : Math.max(0, Math.min(most, Math.min(scroll, most) + by));
}
