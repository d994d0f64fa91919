// Real records in the embedded log: a reader that starts anywhere in it knows every series that a
// later record refers to, over segments, failed commits and new runs of the program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import type { EmbeddedLog } from '../../../src/engine/log/embedded-log.ts';
import { batchEncoder } from '../../../src/engine/log/record-encoder.ts';
import type { Batch } from '../../../src/engine/model/batch.ts';
import { NAME, labelsKey, makeLabels } from '../../../src/engine/model/labels.ts';
import { canonicalOf, labelsOf } from '../../../src/engine/codec/canonical.ts';
import type { Delivery } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { logWorld } from '../../support/log-world.ts';

const PARTITIONS = 2;
const HOSTS = 40;

interface Producer {
  readonly book: SeriesBook;
  readonly refs: readonly number[];
  readonly encoder: ReturnType<typeof batchEncoder>;
}

function producer(): Producer {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, PARTITIONS);
  const refs = Array.from({ length: HOSTS }, (_, i) =>
    book.refOfLabels(
      makeLabels([
        [NAME, 'up'],
        ['host', `host-${i}`],
      ]),
    ),
  );
  return { book, refs, encoder: batchEncoder(new BatchCodec(kernels), book) };
}

/** One sample each of some series, batched by partition; the value says which host it was. */
function batches({ book, refs }: Producer, hosts: readonly number[], t: number): Batch[] {
  const out: Batch[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const mine = hosts.filter((host) => book.partition(refs[host]) === partition);
    if (mine.length === 0) continue;
    const floats = {
      refs: Uint32Array.from(mine, (host) => refs[host]),
      timestamps: new Float64Array(mine.length).fill(t),
      values: Float64Array.from(mine),
    };
    out.push({ partition, receivedMs: t, lateness: 0, floats });
  }
  return out;
}

/** Follows definitions as a head does, and answers how many samples it could name. */
function follow(deliveries: readonly Delivery[]): number {
  const kernels = new Kernels();
  const codec = new BatchCodec(kernels);
  const known = new Map<string, string>();
  let samples = 0;
  for (const { bytes, partition, definitionsOnly } of deliveries) {
    const record = codec.open(bytes);
    const key = (ref: number): string => `${partition}/${record.epoch}/${ref}`;
    record.forEachDefinition((ref, canonical) => {
      known.set(key(ref), labelsKey(labelsOf(canonical.slice())));
    });
    if (definitionsOnly) continue;
    for (let i = 0; i < record.floatCount; i++) {
      const ref = kernels.u32[record.refsAt / 4 + i];
      const host = kernels.f64[record.valuesAt / 8 + i];
      const labels = makeLabels([
        [NAME, 'up'],
        ['host', `host-${host}`],
      ]);
      assert.equal(known.get(key(ref)), labelsKey(labelsOf(canonicalOf(labels))));
      samples++;
    }
  }
  return samples;
}

async function readFrom(log: EmbeddedLog, from: ReadonlyMap<number, number>): Promise<Delivery[]> {
  const out: Delivery[] = [];
  let expected = 0;
  for (const [partition, offset] of from) expected += (await log.end(partition)) - offset;
  const reader = await log.read('any', from);
  while (out.filter((d) => !d.definitionsOnly).length < expected) {
    out.push(...(await reader.next()));
  }
  await reader.close();
  return out;
}

test('a reader that starts anywhere knows what records refer to', async () => {
  const random = seededRandom(11);
  const world = logWorld(11);
  let written = 0;
  for (let run = 0; run < 3; run++) {
    const one = producer();
    const log = await world.open({ encoder: one.encoder, recentBytes: 3000, segmentBytes: 3000 });
    for (let i = 0; i < 60; i++) {
      const hosts = one.refs.map((_, host) => host).filter(() => random() < 0.3);
      world.disk.faults.syncError = random() < 0.1 ? 1 : 0;
      const sent = batches(one, hosts, 1_700_000_000_000 + run * 1e6 + i * 1000);
      const answers = await log.append(sent);
      world.disk.faults.syncError = 0;
      answers.forEach(
        (a, k) => (written += 'offset' in a ? (sent[k].floats?.refs.length ?? 0) : 0),
      );
    }
    assert.ok(log.counts.segments > 3 && log.counts.failures > 0);
    const all = new Map([
      [0, 0],
      [1, 0],
    ]);
    assert.equal(follow(await readFrom(log, all)), written);
    for (let i = 0; i < 20; i++) {
      const at = async (p: number): Promise<number> => Math.floor(random() * (await log.end(p)));
      follow(
        await readFrom(
          log,
          new Map([
            [0, await at(0)],
            [1, await at(1)],
          ]),
        ),
      );
    }
    await log.close();
  }
});
