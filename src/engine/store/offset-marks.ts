// Which records hold only old samples: how far the newest time had come when the head had applied
// all below an offset. From it a seal knows from where on a rebuild needs the log. Easy to get
// wrong: late samples do not matter here, because what a seal takes is all that is old, whenever
// it came.
import type { Offset } from '../ports.ts';

interface Mark {
  readonly offset: Offset;
  readonly newestMs: number;
}

export class OffsetMarks {
  /** Offsets and times both rise. */
  #marks: readonly Mark[] = [];

  note(offset: Offset, newestMs: number): void {
    const last = this.#marks.at(-1);
    if (last?.offset === offset) return;
    const before = last?.newestMs === newestMs ? this.#marks.slice(0, -1) : this.#marks;
    this.#marks = [...before, { offset, newestMs }];
  }

  /** The highest offset noted below which all samples lie before `ms`; 0 when none is known. */
  heldBefore(ms: number): Offset {
    return this.#marks.findLast(({ newestMs }) => newestMs < ms)?.offset ?? 0;
  }

  /** What lies before `ms` is sealed and need not be known any more. */
  forgetBefore(ms: number): void {
    this.#marks = this.#marks.filter(({ newestMs }) => newestMs >= ms);
  }
}
