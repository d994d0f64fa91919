// Folds one window of one rule: values of all its groups side by side, then one row of outputs a
// group. Behind the slots, before the outputs go to the log. Easy to get wrong: the answer must not
// depend on the order in which samples came, so sums are exact, extremes and quantiles come from
// sorted values, and a counter's growth is added up in the order of time.
import { exactSum } from './exact-sum.ts';
import type { OutputName } from './aggregate-rule.ts';
import { QUANTILES } from './aggregate-rule.ts';
import type { MetricKind } from './metric-kinds.ts';
import type { Slots } from './slots.ts';

/** A sample this long before another says nothing about what its counter did in between; ms. */
const COUNTER_GAP_MS = 5 * 60_000;

/** Values of one window as they are gathered, slot by slot, then laid out by group. */
export class WindowFold {
  #groups = new Int32Array(4096);
  #values = new Float64Array(4096);
  #used = 0;
  /** The last sample of each series, for sum_last. */
  #lastGroups = new Int32Array(1024);
  #lasts = new Float64Array(1024);
  #lastUsed = 0;
  /** Of one slot, newest first. */
  #times = new Float64Array(256);
  #slotValues = new Float64Array(256);
  #bits = new Uint32Array(this.#slotValues.buffer);
  readonly #bitsOfOne = new Uint32Array(2);
  readonly #one = new Float64Array(this.#bitsOfOne.buffer);

  clear(): void {
    this.#used = 0;
    this.#lastUsed = 0;
  }

  get empty(): boolean {
    return this.#lastUsed === 0;
  }

  /** Takes the points of a slot up to `endMs`, and keeps the newest as its last. */
  take(slots: Slots, slot: number, endMs: number, kind: MetricKind): void {
    const newest = slots.cut(slot, endMs);
    if (newest < 0) return;
    let count = 0;
    for (let point = newest; point >= 0;) {
      if (count === this.#times.length) this.#growSlot();
      this.#times[count] = slots.time[point];
      this.#bits[count * 2] = slots.words[point * 2];
      this.#bits[count * 2 + 1] = slots.words[point * 2 + 1];
      count++;
      const older = slots.older[point];
      slots.free(point);
      point = older;
    }
    const group = slots.group[slot];
    this.#pushLast(group, this.#slotValues[0]);
    if (kind === 'counter') this.#growth(slots, slot, count);
    else for (let i = 0; i < count; i++) this.#push(group, this.#slotValues[i]);
    slots.lastTime[slot] = this.#times[0];
    slots.lastWords[slot * 2] = this.#bits[0];
    slots.lastWords[slot * 2 + 1] = this.#bits[1];
  }

  /** The growth of a counter over the window, from the sample before it on. */
  #growth(slots: Slots, slot: number, count: number): void {
    this.#bitsOfOne[0] = slots.lastWords[slot * 2];
    this.#bitsOfOne[1] = slots.lastWords[slot * 2 + 1];
    let time = slots.lastTime[slot];
    let value = this.#one[0];
    let growth = 0;
    let known = false;
    for (let i = count - 1; i >= 0; i--) {
      const now = this.#slotValues[i];
      // A NaN compares false: who has no sample before has no growth yet.
      if (this.#times[i] - time <= COUNTER_GAP_MS) {
        growth += now >= value ? now - value : now;
        known = true;
      }
      time = this.#times[i];
      value = now;
    }
    if (known) this.#push(slots.group[slot], growth);
  }

