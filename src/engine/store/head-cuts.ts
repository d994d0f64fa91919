// Deletions as far as they concerned samples of the head: what a store that begins anew from blocks
// and the log has to repeat, since the log still holds those samples. Under partition.ts. Easy to
// get wrong: a cut concerns the records before it only, so it is repeated when the last of them has
// been applied, and never later; and nothing may be sealed before that.
import type { Head } from '../head/head.ts';
import type { Offset } from '../ports.ts';
import type { HeadCut } from './checkpoint-file.ts';

export class HeadCuts {
  #all: readonly HeadCut[];
  /** Still to be repeated, the next one first. */
  #due: HeadCut[];

  /** `next`: the first record that the head lacks. */
  constructor(all: readonly HeadCut[], next: Offset) {
    this.#all = all;
    this.#due = all.filter(({ before }) => before > next);
  }

  get all(): readonly HeadCut[] {
    return this.#all;
  }

  /** True while the head may show what was deleted. */
  get pending(): boolean {
    return this.#due.length > 0;
  }

  /** Cuts the head now, and remembers that for who begins anew. */
  cut(head: Head, cut: HeadCut): void {
    if (run(head, cut) > 0) this.#all = [...this.#all, cut];
  }

  /** Repeats what is due once all records before `next` have been applied; true if anything was. */
  repeat(head: Head, next: Offset): boolean {
    const before = this.#due.length;
    while (this.#due.length > 0 && this.#due[0].before <= next) {
      run(head, this.#due.shift() as HeadCut);
    }
    return this.#due.length < before;
  }

  /** Records below this offset are never read again. */
  forgetBefore(sealedTo: Offset): void {
    if (this.#all.length > 0) this.#all = this.#all.filter(({ before }) => before > sealedTo);
  }
}

function run(head: Head, { matchers, minMs, maxMs }: HeadCut): number {
  let count = 0;
  for (const id of head.match(matchers, minMs, maxMs)) count += head.cut(id, minMs, maxMs);
  return count;
}
