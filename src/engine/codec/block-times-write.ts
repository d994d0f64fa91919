// The timestamp columns of a block on their way into it: shared where they can be, their pages,
// and the table that tells of each how many rows it has, from when to when, and what it is. Stands
// under block-writer.ts. Easy to get wrong: refs number all columns, ordinals only those with a
// place in a page.
import { BLOCK_TIMES_BYTES } from '../limits.ts';
import { SECTION } from './block-layout.ts';
import { PageWriter } from './block-page.ts';
import type { BlockSections } from './block-sections.ts';
import { SharedTimes } from './block-times.ts';
import { BytePen } from './byte-pen.ts';
import type { ColumnCodec } from './column.ts';

/** Columns of one chunk of the table. */
const TIMES_CHUNK = 2048;

export interface TimesOptions {
  readonly codec: ColumnCodec;
  readonly sections: BlockSections;
  readonly pageBytes: number;
  readonly level: number;
}

export class TimesWriter {
  readonly #options: TimesOptions;
  readonly #shared = new SharedTimes(BLOCK_TIMES_BYTES);
  readonly #page = new PageWriter();
  readonly #table = new BytePen(16 * 1024);
  #rows = 0;
  #refs = 0;
  #ordinals = 0;
  #origin = 0;

  constructor(options: TimesOptions) {
    this.#options = options;
  }

  /** The ref of a column of rising times; good for as long as the block is written. */
  ref(times: Float64Array): number {
    const plan = this.#shared.plan(times);
    if (plan.kind === 'same') return plan.ref;
    const ref = this.#refs++;
    const first = times[0];
    if (this.#rows === 0) {
      this.#origin = first;
      this.#table.f64(first);
      this.#table.varint(this.#ordinals);
    }
    this.#rows++;
    const apart = plan.kind === 'difference';
    this.#table.varint(times.length * 2 + (apart ? 1 : 0));
    this.#table.signed(first - this.#origin);
    this.#table.varint(times[times.length - 1] - first);
    if (apart) {
      this.#table.varint(ref - plan.base);
      this.#table.varint(plan.steps.length);
      this.#table.raw(plan.steps);
    } else {
      const words = new Uint32Array(times.buffer, times.byteOffset, times.length * 2);
      this.#page.add(this.#options.codec.encode(words));
      this.#ordinals++;
    }
    this.#shared.remember(times, ref, !apart);
    return ref;
  }

  /** Sections that are full, or all that is left at the end. */
  *sections(ending: boolean): Iterable<Uint8Array> {
    const { sections, pageBytes, level } = this.#options;
    const { columns } = this.#page;
    if (columns > 0 && (ending || this.#page.full(pageBytes))) {
      yield sections.add(SECTION.times, columns, this.#page.take(level), false);
    }
    if (this.#rows > 0 && (ending || this.#rows >= TIMES_CHUNK)) {
      const rows = this.#rows;
      this.#rows = 0;
      yield sections.add(SECTION.timesTable, rows, this.#table.take());
    }
  }
}
