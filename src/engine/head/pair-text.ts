// The text of label pairs: kernels number pairs and keep their bytes; strings are made here when
// they are first asked for. Easy to get wrong: a pair's number may come to mean another pair after
// a truncation, so that the strings are then forgotten.
import { assert } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { LABELS_HELD_MAX } from '../limits.ts';
import { compareText, type Labels } from '../model/labels.ts';
import { scratchOf } from './scratch.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest >>>= 7;
  }
  out.push(rest);
  return out;
}

/** The entry of a pair in canonical label bytes; an empty value is the record of the name. */
function pairEntry(name: string, value: string): Uint8Array {
  const n = encoder.encode(name);
  const v = encoder.encode(value);
  const nameHead = [0x0a, ...varint(n.length)];
  const valueHead = [0x12, ...varint(v.length)];
  const body = nameHead.length + n.length + valueHead.length + v.length;
  const head = [0x0a, ...varint(body)];
  const out = new Uint8Array(head.length + body);
  out.set(head);
  out.set(nameHead, head.length);
  out.set(n, head.length + nameHead.length);
  out.set(valueHead, head.length + nameHead.length + n.length);
  out.set(v, out.length - v.length);
  return out;
}

/** Begin and length of the field at `at`, whose tag has been checked by the kernels. */
function field(bytes: Uint8Array, at: number): [number, number] {
  let length = 0;
  let from = at + 1;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[from++];
    length |= (byte & 127) << shift;
    if (byte < 128) return [from, length];
  }
}

export class PairText {
  readonly #kernels: Kernels;
  readonly #head: number;
  /** By the number of a pair, or of its name's record. */
  #names: (string | undefined)[] = [];
  readonly #values = new Map<number, string>();
  /** By id. The same series answers the same array, so that whoever asks may remember it. */
  #labels: (Labels | undefined)[] = [];
  #labelsHeld = 0;

  constructor(kernels: Kernels, head: number) {
    this.#kernels = kernels;
    this.#head = head;
  }

  /** Number of a pair, or -1. */
  find(name: string, value: string): number {
    const entry = pairEntry(name, value);
    const at = scratchOf(this.#kernels).room(entry.length);
    this.#kernels.bytes.set(entry, at);
    return this.#kernels.exports.headFindPair(this.#head, at, entry.length);
  }

  /** Numbers of the pairs with this name. */
  pairsOf(name: string): number[] {
    const record = this.find(name, '');
    return record < 0 ? [] : this.pairsUnder(record);
  }

  /** Numbers of the pairs under a name's record. */
  pairsUnder(record: number): number[] {
    const out: number[] = [];
    const { exports } = this.#kernels;
    let next = exports.pairNext(this.#head, record);
    while (next !== 0) {
      out.push(next - 1);
      next = exports.pairNext(this.#head, next - 1);
    }
    return out;
  }

  name(pair: number): string {
    let text = this.#names[pair];
    if (text === undefined) {
      const record = this.#kernels.exports.pairName(this.#head, pair);
      text = this.#names[record] ?? this.#read(record)[0];
      this.#names[record] = text;
      this.#names[pair] = text;
    }
    return text;
  }

  value(pair: number): string {
    let text = this.#values.get(pair);
    if (text === undefined) {
      text = this.#read(pair)[1];
      this.#values.set(pair, text);
    }
    return text;
  }

  forget(): void {
    this.#names = [];
    this.#values.clear();
    this.#labels = [];
    this.#labelsHeld = 0;
  }

  /** The labels of a series, sorted as Labels are; not kept for the next who asks when `once`. */
  labels(id: number, once = false): Labels {
    const known = this.#labels[id];
    if (known !== undefined) return known;
    const labels = this.#spell(id);
    if (once) return labels;
    if (this.#labelsHeld === LABELS_HELD_MAX) {
      this.#labels = [];
      this.#labelsHeld = 0;
    }
    this.#labelsHeld++;
    this.#labels[id] = labels;
    return labels;
  }

  /** Those of a series' labels that have one of the names, or all where all are known. */
  only(id: number, names: ReadonlySet<string>): Labels {
    return this.#labels[id] ?? this.#spell(id, names);
  }

  #spell(id: number, names?: ReadonlySet<string>): string[] {
    const { exports } = this.#kernels;
    const count = exports.seriesLabelCount(this.#head, id);
    assert(count >= 0, `labels of a series that is not there: ${id}`);
    const from = (exports.seriesLabels(this.#head, id) >>> 0) / 4;
    const pairs = this.#kernels.u32;
    const out: string[] = [];
    let sorted = true;
    for (let i = 0; i < count; i++) {
      const name = this.name(pairs[from + i]);
      if (names !== undefined && !names.has(name)) continue;
      // Bytes and UTF-16 sort alike but for names beyond the basic plane.
      if (out.length > 0 && name < out[out.length - 2]) sorted = false;
      out.push(name, this.value(pairs[from + i]));
    }
    return sorted ? out : resort(out);
  }

  #read(pair: number): [string, string] {
    const { exports, bytes } = this.#kernels;
    const at = exports.pairBytes(this.#head, pair) >>> 0;
    const [body] = field(bytes, at);
    const [name, nameLength] = field(bytes, body);
    const [value, valueLength] = field(bytes, name + nameLength);
    return [
      decoder.decode(bytes.subarray(name, name + nameLength)),
      decoder.decode(bytes.subarray(value, value + valueLength)),
    ];
  }
}

function resort(labels: string[]): string[] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i], labels[i + 1]]);
  return pairs.sort((a, b) => compareText(a[0], b[0])).flat();
}
