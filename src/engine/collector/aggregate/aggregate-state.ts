// The state of aggregation as bytes, one file that is replaced as a whole: docs/format/aggregate.md
// draws it. With it stand the offsets up to which the log is in it. Easy to get wrong: values are
// words, since a NaN must keep its bits; and what is not read here is what the log is read for.
import { crc32 } from 'node:zlib';
import { BytePen, ByteReader } from '../../codec/byte-pen.ts';
import { MonError } from '../../errors.ts';
import type { Offset } from '../../ports.ts';
import { ruleOfKey } from './aggregate-rule.ts';
import { FoldState } from './fold-state.ts';
import type { FoldSeries } from './fold-state.ts';
import { LiveRule } from './live-rule.ts';

/** Next offset of each partition, beside the log that they belong to. */
export interface LogPlace {
  readonly generation: number;
  readonly offsets: readonly Offset[];
}

const MAGIC = 0x47_4e_4f_4d;
const VERSION = 1;
const HEADER_BYTES = 16;
const NO_SLOT = -1;

/** The file of a state and its place in the log. */
export function encodeAggregates(state: FoldState, { generation, offsets }: LogPlace) {
  const pen = new BytePen(64 * 1024);
  pen.varint(generation);
  pen.varint(offsets.length);
  offsets.forEach((offset, partition) => {
    pen.varint(offset);
    pen.f64(state.clocks[partition]);
  });
  const numbers = writeRules(pen, state);
  writeFamilies(pen, state);
  writeSeries(pen, state, numbers);
  const body = pen.take();
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  [MAGIC, VERSION, body.length, crc32(body)].forEach((word, i) => {
    view.setUint32(i * 4, word, true);
  });
  return [header, body];
}

/** Rules are numbered anew: those that are over leave no gap. */
function writeRules(pen: BytePen, state: FoldState): ReadonlyMap<number, number> {
  const live = [...state.live()];
  pen.varint(live.length);
  for (const [, rule] of live) {
    pen.text(rule.key);
    pen.f64(rule.sinceMs);
    pen.f64(rule.untilMs);
    const groups = rule.groups.filter((group) => group !== undefined);
    pen.varint(groups.length);
    for (const { metric, labels, total, usedMs } of groups) {
      pen.text(metric);
      pen.varint(labels.length);
      for (const text of labels) pen.text(text);
      pen.f64(total);
      pen.f64(usedMs);
    }
  }
  return new Map(live.map(([number], i) => [number, i]));
}

function writeFamilies(pen: BytePen, { kinds }: FoldState): void {
  const families = [...kinds.entries()];
  pen.varint(families.length);
  for (const [family, learned] of families) {
    pen.text(family);
    pen.varint(learned.length);
    for (const { type, fromMs } of learned) {
      pen.text(type);
      pen.f64(fromMs);
    }
  }
}

function writeSeries(
  pen: BytePen,
  { series, slots, rules }: FoldState,
  numbers: ReadonlyMap<number, number>,
): void {
  const held = series.filter((one) => one !== undefined && one.slot !== NO_SLOT) as FoldSeries[];
  pen.varint(held.length);
  for (const { canonical, slot: first } of held) {
    pen.varint(canonical.length);
    pen.raw(canonical);
    const own: number[] = [];
    for (let slot = first; slot !== NO_SLOT; slot = slots.next[slot]) {
      if (rules[slots.rule[slot]] !== undefined) own.push(slot);
    }
    pen.varint(own.length);
    // A slot is put before the others of its series when it is read.
    for (const slot of own.reverse()) {
      pen.varint(numbers.get(slots.rule[slot]) as number);
      pen.f64(slots.lastTime[slot]);
      pen.u32(slots.lastWords[slot * 2]);
      pen.u32(slots.lastWords[slot * 2 + 1]);
      const points: number[] = [];
      for (let at = slots.newest[slot]; at >= 0; at = slots.older[at]) points.push(at);
      pen.varint(points.length);
      for (const point of points.reverse()) {
        pen.f64(slots.time[point]);
        pen.u32(slots.words[point * 2]);
        pen.u32(slots.words[point * 2 + 1]);
      }
    }
  }
}

/** @throws MonError MON_CHECKPOINT_CORRUPT for bytes that encodeAggregates did not make. */
export function decodeAggregates(bytes: Uint8Array, path: string) {
  const corrupt = (why: string): MonError =>
    new MonError('MON_CHECKPOINT_CORRUPT', `aggregates ${path}: ${why}`, {
      hint: 'remove the file: aggregation begins anew, and open windows are lost',
    });
  if (bytes.length < HEADER_BYTES) throw corrupt('shorter than its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw corrupt('no state of aggregates');
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw corrupt(`version ${version}, this program reads ${VERSION}`);
  const body = bytes.subarray(HEADER_BYTES);
  if (body.length !== view.getUint32(8, true)) throw corrupt('it is cut off');
  if (crc32(body) !== view.getUint32(12, true)) throw corrupt('checksum');
  const from = new ByteReader(body, corrupt);
  const generation = from.varint();
  const partitions = from.count(9);
  const state = new FoldState(partitions);
  const offsets: Offset[] = [];
  for (let i = 0; i < partitions; i++) {
    offsets.push(from.varint());
    state.clocks[i] = from.f64();
  }
  readRules(from, state);
  for (let left = from.count(2); left > 0; left--) {
    const family = from.text();
    const learned = Array.from({ length: from.count(9) }, () => {
      return { type: from.text(), fromMs: from.f64() };
    });
    state.kinds.restore(family, learned);
  }
  readSeries(from, state);
  from.done();
  return { state, place: { generation, offsets } };
}

function readRules(from: ByteReader, state: FoldState): void {
  for (let left = from.count(18); left > 0; left--) {
    const key = from.text();
    const live = new LiveRule(ruleOfKey(key), from.f64());
    live.untilMs = from.f64();
    for (let groups = from.count(18); groups > 0; groups--) {
      const metric = from.text();
      const labels = Array.from({ length: from.count() }, () => from.text());
      const group = live.groups[live.group(metric, labels)];
      if (group === undefined) throw from.fail('a group too many');
      group.total = from.f64();
      group.usedMs = from.f64();
    }
    state.rules.push(live);
  }
}

function readSeries(from: ByteReader, state: FoldState): void {
  const { slots } = state;
  for (let left = from.count(2); left > 0; left--) {
    const canonical = from.raw(from.varint()).slice();
    const number = state.restoreSeries(canonical);
    for (let own = from.count(18); own > 0; own--) {
      const slot = state.restoreSlot(number, from.varint());
      if (slot < 0) throw from.fail('a slot of no rule');
      const live = state.rules[slots.rule[slot]] as LiveRule;
      slots.lastTime[slot] = from.f64();
      slots.lastWords[slot * 2] = from.u32();
      slots.lastWords[slot * 2 + 1] = from.u32();
      for (let points = from.count(16); points > 0; points--) {
        const time = from.f64();
        slots.insert(slot, time, from.u32(), from.u32());
        if (time < live.oldestMs) live.oldestMs = time;
      }
    }
  }
}
