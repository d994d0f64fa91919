// From a producer's records to batches of the log's own series book: refs mean something only with
// the book they come from, and the log has one book for all. Easy to get wrong: a ref that a
// producer defines again means another series from then on; what is mapped must not be forgotten
// by our book; and a new dictionary of the producer ends all that the old one defined.
import type { BatchCodec } from '../codec/batch.ts';
import { labelsOf } from '../codec/canonical.ts';
import type { OpenRecord } from '../codec/record.ts';
import { MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { SeriesBook } from '../kernels/series-book.ts';
import type { Batch, FloatColumns } from '../model/batch.ts';
import { LATENESS } from '../model/sample.ts';
import type { Translator } from './log-wire.ts';

export interface TranslatorOptions {
  readonly codec: BatchCodec;
  readonly book: SeriesBook;
  readonly kernels: Kernels;
}

/** Stands for a ref that the producer has not defined. */
const NONE = 0xffffffff;
/** Refs of one producer; its book has no more series. */
const REFS_MAX = 1 << 24;

export class RecordTranslator implements Translator {
  readonly #options: TranslatorOptions;
  /** Ours by theirs. */
  #refs = new Uint32Array(1024).fill(NONE);
  #sequence = -1;
  /** What is held back has a dictionary of its own, which lives beside the other. */
  #held: RecordTranslator | undefined;

  constructor(options: TranslatorOptions) {
    this.#options = options;
  }

  open(record: Uint8Array): Batch {
    const { codec } = this.#options;
    const opened = codec.open(record);
    if (opened.lateness !== LATENESS.held) return this.#translate(opened);
    this.#held ??= new RecordTranslator(this.#options);
    return this.#held.#translate(opened);
  }

  #translate(opened: OpenRecord): Batch {
    if (opened.sequence !== this.#sequence) {
      this.#forget();
      this.#sequence = opened.sequence;
    }
    this.#define(opened);
    const { partition, receivedMs, lateness, tick, metadata } = opened;
    const floats = this.#floats(opened);
    const histograms = opened.histogramCount === 0 ? undefined : opened.histograms();
    const exemplars = opened.exemplarCount === 0 ? undefined : opened.exemplars();
    return {
      ...{ partition, receivedMs, lateness },
      ...(floats === undefined ? {} : { floats, ...this.#starts(opened) }),
      ...(histograms === undefined
        ? {}
        : { histograms: { ...histograms, refs: this.#mapped(histograms.refs) } }),
      ...(exemplars === undefined
        ? {}
        : { exemplars: { ...exemplars, refs: this.#mapped(exemplars.refs) } }),
      ...(metadata.length === 0 ? {} : { metadata }),
      ...(tick === undefined ? {} : { tick }),
    };
  }

  close(): void {
    this.#held?.close();
    this.#forget();
  }

  /** Numbers what the record defines. */
  #define(opened: OpenRecord): void {
    const { book } = this.#options;
    const found: (readonly [ref: number, canonical: Uint8Array])[] = [];
    // Copies: numbering a series may grow the memory that the record lies in.
    opened.forEachDefinition((ref, canonical) => found.push([ref, canonical.slice()]));
    for (const [theirs, canonical] of found) {
      if (theirs >= REFS_MAX) throw malformed(`ref ${theirs} is past all books`);
      const ours = book.refOfLabels(labelsOf(canonical));
      if (ours < 0) throw malformed('a series that our book refuses');
      // It must stay in the partition that the producer put it into: both hash alike.
      if (book.partition(ours) !== opened.partition) throw malformed('a series of elsewhere');
      book.hold(ours);
      this.#room(theirs);
      const before = this.#refs[theirs];
      if (before !== NONE) book.release(before);
      this.#refs[theirs] = ours;
    }
  }

  /** Views of kernel memory, but for the refs. */
  #floats(opened: OpenRecord): FloatColumns | undefined {
    const { floatCount: count, refsAt, timestampsAt, valuesAt } = opened;
    if (count === 0) return undefined;
    const { buffer } = this.#options.kernels.memory;
    return {
      refs: this.#mapped(new Uint32Array(buffer, refsAt, count)),
      timestamps: new Float64Array(buffer, timestampsAt, count),
      values: new Float64Array(buffer, valuesAt, count),
    };
  }

  #starts({ startsAt, floatCount }: OpenRecord): { starts?: Float64Array } {
    if (startsAt === undefined) return {};
    return { starts: new Float64Array(this.#options.kernels.memory.buffer, startsAt, floatCount) };
  }

  #mapped(theirs: Uint32Array): Uint32Array {
    const refs = this.#refs;
    const { book } = this.#options;
    const ours = new Uint32Array(theirs.length);
    for (let i = 0; i < theirs.length; i++) {
      const ref = theirs[i] < refs.length ? refs[theirs[i]] : NONE;
      if (ref === NONE) throw malformed(`ref ${theirs[i]} was not defined`);
      ours[i] = ref;
      book.touch(ref);
    }
    return ours;
  }

  #room(ref: number): void {
    if (ref < this.#refs.length) return;
    const grown = new Uint32Array(Math.max(this.#refs.length * 2, ref + 1)).fill(NONE);
    grown.set(this.#refs);
    this.#refs = grown;
  }

  #forget(): void {
    for (const ref of this.#refs) if (ref !== NONE) this.#options.book.release(ref);
    this.#refs.fill(NONE);
  }
}

function malformed(why: string): MonError {
  return new MonError('MON_RECORD_MALFORMED', `a producer's record: ${why}`);
}
