// What windows became on its way into the log, and samples that no rule took: through the door like
// everything, but never held back. Easy to get wrong: after a crash the same rows come again, and
// have to be the same series at the same times, so that who reads the log drops them.
import { labelsOf } from '../../codec/canonical.ts';
import { makeLabels, NAME } from '../../model/labels.ts';
import type { Labels } from '../../model/labels.ts';
import type { PushOutcome } from '../../ports.ts';
import { OUTPUTS, outputName } from './aggregate-rule.ts';
import type { OutputRow } from './close-windows.ts';
import type { FoldState, GivenOn } from './fold-state.ts';

/** Where rows go: resolves when they are durable. */
export interface AggregateWriter {
  /** The number of a series; negative when the door refuses it. */
  refOf(labels: Labels): number;
  release(refs: Iterable<number>): void;
  /** @throws MonError, of kind 'retry' when the log takes nothing now. */
  append(
    columns: {
      readonly refs: Uint32Array;
      readonly timestamps: Float64Array;
      readonly values: Float64Array;
      readonly count: number;
      /** Not held back, whatever rules say. */
      readonly plain: true;
    },
    receivedMs: number,
  ): Promise<PushOutcome>;
}

/** Rows of one append. */
const ROWS_MAX = 50_000;

export class AggregateOutputs {
  readonly #writer: AggregateWriter;
  readonly #state: FoldState;
  readonly #now: () => number;
  /** By rule and group: a ref for each output, -1 before it was asked for. */
  readonly #refs = new Map<number, Map<number, Int32Array>>();
  readonly counts = { written: 0, refused: 0, givenOn: 0 };

  constructor(writer: AggregateWriter, state: FoldState, now: () => number) {
    this.#writer = writer;
    this.#state = state;
    this.#now = now;
  }

  /** @throws MonError. Rows may be written again after one that failed. */
  async write(rows: readonly OutputRow[]): Promise<void> {
    for (let from = 0; from < rows.length; from += ROWS_MAX) {
      const part = rows.slice(from, from + ROWS_MAX);
      const refs = new Uint32Array(part.length);
      const timestamps = new Float64Array(part.length);
      const values = new Float64Array(part.length);
      let count = 0;
      for (const row of part) {
        const ref = this.#refOf(row);
        if (ref < 0) {
          this.counts.refused++;
          continue;
        }
        refs[count] = ref;
        timestamps[count] = row.timeMs;
        values[count++] = row.value;
      }
      await this.#writer.append({ refs, timestamps, values, count, plain: true }, this.#now());
      this.counts.written += count;
    }
  }

  /** Appends samples that no rule took as they are. @throws MonError. */
  async giveOn({ series, times, words }: GivenOn): Promise<void> {
    for (let from = 0; from < series.length; from += ROWS_MAX) {
      const part = series.slice(from, from + ROWS_MAX);
      const values = new Float64Array(part.length);
      new Uint32Array(values.buffer).set(words.slice(from * 2, (from + part.length) * 2));
      const timestamps = Float64Array.from(times.slice(from, from + part.length));
      const refs = new Int32Array(part.length);
      const asked = new Map<number, number>();
      part.forEach((number, i) => {
        const canonical = this.#state.series[number]?.canonical ?? new Uint8Array(0);
        const ref = asked.get(number) ?? this.#writer.refOf(labelsOf(canonical));
        asked.set(number, ref);
        refs[i] = ref;
      });
      await this.#append(refs, timestamps, values).finally(() => {
        this.#writer.release([...asked.values()].filter((ref) => ref >= 0));
      });
    }
  }

  async #append(refs: Int32Array, timestamps: Float64Array, values: Float64Array): Promise<void> {
    const known = new Uint32Array(refs.length);
    const words = new Uint32Array(values.buffer);
    let count = 0;
    for (let i = 0; i < refs.length; i++) {
      if (refs[i] < 0) {
        this.counts.refused++;
        continue;
      }
      known[count] = refs[i];
      timestamps[count] = timestamps[i];
      words[count * 2] = words[i * 2];
      words[count * 2 + 1] = words[i * 2 + 1];
      count++;
    }
    const columns = { refs: known, timestamps, values, count, plain: true } as const;
    await this.#writer.append(columns, this.#now());
    this.counts.givenOn += count;
  }

  /** A group, or with -1 all of a rule, is not written any more. */
  drop(rule: number, group: number): void {
    const groups = this.#refs.get(rule);
    if (groups === undefined) return;
    for (const [number, refs] of groups) {
      if (group >= 0 && number !== group) continue;
      this.#writer.release([...refs].filter((ref) => ref >= 0));
      groups.delete(number);
    }
    if (groups.size === 0) this.#refs.delete(rule);
  }

  #refOf({ rule, group, output }: OutputRow): number {
    const groups = this.#refs.get(rule) ?? new Map<number, Int32Array>();
    this.#refs.set(rule, groups);
    const refs = groups.get(group) ?? new Int32Array(OUTPUTS.length).fill(-1);
    groups.set(group, refs);
    const at = OUTPUTS.indexOf(output);
    if (refs[at] >= 0) return refs[at];
    const live = this.#state.rules[rule];
    const made = live?.groups[group];
    if (live === undefined || made === undefined) return -1;
    const { metric, labels } = made;
    const pairs: [string, string][] = [[NAME, outputName(live.rule, metric, output)]];
    for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i], labels[i + 1]]);
    refs[at] = this.#writer.refOf(makeLabels(pairs));
    return refs[at];
  }
}
