// The memory in which records cross to a shard's thread: a few slots that both threads see, used
// again and again. On a sample's way it lies between the log and the head. Easy to get wrong: a
// slot is written again only after the answer to what was in it; and buffers that change hands
// instead would be garbage that no small collection of the shard's thread finds.
import { HAND_SLOTS, HAND_SLOT_BYTES } from '../limits.ts';
import type { Delivery } from '../ports.ts';

/** Numbers of a delivery in front of the bytes: partition, offset, definitions only, length. */
const HEAD_NUMBERS = 4;
const HEAD_BYTES = HEAD_NUMBERS * 8;

/** Deliveries that lie in a slot. */
export interface Handed {
  readonly slot: number;
  readonly count: number;
}

/** The side that writes. */
export class HandRoom {
  readonly memory = new SharedArrayBuffer(HAND_SLOTS * HAND_SLOT_BYTES);
  readonly #bytes = new Uint8Array(this.memory);
  readonly #numbers = new Float64Array(this.memory);
  /** The one that was used last comes next, so that a shard at rest touches only one. */
  readonly #free = Array.from({ length: HAND_SLOTS }, (_, i) => HAND_SLOTS - 1 - i);

  /** Lays deliveries into a free slot; undefined when none is free or they do not fit. */
  lay(deliveries: readonly Delivery[]): Handed | undefined {
    let size = deliveries.length * HEAD_BYTES;
    for (const { bytes } of deliveries) size += bytes.length;
    const slot = size <= HAND_SLOT_BYTES ? this.#free.pop() : undefined;
    if (slot === undefined) return undefined;
    const numbers = this.#numbers;
    let head = (slot * HAND_SLOT_BYTES) / 8;
    let at = slot * HAND_SLOT_BYTES + deliveries.length * HEAD_BYTES;
    for (const { partition, offset, definitionsOnly, bytes } of deliveries) {
      numbers[head] = partition;
      numbers[head + 1] = offset;
      numbers[head + 2] = definitionsOnly ? 1 : 0;
      numbers[head + 3] = bytes.length;
      this.#bytes.set(bytes, at);
      head += HEAD_NUMBERS;
      at += bytes.length;
    }
    return { slot, count: deliveries.length };
  }

  /** Nobody reads the slot any more. */
  free(slot: number): void {
    this.#free.push(slot);
  }
}

/** What lies in a slot, as views of it: good until the call that brought it is answered. */
export function takeHanded(memory: SharedArrayBuffer, { slot, count }: Handed): Delivery[] {
  const base = slot * HAND_SLOT_BYTES;
  const numbers = new Float64Array(memory, base, count * HEAD_NUMBERS);
  const out: Delivery[] = [];
  let at = base + count * HEAD_BYTES;
  for (let i = 0; i < numbers.length; i += HEAD_NUMBERS) {
    const length = numbers[i + 3];
    out.push({
      partition: numbers[i],
      offset: numbers[i + 1],
      definitionsOnly: numbers[i + 2] === 1,
      bytes: new Uint8Array(memory, at, length),
    });
    at += length;
  }
  return out;
}
