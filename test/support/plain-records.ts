// Records without a codec, for tests of the log: what a batch holds as JSON. The log must not care
// what a record says. A batch whose tick has the time REFUSED is refused by the encoder, alone.
import { MonError } from '../../src/engine/errors.ts';
import type { RecordEncoder } from '../../src/engine/log/record-encoder.ts';
import type { Batch } from '../../src/engine/model/batch.ts';

export const REFUSED = -1;

export interface PlainRecord {
  readonly number: number;
  readonly refs: readonly number[];
  readonly values: readonly number[];
  readonly epoch: number;
  readonly sequence: number;
  readonly padding: string;
}

export interface PlainOptions {
  readonly refs?: Uint32Array;
  readonly values?: Float64Array;
}

/** A batch that is known by its number. */
export function plainBatch(partition: number, number: number, options: PlainOptions = {}): Batch {
  const { refs = new Uint32Array(0), values = new Float64Array(refs.length) } = options;
  return {
    partition,
    receivedMs: 1_700_000_000_000,
    lateness: 0,
    floats: { refs, values, timestamps: new Float64Array(refs.length) },
    tick: { timeMs: number, watermarkMs: number },
  };
}

/** `paddingBytes` says how much longer the record of each number is. */
export function plainEncoder(paddingBytes: (number: number) => number = () => 0): RecordEncoder {
  return {
    encode(batch, { epoch, sequence }) {
      const number = batch.tick?.timeMs ?? 0;
      if (number === REFUSED) throw new MonError('MON_RECORD_MALFORMED', 'refused by the test');
      const record: PlainRecord = {
        number,
        refs: [...(batch.floats?.refs ?? [])],
        values: [...(batch.floats?.values ?? [])],
        epoch,
        sequence,
        padding: 'x'.repeat(paddingBytes(number)),
      };
      return new TextEncoder().encode(JSON.stringify(record));
    },
  };
}

export function plainRecord(bytes: Uint8Array): PlainRecord {
  return JSON.parse(new TextDecoder().decode(bytes)) as PlainRecord;
}
