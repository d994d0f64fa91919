// The log of a process: the embedded one, or the one over Kafka, with what the rest of the wiring
// has to know of the difference. Easy to get wrong: kafkajs must not be loaded where nobody asks
// for Kafka, or every start would pay for it.
import { join } from 'node:path';
import { BatchCodec } from '../codec/batch.ts';
import { SeriesBook } from '../kernels/series-book.ts';
import { COMMIT_GATHER_MS } from '../limits.ts';
import { EmbeddedLog } from '../log/embedded-log.ts';
import { batchEncoder } from '../log/record-encoder.ts';
import { claimFolder, EMBEDDED } from './opened-log.ts';
import type { OpenedLog, OpenLogOptions } from './opened-log.ts';
import { showLog } from './self-metrics.ts';

const TRUNCATE_MS = 10 * 60_000;

/** Opens the log that the options ask for. @throws MonError. */
export async function openLog(options: OpenLogOptions): Promise<OpenedLog> {
  if (options.kafka !== undefined) {
    // kafkajs is loaded only where somebody wants it.
    const { openKafkaLog } = await import('./kafka-wiring.ts');
    return await openKafkaLog(options, options.kafka);
  }
  await claimFolder(options, EMBEDDED);
  const { dataDir, partitions, disk, clock, kernels, keepMs } = options;
  const book = new SeriesBook(kernels, partitions);
  const encoder = batchEncoder(new BatchCodec(kernels), book);
  const folder = join(dataDir, 'log');
  const more = { keepMs, gatherMs: COMMIT_GATHER_MS };
  const log = await EmbeddedLog.open({ folder, disk, clock, encoder, partitions, ...more });
  showLog(options.counters, () => log.counts);
  const beats = [{ everyMs: TRUNCATE_MS, work: () => log.retain() }];
  return { log, book, epoch: log.epoch, doorLimits: {}, beats, sink: (sink) => sink };
}
