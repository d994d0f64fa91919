// Records that lean on one another as real ones do: each says which series it refers to and defines
// those that its dictionary (epoch and sequence) does not have yet. The checker plays a reader that
// knows nothing but what was delivered to it.
import assert from 'node:assert/strict';
import type { RecordEncoder } from '../../src/engine/log/record-encoder.ts';
import type { Delivery } from '../../src/engine/ports.ts';

export interface DefiningRecord {
  readonly number: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly refs: readonly number[];
  readonly defines: readonly number[];
  readonly padding: string;
}

/** Encodes batches of `plainBatch`; records are up to `paddingBytesMax` longer, by their number. */
export function definingEncoder(paddingBytesMax: number): RecordEncoder {
  let dictionary = '';
  let defined = new Set<number>();
  return {
    encode(batch, { epoch, sequence }) {
      const mine = `${epoch}/${sequence}`;
      if (mine !== dictionary) defined = new Set();
      dictionary = mine;
      const number = batch.tick?.timeMs ?? 0;
      const refs = [...(batch.floats?.refs ?? [])];
      const defines = refs.filter((ref) => !defined.has(ref));
      for (const ref of defines) defined.add(ref);
      const padding = 'x'.repeat((number * 7919) % (paddingBytesMax + 1));
      const record: DefiningRecord = { number, epoch, sequence, refs, defines, padding };
      return new TextEncoder().encode(JSON.stringify(record));
    },
  };
}

function definingRecord(bytes: Uint8Array): DefiningRecord {
  return JSON.parse(new TextDecoder().decode(bytes)) as DefiningRecord;
}

/** Fails when a delivery refers to a series that its reader cannot know. */
export class DefinitionChecker {
  readonly #known = new Map<string, Set<number>>();

  check(delivery: Delivery): DefiningRecord {
    const record = definingRecord(delivery.bytes);
    const key = `${delivery.partition}/${record.epoch}/${record.sequence}`;
    const known = this.#known.get(key) ?? new Set<number>();
    this.#known.set(key, known);
    for (const ref of record.defines) known.add(ref);
    if (delivery.definitionsOnly) return record;
    for (const ref of record.refs) {
      assert.ok(known.has(ref), `record ${record.number} refers to an unknown series ${ref}`);
    }
    return record;
  }
}
