// The specimen of the record's format, fixtures/format/batch-v1.*: bytes written by an earlier
// build must be read, and today's build must write the same ones. When the format changes, the
// version changes and a new specimen comes beside the old. `MON_WRITE_SPECIMENS=1` makes what is
// missing.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BatchCodec, type OpenRecord } from '../../../src/engine/codec/batch.ts';
import { canonicalOf, labelsOf } from '../../../src/engine/codec/canonical.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import type { Batch } from '../../../src/engine/model/batch.ts';
import { makeLabels, NAME } from '../../../src/engine/model/labels.ts';
import { projectRoot } from '../../support/project.ts';

const BYTES = join(projectRoot, 'fixtures/format/batch-v1.bin');
const SAYS = join(projectRoot, 'fixtures/format/batch-v1.json');
const START = 1_700_000_000_000;

function batch(book: SeriesBook): Batch {
  const hosts = ['a', 'b', 'ü'];
  const refs = hosts.flatMap((host) =>
    ['cpu', 'memory', 'requests_total'].map((name) =>
      book.refOfLabels(
        makeLabels([
          [NAME, name],
          ['host', host],
          ['job', 'node'],
        ]),
      ),
    ),
  );
  const values = new Float64Array([0, 1, -1, 0.5, -0, 1e300, 12.3, 2 ** 53, 0]);
  // The stale marker, which is a NaN, as bits.
  new Uint32Array(values.buffer).set([2, 0x7ff00000], 16);
  const timestamps = Float64Array.from(refs, (_, i) => START + (i > 6 ? 15_000 : 0));
  const one = { refs: Uint32Array.of(refs[2]), timestamps: Float64Array.of(START) };
  return {
    partition: 3,
    receivedMs: START + 20_000,
    lateness: 1,
    floats: { refs: Uint32Array.from(refs), timestamps, values },
    starts: Float64Array.from(refs, (_, i) => (i % 3 === 2 ? START - 60_000 : 0)),
    histograms: { ...one, bodies: [Uint8Array.of(8, 1, 16, 2)] },
    exemplars: {
      ...one,
      values: Float64Array.of(0.25),
      labels: [canonicalOf(['trace_id', 'abc'])],
    },
    metadata: [{ family: 'requests_total', type: 'counter', help: 'Requests served.', unit: '' }],
    tick: { timeMs: START + 20_000, watermarkMs: START + 10_000 },
  };
}

/** All that a record says, as plain JSON; values as bits. */
function sayings(open: OpenRecord, kernels: Kernels): unknown {
  const definitions: unknown[] = [];
  open.forEachDefinition((ref, canonical) => definitions.push([ref, labelsOf(canonical)]));
  const view = new DataView(kernels.memory.buffer);
  const floats = Array.from({ length: open.floatCount }, (_, i) => ({
    ref: view.getUint32(open.refsAt + i * 4, true),
    timestamp: view.getFloat64(open.timestampsAt + i * 8, true),
    bits: view
      .getBigUint64(open.valuesAt + i * 8, true)
      .toString(16)
      .padStart(16, '0'),
    start: open.startsAt === undefined ? 0 : view.getFloat64(open.startsAt + i * 8, true),
  }));
  const { epoch, sequence, partition, receivedMs, lateness, metadata, tick } = open;
  const [histograms, exemplars] = [open.histograms(), open.exemplars()];
  return {
    head: { epoch, sequence, partition, receivedMs, lateness },
    definitions,
    floats,
    histograms: {
      refs: [...histograms.refs],
      timestamps: [...histograms.timestamps],
      bodies: histograms.bodies.map((body) => Buffer.from(body).toString('hex')),
    },
    exemplars: {
      refs: [...exemplars.refs],
      timestamps: [...exemplars.timestamps],
      values: [...exemplars.values],
      labels: exemplars.labels.map(labelsOf),
    },
    metadata,
    tick,
  };
}

test('the specimen of version 1 is read as it was meant and written as it was', () => {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 4);
  const codec = new BatchCodec(kernels);
  const record = codec.encode(batch(book), { epoch: 2, sequence: 5, book });
  if (process.env['MON_WRITE_SPECIMENS'] === '1' && !existsSync(BYTES)) {
    writeFileSync(BYTES, record);
    writeFileSync(SAYS, `${JSON.stringify(sayings(codec.open(record), kernels), null, 1)}\n`);
  }
  const specimen = new Uint8Array(readFileSync(BYTES));
  const says: unknown = JSON.parse(readFileSync(SAYS, 'utf8'));
  assert.deepEqual(sayings(codec.open(specimen), kernels), says);
  assert.deepEqual(record, specimen);
});
