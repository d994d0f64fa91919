// All that aggregation knows at one place of the log: rules, series, samples of open windows, the
// ticks of each partition. Deterministic: what it makes follows from the records alone, in whatever
// order partitions come, so that a replay makes the same. Behind the reader of the log. Easy to get
// wrong: a sample that is held back and that no rule takes must be given on as it is.
import { labelsOf } from '../../codec/canonical.ts';
import { AGGREGATE_POINTS_MAX, AGGREGATE_SLOTS_MAX } from '../../limits-aggregate.ts';
import { LiveRule } from './live-rule.ts';
import { MetricKinds } from './metric-kinds.ts';
import { INSERTED, Slots } from './slots.ts';

/** A series that some rule matches, or that is held back. */
export interface FoldSeries {
  readonly canonical: Uint8Array;
  /** Its first slot; -1 when no rule has one for it. */
  slot: number;
  /** Rules up to this number have been asked. */
  asked: number;
  /** References to it: numbers of producers. */
  refs: number;
}

/** Samples by what became of them. */
export interface FoldCounts {
  /** Once for each rule that took it. */
  folded: number;
  double: number;
  /** Too late, before a rule began, or past a bound: once for each rule. */
  missed: number;
}

/** Samples that are given on as they are. */
export interface GivenOn {
  readonly series: number[];
  readonly times: number[];
  readonly words: number[];
}

const NO_SLOT = -1;

