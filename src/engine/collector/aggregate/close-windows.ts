// Closes windows that are due and says what they became. Between the state of aggregation and its
// outputs. Easy to get wrong: windows of a rule close one after the other, the oldest first,
// because each leaves the last samples that the next one grows from.
import { AGGREGATE_IDLE_MS } from '../../limits-aggregate.ts';
import type { OutputName } from './aggregate-rule.ts';
import type { FoldState } from './fold-state.ts';
import type { LiveRule } from './live-rule.ts';
import type { MetricKind } from './metric-kinds.ts';
import { WindowFold } from './window-fold.ts';

/** One value of one window. */
export interface OutputRow {
  readonly rule: number;
  readonly group: number;
  readonly output: OutputName;
  /** The window's end, ms. */
  readonly timeMs: number;
  readonly value: number;
}

export class WindowCloser {
  readonly #state: FoldState;
  readonly #fold = new WindowFold();
  /** Windows that were closed. */
  closed = 0;

  constructor(state: FoldState) {
    this.#state = state;
  }

  /** True when a window is due. */
  get due(): boolean {
    for (const [, live] of this.#state.live()) if (this.#dueOf(live) !== undefined) return true;
    return false;
  }

  /** The outputs of the next window that is due; undefined when none is. */
  next(): OutputRow[] | undefined {
    for (const [number, live] of this.#state.live()) {
      const endMs = this.#dueOf(live);
      if (endMs !== undefined) return this.#close(number, live, endMs);
    }
    return undefined;
  }

  #dueOf(live: LiveRule): number | undefined {
    const { oldestMs } = live;
    if (oldestMs === Infinity) return undefined;
    const endMs = live.windowEnd(oldestMs);
    return endMs + live.rule.graceMs <= this.#state.clockMs ? endMs : undefined;
  }

  #close(number: number, live: LiveRule, endMs: number): OutputRow[] {
    const { slots, kinds } = this.#state;
    const { rule, groups } = live;
    const fold = this.#fold;
    fold.clear();
    const kindOf = groups.map((group): MetricKind => {
      if (rule.type !== 'auto') return rule.type;
      return group === undefined ? 'gauge' : kinds.of(group.metric, endMs + rule.graceMs);
    });
    let oldest = Infinity;
    for (const slot of live.slots) {
      if (slots.rule[slot] !== number) continue;
      fold.take(slots, slot, endMs, kindOf[slots.group[slot]]);
      for (let point = slots.newest[slot]; point >= 0; point = slots.older[point]) {
        if (slots.time[point] < oldest) oldest = slots.time[point];
      }
    }
    live.oldestMs = oldest;
    this.closed++;
    return this.#rows(number, live, { endMs, kindOf });
  }

  #rows(
    number: number,
    { rule, groups }: LiveRule,
    { endMs, kindOf }: { readonly endMs: number; readonly kindOf: readonly MetricKind[] },
  ): OutputRow[] {
    const rows: OutputRow[] = [];
    this.#fold.forEachGroup(groups.length, (at, values) => {
      const group = groups[at];
      if (group === undefined) return;
      // Whether it was let go meanwhile or not, who comes back after so long begins anew.
      if (endMs - group.usedMs > AGGREGATE_IDLE_MS) group.total = 0;
      group.usedMs = endMs;
      const counter = kindOf[at] === 'counter';
      if (counter && values.count > 0) group.total += values.sum;
      for (const output of rule.outputs) {
        const value =
          output !== 'total' ? values.output(output) : counter ? group.total : undefined;
        if (value === undefined) continue;
        rows.push({ rule: number, group: at, output, timeMs: endMs, value });
      }
    });
    return rows;
  }
}
