// The samples of windows that are still open, by slot: a slot is one series under one rule. Columns
// and one pool of points, so that a sample costs no object. Behind the reader of the log, before
// the fold. Easy to get wrong: points of a slot are linked from the newest to the oldest; a value
// is two words, because a NaN keeps its bits only as words.

/** What insert() did with a sample. */
export const INSERTED = { new: 0, double: 1, full: 2 } as const;

const NONE = -1;

export class Slots {
  /** By slot: the rule's number, the group's number in it, the next slot of the same series. */
  rule = new Uint16Array(1024);
  group = new Int32Array(1024);
  next = new Int32Array(1024);
  series = new Int32Array(1024);
  /** The newest point, or -1. */
  newest = new Int32Array(1024);
  /** The last sample of windows that are closed; NaN when there is none. */
  lastTime = new Float64Array(1024);
  lastWords = new Uint32Array(2048);
  /** By point. */
  time = new Float64Array(4096);
  words = new Uint32Array(8192);
  older = new Int32Array(4096);
  #used = 0;
  readonly #freeSlots: number[] = [];
  #freePoint = NONE;
  #pointsUsed = 0;
  #points = 0;
  readonly #pointsMax: number;

  constructor(pointsMax: number) {
    this.#pointsMax = pointsMax;
  }

  /** Points that are held. */
  get points(): number {
    return this.#points;
  }

  get slots(): number {
    return this.#used - this.#freeSlots.length;
  }

  add(rule: number, group: number, series: number, next: number): number {
    const slot = this.#freeSlots.pop() ?? this.#used++;
    if (slot >= this.rule.length) this.#growSlots();
    this.rule[slot] = rule;
    this.group[slot] = group;
    this.series[slot] = series;
    this.next[slot] = next;
    this.newest[slot] = NONE;
    this.lastTime[slot] = NaN;
    return slot;
  }

  /** Gives a slot without points back. */
  remove(slot: number): void {
    this.rule[slot] = 0xffff;
    this.#freeSlots.push(slot);
  }

  /** Sorts a sample in; the first of a time stays. */
  insert(slot: number, time: number, low: number, high: number): number {
    let before = NONE;
    let at = this.newest[slot];
    while (at !== NONE && this.time[at] > time) {
      before = at;
      at = this.older[at];
    }
    if (at !== NONE && this.time[at] === time) return INSERTED.double;
    if (this.#points >= this.#pointsMax) return INSERTED.full;
    const point = this.#take();
    this.time[point] = time;
    this.words[point * 2] = low;
    this.words[point * 2 + 1] = high;
    this.older[point] = at;
    if (before === NONE) this.newest[slot] = point;
    else this.older[before] = point;
    return INSERTED.new;
  }

  /**
   * Takes all points up to `endMs` out of a slot and answers the newest of them, linked to the
   * others, or -1; give each back with free().
   */
  cut(slot: number, endMs: number): number {
    let before = NONE;
    let at = this.newest[slot];
    while (at !== NONE && this.time[at] > endMs) {
      before = at;
      at = this.older[at];
    }
    if (at === NONE) return NONE;
    if (before === NONE) this.newest[slot] = NONE;
    else this.older[before] = NONE;
    return at;
  }

  free(point: number): void {
    this.older[point] = this.#freePoint;
    this.#freePoint = point;
    this.#points--;
  }

  #take(): number {
    this.#points++;
    const free = this.#freePoint;
    if (free !== NONE) {
      this.#freePoint = this.older[free];
      return free;
    }
    if (this.#pointsUsed === this.time.length) this.#growPoints();
    return this.#pointsUsed++;
  }

  #growSlots(): void {
    const room = this.rule.length * 2;
    const ints = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(room);
      to.set(from);
      return to;
    };
    const rule = new Uint16Array(room);
    rule.set(this.rule);
    this.rule = rule;
    this.group = ints(this.group);
    this.next = ints(this.next);
    this.series = ints(this.series);
    this.newest = ints(this.newest);
    const lastTime = new Float64Array(room);
    lastTime.set(this.lastTime);
    this.lastTime = lastTime;
    const lastWords = new Uint32Array(room * 2);
    lastWords.set(this.lastWords);
    this.lastWords = lastWords;
  }

  #growPoints(): void {
    const room = this.time.length * 2;
    const time = new Float64Array(room);
    time.set(this.time);
    this.time = time;
    const words = new Uint32Array(room * 2);
    words.set(this.words);
    this.words = words;
    const older = new Int32Array(room);
    older.set(this.older);
    this.older = older;
  }
}
