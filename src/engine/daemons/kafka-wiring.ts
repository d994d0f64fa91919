// `mon up --kafka`: the log over Kafka with its spool on this machine's disk, its figures and its
// lag. Wiring only. Easy to get wrong: a store without state begins at the oldest record that the
// topic still holds, not at record 0, which may be long gone; one with state never skips anything.
import { join } from 'node:path';
import { KafkaLog } from '../bridge/kafka-log.ts';
import { spoolEncoder } from '../bridge/spill.ts';
import type { Spool } from '../bridge/spill.ts';
import { BatchCodec } from '../codec/batch.ts';
import { assert } from '../errors.ts';
import { SeriesBook } from '../kernels/series-book.ts';
import { HEAD_EPOCHS_MAX } from '../limits.ts';
import { KAFKA_RECORD_BYTES, KAFKA_SPOOL_BYTES_MAX } from '../limits-links.ts';
import { EmbeddedLog } from '../log/embedded-log.ts';
import { batchEncoder } from '../log/record-encoder.ts';
import type { Log, Offset, Sink, State } from '../ports.ts';
import type { Counters, Gauge } from '../runtime/counters.ts';
import { kafkaAccess } from './config-kafka.ts';
import type { KafkaSettings } from './config-kafka.ts';
import { claimFolder } from './opened-log.ts';
import type { OpenedLog, OpenLogOptions } from './opened-log.ts';

const LAG_MS = 10_000;
/** Small beside the bound: a segment is removed when all of it has been drained. */
const SPOOL_SEGMENT_BYTES = 16 * 1024 * 1024;
const DRAINED = 'kafka/spool/drained';
const ROLES = ['store', 'alert', 'rollup'];

/** Opens the log over Kafka. @throws UserError, MonError. */
export async function openKafkaLog(
  options: OpenLogOptions,
  settings: KafkaSettings,
): Promise<OpenedLog> {
  const { clock, disk, kernels, logger, counters } = options;
  const access = await kafkaAccess(settings, disk);
  let book: SeriesBook | undefined;
  const log = await KafkaLog.open({
    ...{ access, clock, topic: settings.topic, partitions: settings.partitions },
    encoder: (partitions) => {
      book = new SeriesBook(kernels, partitions);
      return batchEncoder(new BatchCodec(kernels), book);
    },
    spool: (partitions) => openSpool(options, partitions, settings.spoolBytes),
    away: (failure) => {
      if (failure) logger.warn('Kafka is away: records go to the spool', { why: failure.message });
      else logger.info('Kafka is back');
    },
  });
  assert(book !== undefined, 'a log that is open has asked for its encoder');
  try {
    await claimFolder(options, `kafka ${log.clusterId} ${settings.topic ?? log.topic}`);
  } catch (thrown) {
    await log.close();
    throw thrown;
  }
  showKafka(counters, log);
  const lag = showLag(counters, log);
  return {
    ...{
      log,
      book,
      epoch: -1,
      epochs: HEAD_EPOCHS_MAX,
      doorLimits: { recordBytes: KAFKA_RECORD_BYTES },
    },
    beats: [{ everyMs: LAG_MS, work: lag }],
    sink: (sink) => fromOldest(sink, log),
  };
}

/** A bounded embedded log whose records are messages of Kafka. */
export async function openSpool(
  { dataDir, disk, clock, state }: Pick<OpenLogOptions, 'dataDir' | 'disk' | 'clock' | 'state'>,
  partitions: number,
  bytesMax: number = KAFKA_SPOOL_BYTES_MAX,
): Promise<Spool> {
  const log = await EmbeddedLog.open({
    ...{ folder: join(dataDir, 'spool'), disk, clock, partitions, encoder: spoolEncoder },
    ...{ segmentBytes: Math.min(SPOOL_SEGMENT_BYTES, bytesMax / 8), keepMs: 0 },
  });
  return {
    ...{ log, bytesMax },
    bytes: () => log.counts.bytesOnDisk,
    load: () => loadDrained(state),
    save: (drained) => saveDrained(state, drained),
  };
}

async function loadDrained(state: State): Promise<ReadonlyMap<number, Offset>> {
  const found = await state.get(DRAINED);
  if (found === undefined) return new Map();
  return new Map(JSON.parse(found.value) as [number, Offset][]);
}

async function saveDrained(state: State, drained: ReadonlyMap<number, Offset>): Promise<void> {
  const found = await state.get(DRAINED);
  await state.compareAndSet(DRAINED, JSON.stringify([...drained]), found?.version ?? 0);
}

/** What has no state yet begins at the oldest record there is. */
function fromOldest(sink: Sink, log: Log): Sink {
  return {
    async resumeAt() {
      const from = new Map<number, Offset>();
      for (const [partition, offset] of await sink.resumeAt()) {
        from.set(partition, offset === 0 ? await log.start(partition) : offset);
      }
      return from;
    },
    apply: (deliveries) => sink.apply(deliveries),
    checkpoint: () => sink.checkpoint(),
    close: () => sink.close(),
  };
}

/** What the bridge counts. */
export function showKafka(counters: Counters, log: KafkaLog): void {
  const rows: readonly (readonly [string, string, () => number])[] = [
    ['mon_kafka_records_total', 'Records acknowledged by Kafka.', () => log.counts.records],
    ['mon_kafka_bytes_total', 'Bytes of these records.', () => log.counts.bytes],
    ['mon_kafka_requests_total', 'Requests with records.', () => log.counts.requests],
    ['mon_kafka_failures_total', 'Requests sent again.', () => log.counts.failures],
    ['mon_kafka_request_seconds_total', 'Time in them.', () => log.counts.requestSeconds],
    ['mon_kafka_pending_bytes', 'Bytes without an answer.', () => log.counts.pendingBytes],
    ['mon_kafka_spool_bytes', 'Bytes in the spool on disk.', () => log.counts.spoolBytes],
    ['mon_kafka_spooled_total', 'Records put into the spool.', () => log.counts.spooled],
    ['mon_kafka_drained_total', 'Records out of the spool.', () => log.counts.drained],
    ['mon_kafka_lost_total', 'Records that retention had cut off.', () => log.counts.lost],
    ['mon_kafka_up', 'Whether Kafka answers.', () => (log.failure === undefined ? 1 : 0)],
  ];
  for (const [name, help, read] of rows) counters.reading(name, help, { read });
}

/** Fetches how far each group is behind; a group that nobody has shows nothing. */
export function showLag(
  counters: Counters,
  log: KafkaLog,
  others: readonly string[] = ROLES,
): () => Promise<void> {
  const gauges = new Map<string, Gauge>();
  const help = 'Records of a partition that a group has not read yet.';
  return async () => {
    for (const { group, partition, records } of await log.lag(others)) {
      const key = `${partition} ${group}`;
      let gauge = gauges.get(key);
      if (!gauge) {
        gauge = counters.gauge('mon_kafka_lag_records', help, {
          ...{ group, partition: String(partition) },
        });
        gauges.set(key, gauge);
      }
      gauge.set(records);
    }
  };
}
