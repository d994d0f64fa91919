// Reads a whole log as it lies on the disk and tells the model what is there. It works on a copy,
// so that looking changes nothing. Easy to get wrong: it must look after the log has been opened
// and before anything is appended, because only opening decides what an unfinished commit has
// become.
import { strict as assert } from 'node:assert';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import { labelsOf } from '../../src/engine/codec/canonical.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { EmbeddedLog } from '../../src/engine/log/embedded-log.ts';
import { labelsKey } from '../../src/engine/model/labels.ts';
import type { Delivery } from '../../src/engine/ports.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { MemoryDisk } from '../support/memory-disk.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { LOG_FOLDER } from './chain.ts';
import { sentHistogram } from './latency.ts';
import type { Model, SentRecord } from './model.ts';
import type { Sent } from './sent.ts';

/** One kernel memory for all witnesses of a thread. */
let kernels: Kernels | undefined;

/** Copies the files of the log folder as reads see them now. */
async function copyOf(disk: MemoryDisk): Promise<MemoryDisk> {
  const copy = new MemoryDisk({ random: seededRandom(1) });
  await copy.makeFolder(LOG_FOLDER);
  for (const name of disk.names(LOG_FOLDER)) {
    const path = `${LOG_FOLDER}/${name}`;
    await copy.replaceFile(path, [disk.content(path)]);
  }
  return copy;
}

/** Holds the log on the disk to the model, which then knows what became of unanswered records. */
export async function witness(disk: MemoryDisk, model: Model): Promise<void> {
  const encode = (): Uint8Array => assert.fail('a witness writes nothing');
  const log = await EmbeddedLog.open({
    folder: LOG_FOLDER,
    disk: await copyOf(disk),
    clock: new VirtualClock(),
    encoder: { encode },
    partitions: model.partitions,
  });
  const starts = new Map<number, number>();
  const found: SentRecord[][] = [];
  let left = 0;
  for (let p = 0; p < model.partitions; p++) {
    const [start, end] = [await log.start(p), await log.end(p)];
    starts.set(p, start);
    found.push([]);
    left += end - start;
  }
  const reader = await log.read('witness', starts);
  const decoder = new Decoder();
  while (left > 0) {
    for (const delivery of await reader.next()) {
      const record = decoder.decode(delivery);
      if (delivery.definitionsOnly) continue;
      const { partition, offset } = delivery;
      const expected = (starts.get(partition) as number) + found[partition].length;
      assert.equal(offset, expected, `partition ${partition}: offsets have no gaps`);
      found[partition].push(record);
      left--;
    }
  }
  await log.close();
  found.forEach((records, p) => model.adopt(p, starts.get(p) as number, records));
}

/** Records as samples, with what earlier records defined. */
class Decoder {
  readonly #kernels = (kernels ??= new Kernels());
  readonly #codec = new BatchCodec(this.#kernels, 'reader');
  readonly #epochs = new Map<string, Map<number, string>>();

  decode({ partition, bytes }: Delivery): SentRecord {
    const open = this.#codec.open(bytes);
    assert.equal(open.partition, partition, 'a record says its partition');
    const dictionary = `${partition} ${open.epoch}`;
    const known = this.#epochs.get(dictionary) ?? new Map<number, string>();
    this.#epochs.set(dictionary, known);
    open.forEachDefinition((ref, canonical) => known.set(ref, labelsKey(labelsOf(canonical))));
    const view = new DataView(this.#kernels.memory.buffer);
    const samples: Sent[] = [];
    for (let i = 0; i < open.floatCount; i++) {
      const series = known.get(view.getUint32(open.refsAt + i * 4, true));
      assert.ok(series !== undefined, 'a series is defined before it is used');
      samples.push({
        series,
        t: view.getFloat64(open.timestampsAt + i * 8, true),
        bits: view.getBigUint64(open.valuesAt + i * 8, true),
      });
    }
    const { refs, timestamps, bodies } = open.histograms();
    bodies.forEach((body, i) => {
      const series = known.get(refs[i]);
      assert.ok(series !== undefined, 'a series of histograms is defined before it is used');
      samples.push(sentHistogram(series, timestamps[i], body));
    });
    const { receivedMs, lateness, metadata, tick } = open;
    return { partition, receivedMs, lateness, samples, metadata, ...(tick ? { tick } : {}) };
  }
}
