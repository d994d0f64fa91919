// From matchers to series: posting lists of label pairs, joined and subtracted. A matcher that the
// empty value passes also takes series without the label, so it is answered by taking away those
// whose value does not pass. A regular expression is tried once for each distinct value.
import type { Kernels } from '../kernels/kernels.ts';
import { compareText, labelValue } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { intersectIds, subtractIds, unionIds } from './id-sets.ts';
import { HEAD_NEXT_ID, HEAD_PAIR_NEXT, HEAD_SERIES_LIVE } from './head-fields.ts';
import type { PairText } from './pair-text.ts';
import { scratchOf } from './scratch.ts';
import { valueTest } from './value-test.ts';

/** A label pair and how many series carry it. */
export interface PairCount {
  readonly name: string;
  readonly value: string;
  readonly series: number;
}

/** Selections that are remembered, and ids in all of them: a megabyte at most. */
const SELECTED_MAX = 256;
const SELECTED_IDS_MAX = 262_144;
/** So few series are looked at one by one: cheaper than copying long lists of other matchers. */
const NARROW_MAX = 256;

export class SeriesIndex {
  readonly #kernels: Kernels;
  readonly #head: number;
  readonly #pairs: PairText;
  readonly #selected = new Map<string, Uint32Array>();
  #selectedNext = -1;
  #selectedLiving = -1;
  #selectedIds = 0;

  constructor(kernels: Kernels, head: number, pairs: PairText) {
    this.#kernels = kernels;
    this.#head = head;
    this.#pairs = pairs;
  }

  /** Ids of the living series that pass all matchers and may have samples in the range. */
  match(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    return this.#prune(this.#select(matchers), minMs, maxMs);
  }

