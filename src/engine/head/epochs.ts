// The ref maps of a head: one for each epoch that is still alive. A new epoch pushes the oldest one
// out, with which its series are no longer held. One producer (the embedded log) needs one; where
// several producers write into a partition each brings an epoch of its own.
import { assert } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';

export class Epochs {
  readonly #kernels: Kernels;
  readonly #head: number;
  readonly #most: number;
  /** Epoch -> address of its map, the one that goes next in front. */
  readonly #maps = new Map<number, number>();

  constructor(kernels: Kernels, head: number, most: number) {
    assert(most >= 1, 'at least one epoch lives');
    this.#kernels = kernels;
    this.#head = head;
    this.#most = most;
  }

  /** The map of an epoch, made when it is new. */
  mapOf(epoch: number): number {
    const known = this.#maps.get(epoch);
    if (known !== undefined) {
      // Among several producers the one that is silent longest goes first.
      if (this.#most > 1) {
        this.#maps.delete(epoch);
        this.#maps.set(epoch, known);
      }
      return known;
    }
    while (this.#maps.size >= this.#most) this.#drop(this.#maps.keys().next().value as number);
    const map = this.#kernels.exports.refMapNew(this.#head) >>> 0;
    this.#maps.set(epoch, map);
    return map;
  }

  /**
   * True for an epoch that a newer one has pushed out. Records before a reader's start may be of
   * such an epoch when their definitions are read again, and must not push the living one out in
   * turn. Epochs of several producers are in no order; a reader of theirs asks for nothing past.
   */
  isPast(epoch: number): boolean {
    if (this.#most > 1) return false;
    if (this.#maps.has(epoch) || this.#maps.size < this.#most) return false;
    return [...this.#maps.keys()].every((living) => epoch < living);
  }

  entries(): Iterable<[number, number]> {
    return this.#maps.entries();
  }

  clear(): void {
    for (const epoch of this.#maps.keys()) this.#drop(epoch);
  }

  #drop(epoch: number): void {
    this.#kernels.exports.refMapFree(this.#head, this.#maps.get(epoch) as number);
    this.#maps.delete(epoch);
  }
}