export class FoldState {
  readonly slots: Slots;
  readonly kinds = new MetricKinds();
  /** Rules by number; a number is not given again. */
  readonly rules: (LiveRule | undefined)[] = [];
  readonly series: (FoldSeries | undefined)[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #freeSeries: number[] = [];
  /** The highest tick of each partition. */
  readonly clocks: Float64Array;
  readonly counts: FoldCounts = { folded: 0, double: 0, missed: 0 };
  given: GivenOn = { series: [], times: [], words: [] };
  readonly #slotsMax: number;
  #clock = -Infinity;
  #held = false;

  constructor(
    partitions: number,
    { pointsMax = AGGREGATE_POINTS_MAX, slotsMax = AGGREGATE_SLOTS_MAX } = {},
  ) {
    this.clocks = new Float64Array(partitions).fill(-Infinity);
    this.slots = new Slots(pointsMax);
    this.#slotsMax = slotsMax;
  }

  /** What every partition has reached. */
  get clockMs(): number {
    let least = Infinity;
    for (const clock of this.clocks) if (clock < least) least = clock;
    return least;
  }

  tick(partition: number, timeMs: number): void {
    if (timeMs > this.clocks[partition]) this.clocks[partition] = timeMs;
  }

  /** The number of a series; made when a rule matches it or it is `wanted`, otherwise -1. */
  seriesOf(canonical: Uint8Array, wanted: boolean): number {
    const name = keyOf(canonical);
    const known = this.#byKey.get(name);
    if (known !== undefined) {
      const series = this.series[known] as FoldSeries;
      if (series.asked < this.rules.length) this.#ask(known, series);
      return known;
    }
    const fresh: FoldSeries = { canonical: canonical.slice(), slot: NO_SLOT, asked: 0, refs: 0 };
    const number = this.#freeSeries.pop() ?? this.series.length;
    this.#ask(number, fresh);
    if (fresh.slot === NO_SLOT && !wanted) {
      this.#freeSeries.push(number);
      return -1;
    }
    this.series[number] = fresh;
    this.#byKey.set(name, number);
    return number;
  }

  /** Gives a series slots under the rules that it has not been shown to. */
  #ask(number: number, series: FoldSeries): void {
    const labels = labelsOf(series.canonical);
    for (let i = series.asked; i < this.rules.length; i++) {
      const live = this.rules[i];
      if (live === undefined || !live.compiled.matches(labels)) continue;
      if (this.slots.slots >= this.#slotsMax) continue;
      const group = live.groupOf(labels);
      if (group >= 0) this.addSlot(number, series, i, group);
    }
    series.asked = this.rules.length;
  }

  /** A series as a saved state has it, without slots yet. */
  restoreSeries(canonical: Uint8Array): number {
    const series: FoldSeries = { canonical, slot: NO_SLOT, asked: this.rules.length, refs: 0 };
    this.#byKey.set(keyOf(canonical), this.series.length);
    return this.series.push(series) - 1;
  }

  /** A slot of a saved state; -1 when the rule is none or takes no more groups. */
  restoreSlot(number: number, rule: number): number {
    const series = this.series[number] as FoldSeries;
    const group = this.rules[rule]?.groupOf(labelsOf(series.canonical)) ?? -1;
    return group < 0 ? -1 : this.addSlot(number, series, rule, group);
  }

  addSlot(number: number, series: FoldSeries, rule: number, group: number): number {
    const slot = this.slots.add(rule, group, number, series.slot);
    series.slot = slot;
    this.rules[rule]?.slots.push(slot);
    return slot;
  }

  /** The next samples are of this partition, held back or not. */
  from(partition: number, held: boolean): void {
    this.#clock = this.clocks[partition];
    this.#held = held;
  }

  /** Takes a sample of a series: where a partition's ticks stand decides whether it is in time. */
  take(number: number, time: number, low: number, high: number): void {
    const { slots, counts } = this;
    const clock = this.#clock;
    let taken = false;
    const first = (this.series[number] as FoldSeries).slot;
    for (let slot = first; slot !== NO_SLOT; slot = slots.next[slot]) {
      const live = this.rules[slots.rule[slot]];
      if (live === undefined) continue;
      const end = live.windowEnd(time);
      const done = live.takes(end, clock) ? slots.insert(slot, time, low, high) : INSERTED.full;
      if (done === INSERTED.full) counts.missed++;
      else {
        taken = true;
        if (done === INSERTED.double) counts.double++;
        else {
          counts.folded++;
          if (time < live.oldestMs) live.oldestMs = time;
        }
      }
    }
    if (taken || !this.#held) return;
    const { given } = this;
    given.series.push(number);
    given.times.push(time);
    given.words.push(low, high);
  }

  /** What is to be given on since the last call. */
  takeGiven(): GivenOn {
    const { given } = this;
    if (given.series.length > 0) this.given = { series: [], times: [], words: [] };
    return given;
  }

  /**
   * Lets go of rules that are over, of series that nobody refers to and no window holds, and of
   * groups without any; tells what went, group -1 being all of a rule.
   */
  sweep(idleBeforeMs: number, gone: (rule: number, group: number) => void): void {
    const { slots } = this;
    const clock = this.clockMs;
    this.rules.forEach((live, i) => {
      if (!live?.isOver(clock)) return;
      this.rules[i] = undefined;
      gone(i, -1);
    });
    this.series.forEach((series, number) => {
      if (series === undefined) return;
      // All of its slots or none: it is shown to a rule only once.
      const idle = series.refs === 0 && this.#isIdle(series, idleBeforeMs);
      let before = NO_SLOT;
      for (let slot = series.slot; slot !== NO_SLOT; slot = slots.next[slot]) {
        if (this.rules[slots.rule[slot]] !== undefined && !idle) {
          before = slot;
          continue;
        }
        if (before === NO_SLOT) series.slot = slots.next[slot];
        else slots.next[before] = slots.next[slot];
        slots.remove(slot);
      }
      if (series.refs === 0 && series.slot === NO_SLOT) this.#drop(number, series);
    });
    for (const [number, live] of this.live()) {
      // A slot that was given back and taken again stands twice.
      const left = new Set(live.slots.filter((slot) => slots.rule[slot] === number));
      live.slots.splice(0);
      for (const slot of left) live.slots.push(slot);
      const used = new Set(live.slots.map((slot) => slots.group[slot]));
      for (const group of live.sweepGroups(used, idleBeforeMs)) gone(number, group);
    }
  }

  #isIdle(series: FoldSeries, beforeMs: number): boolean {
    const { slots } = this;
    for (let slot = series.slot; slot !== NO_SLOT; slot = slots.next[slot]) {
      if (slots.newest[slot] >= 0 || slots.lastTime[slot] >= beforeMs) return false;
    }
    return true;
  }

  #drop(number: number, { canonical }: FoldSeries): void {
    this.series[number] = undefined;
    this.#byKey.delete(keyOf(canonical));
    this.#freeSeries.push(number);
  }

  /** The rules that are there, with their numbers. */
  *live(): Generator<[number, LiveRule]> {
    for (const [i, rule] of this.rules.entries()) if (rule !== undefined) yield [i, rule];
  }
}

/** One character a byte. */
function keyOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}
