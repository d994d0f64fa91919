// The rows that topk and bottomk choose at one step, in a binary heap as Prometheus has it. Under
// aggregate-select.ts, once for every step. Easy to get wrong: which of equal rows stay, and in
// which order, follows from the moves of the heap, so that its moves have to be those of Go's.

/** The best rows so far: the worst of them stands on top, and NaN is worse than everything. */
export class RankHeap {
  /** In the order of the heap. */
  readonly rows: number[] = [];
  readonly #ranks: number[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a row if there is room, or if it is better than the worst one. */
  offer(row: number, rank: number): void {
    const { rows } = this;
    const ranks = this.#ranks;
    if (rows.length < this.#most) {
      rows.push(row);
      ranks.push(rank);
      return this.#up(rows.length - 1);
    }
    const top = ranks[0];
    if (!(top < rank) && !(top !== top && rank === rank)) return;
    rows[0] = row;
    ranks[0] = rank;
    this.#down();
  }

  #worse(a: number, b: number): boolean {
    const rank = this.#ranks[a];
    return rank !== rank || rank < this.#ranks[b];
  }

  #up(from: number): void {
    for (let at = from; at > 0;) {
      const up = (at - 1) >> 1;
      if (!this.#worse(at, up)) return;
      this.#swap(at, up);
      at = up;
    }
  }

  #down(): void {
    const { length } = this.rows;
    for (let at = 0; ;) {
      let child = 2 * at + 1;
      if (child >= length) return;
      if (child + 1 < length && this.#worse(child + 1, child)) child++;
      if (!this.#worse(child, at)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(a: number, b: number): void {
    const { rows } = this;
    const ranks = this.#ranks;
    const row = rows[a];
    const rank = ranks[a];
    rows[a] = rows[b];
    ranks[a] = ranks[b];
    rows[b] = row;
    ranks[b] = rank;
  }
}