  #push(group: number, value: number): void {
    if (this.#used === this.#values.length) {
      const groups = new Int32Array(this.#used * 2);
      groups.set(this.#groups);
      this.#groups = groups;
      const values = new Float64Array(this.#used * 2);
      values.set(this.#values);
      this.#values = values;
    }
    this.#groups[this.#used] = group;
    this.#values[this.#used++] = value;
  }

  #pushLast(group: number, value: number): void {
    if (this.#lastUsed === this.#lasts.length) {
      const groups = new Int32Array(this.#lastUsed * 2);
      groups.set(this.#lastGroups);
      this.#lastGroups = groups;
      const lasts = new Float64Array(this.#lastUsed * 2);
      lasts.set(this.#lasts);
      this.#lasts = lasts;
    }
    this.#lastGroups[this.#lastUsed] = group;
    this.#lasts[this.#lastUsed++] = value;
  }

  #growSlot(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const bits = new Uint32Array(this.#bits.length * 2);
    bits.set(this.#bits);
    this.#bits = bits;
    this.#slotValues = new Float64Array(bits.buffer);
  }

  /** Calls with each group that has values, in the order of their numbers. */
  forEachGroup(groups: number, call: (group: number, values: GroupValues) => void): void {
    const values = byGroup(this.#groups, this.#values, this.#used, groups);
    const lasts = byGroup(this.#lastGroups, this.#lasts, this.#lastUsed, groups);
    for (let group = 0; group < groups; group++) {
      const [from, to] = [values.starts[group], values.starts[group + 1]];
      const [lastFrom, lastTo] = [lasts.starts[group], lasts.starts[group + 1]];
      if (lastFrom === lastTo) continue;
      call(
        group,
        new GroupValues(values.column.subarray(from, to), lasts.column.subarray(lastFrom, lastTo)),
      );
    }
  }
}

/** Values laid out group by group; group g has starts[g] to starts[g + 1]. */
function byGroup(owners: Int32Array, values: Float64Array, used: number, groups: number) {
  const starts = new Uint32Array(groups + 2);
  for (let i = 0; i < used; i++) starts[owners[i] + 2]++;
  for (let group = 2; group < starts.length; group++) starts[group] += starts[group - 1];
  const column = new Float64Array(used);
  for (let i = 0; i < used; i++) column[starts[owners[i] + 1]++] = values[i];
  return { starts, column };
}

/** The values of one group in one window. */
class GroupValues {
  readonly #values: Float64Array;
  readonly #lasts: Float64Array;
  #sum: number | undefined;
  /** How many of the sorted values are numbers; NaN sorts behind them. */
  #numbers = -1;

  constructor(values: Float64Array, lasts: Float64Array) {
    this.#values = values;
    this.#lasts = lasts;
  }

  get count(): number {
    return this.#values.length;
  }

  get sum(): number {
    this.#sum ??= exactSum(this.#values, 0, this.#values.length);
    return this.#sum;
  }

  /** An output; undefined when the window says nothing about it. */
  output(name: Exclude<OutputName, 'total'>): number | undefined {
    const { count } = this;
    if (name === 'sum_last') return exactSum(this.#lasts, 0, this.#lasts.length);
    if (count === 0) return undefined;
    switch (name) {
      case 'count':
        return count;
      case 'sum':
        return this.sum;
      case 'avg':
        return this.sum / count;
      case 'min':
        return this.#sorted() === 0 ? NaN : this.#values[0];
      case 'max': {
        const numbers = this.#sorted();
        return numbers === 0 ? NaN : this.#values[numbers - 1];
      }
      default:
        return this.#quantile(QUANTILES[name]);
    }
  }

  #sorted(): number {
    if (this.#numbers >= 0) return this.#numbers;
    const values = this.#values.sort();
    let numbers = values.length;
    while (numbers > 0 && values[numbers - 1] !== values[numbers - 1]) numbers--;
    return (this.#numbers = numbers);
  }

  /** Between neighbours, as PromQL's quantile; NaN values are left out. */
  #quantile(q: number): number {
    const numbers = this.#sorted();
    if (numbers === 0) return NaN;
    const rank = q * (numbers - 1);
    const [lower, upper] = [this.#values[Math.floor(rank)], this.#values[Math.ceil(rank)]];
    const share = rank - Math.floor(rank);
    return share === 0 || lower === upper ? lower : lower * (1 - share) + upper * share;
  }
}