  /** Pairs that occur in the series which match() would answer, as a set of bits. */
  #pairMarks(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint8Array {
    const { exports } = this.#kernels;
    const ids = this.match(matchers, minMs, maxMs);
    const idBytes = (ids.length * 4 + 15) & ~15;
    const markBytes = (this.#field(HEAD_PAIR_NEXT) >>> 3) + 1;
    const at = scratchOf(this.#kernels).room(idBytes + markBytes);
    this.#kernels.u32.set(ids, at / 4);
    this.#kernels.bytes.fill(0, at + idBytes, at + idBytes + markBytes);
    exports.headMarkPairs(this.#head, at, ids.length, at + idBytes);
    return this.#kernels.bytes.slice(at + idBytes, at + idBytes + markBytes);
  }

  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const marks = this.#pairMarks(matchers, minMs, maxMs);
    const records = new Set<number>();
    for (let byte = 0; byte < marks.length; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        if ((marks[byte] & (1 << bit)) === 0) continue;
        records.add(this.#kernels.exports.pairName(this.#head, byte * 8 + bit));
      }
    }
    return [...records].map((record) => this.#pairs.name(record)).sort(compareText);
  }

  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const marks = this.#pairMarks(matchers, minMs, maxMs);
    return this.#pairs
      .pairsOf(name)
      .filter((pair) => (marks[pair >>> 3] & (1 << (pair & 7))) !== 0)
      .map((pair) => this.#pairs.value(pair))
      .sort(compareText);
  }

  /** Pairs that some living series has. */
  *pairCounts(): Generator<PairCount, void, void> {
    for (const name of this.labelNames([], -Infinity, Infinity)) {
      for (const pair of this.#pairs.pairsOf(name)) {
        const series = this.#kernels.exports.postingsCount(this.#head, pair);
        if (series > 0) yield { name, value: this.#pairs.value(pair), series };
      }
    }
  }

  /** What matchers select, remembered while no series comes or goes. */
  #select(matchers: readonly Matcher[]): Uint32Array {
    const next = this.#field(HEAD_NEXT_ID);
    const living = this.#field(HEAD_SERIES_LIVE);
    if (next !== this.#selectedNext || living !== this.#selectedLiving) this.#forget();
    this.#selectedNext = next;
    this.#selectedLiving = living;
    const key = matchers.map(({ name, op, value }) => `${name}\u0000${op}${value}`).join('\u0000');
    const known = this.#selected.get(key);
    if (known !== undefined) return known;
    const ids = this.#selectAnew(matchers);
    if (this.#selectedIds + ids.length > SELECTED_IDS_MAX || this.#selected.size > SELECTED_MAX) {
      this.#forget();
    }
    this.#selectedIds += ids.length;
    this.#selected.set(key, ids);
    return ids;
  }

  #forget(): void {
    this.#selected.clear();
    this.#selectedIds = 0;
  }

  #selectAnew(matchers: readonly Matcher[]): Uint32Array {
    const narrow = this.#narrowest(matchers);
    if (narrow !== undefined) return this.#narrowed(narrow, matchers);
    const within: Uint32Array[] = [];
    const without: Uint32Array[] = [];
    for (const matcher of matchers) {
      const question = valueTest(matcher);
      if (!question.test('')) {
        const list = this.#union(this.#passing(matcher, true));
        if (list.length === 0) return list;
        within.push(list);
      } else {
        const refused = this.#passing(matcher, false);
        if (refused.length > 0) without.push(this.#union(refused));
      }
    }
    within.sort((a, b) => a.length - b.length);
    let ids = within.length === 0 ? this.#all() : within[0];
    for (let i = 1; i < within.length; i++) ids = intersectIds(ids, within[i]);
    for (const list of without) ids = subtractIds(ids, list);
    return ids;
  }

  /** The pairs of the matcher that leaves fewest series, if those are few; all are compiled. */
  #narrowest(matchers: readonly Matcher[]): readonly number[] | undefined {
    const { exports } = this.#kernels;
    let narrowest: readonly number[] | undefined;
    let least = NARROW_MAX + 1;
    for (const matcher of matchers) {
      const { values, test } = valueTest(matcher);
      if (values === undefined || test('')) continue;
      const pairs = this.#passing(matcher, true);
      let count = 0;
      for (const pair of pairs) count += exports.postingsCount(this.#head, pair);
      if (count >= least) continue;
      least = count;
      narrowest = pairs;
    }
    return narrowest;
  }

  /** Those of few series whose labels pass all matchers. */
  #narrowed(pairs: readonly number[], matchers: readonly Matcher[]): Uint32Array {
    const tests = matchers.map((matcher) => valueTest(matcher).test);
    return this.#union(pairs).filter((id) => {
      const labels = this.#pairs.labels(id);
      return matchers.every(({ name }, i) => tests[i](labelValue(labels, name)));
    });
  }

  /** Pairs of the matcher's name whose value passes, or those whose value does not. */
  #passing(matcher: Matcher, pass: boolean): number[] {
    const { values, test } = valueTest(matcher);
    if (values !== undefined && pass) {
      return values.map((v) => this.#pairs.find(matcher.name, v)).filter((pair) => pair >= 0);
    }
    // `x != "v"` refuses one value only: no need to look at the others.
    if (matcher.op === '!=' && !pass && matcher.value !== '') {
      const pair = this.#pairs.find(matcher.name, matcher.value);
      return pair < 0 ? [] : [pair];
    }
    const pairs = this.#pairs.pairsOf(matcher.name);
    return pairs.filter((pair) => test(this.#pairs.value(pair)) === pass);
  }

  #union(pairs: readonly number[]): Uint32Array {
    return unionIds(
      pairs.map((pair) => this.#postings(pair)),
      this.#field(HEAD_NEXT_ID),
    );
  }

  #postings(pair: number): Uint32Array {
    const { exports } = this.#kernels;
    const count = exports.postingsCount(this.#head, pair);
    const at = scratchOf(this.#kernels).room(count * 4);
    exports.postingsCopy(this.#head, pair, at);
    return this.#kernels.u32.slice(at / 4, at / 4 + count);
  }

  #all(): Uint32Array {
    const { exports } = this.#kernels;
    const at = scratchOf(this.#kernels).room(this.#field(HEAD_SERIES_LIVE) * 4);
    const count = exports.headIds(this.#head, at);
    return this.#kernels.u32.slice(at / 4, at / 4 + count);
  }

  #prune(ids: Uint32Array, minMs: number, maxMs: number): Uint32Array {
    const at = scratchOf(this.#kernels).room(ids.length * 4);
    this.#kernels.u32.set(ids, at / 4);
    const { exports } = this.#kernels;
    exports.pruneRange(minMs, maxMs);
    const count = exports.headPrune(this.#head, at, ids.length);
    return this.#kernels.u32.slice(at / 4, at / 4 + count);
  }

  #field(offset: number): number {
    return this.#kernels.u32[(this.#head + offset) / 4];
  }
}
