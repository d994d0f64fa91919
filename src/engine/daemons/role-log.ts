// The role `log`: the process that owns the embedded log and State and lends both to all others.
// Wiring only. Easy to get wrong: readers of zones that are gone hold retention for ever, so they
// are forgotten at the start.
import { join } from 'node:path';
import { alertBatch, alertEncoder } from '../codec/alert-record.ts';
import { BatchCodec } from '../codec/batch.ts';
import { Kernels } from '../kernels/kernels.ts';
import { SeriesBook } from '../kernels/series-book.ts';
import { BOOK_IDLE_MS, COMMIT_GATHER_MS, SEAL_AFTER_MS, SEAL_SLICE_MS } from '../limits.ts';
import { EmbeddedLog } from '../log/embedded-log.ts';
import { batchEncoder } from '../log/record-encoder.ts';
import { LogService } from '../remote/log-service.ts';
import type { Translator } from '../remote/log-wire.ts';
import { RecordTranslator } from '../remote/record-translator.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { Beats } from './beats.ts';
import { awaitClients, openHub } from './hub-services.ts';
import type { RoleWorld } from './role-frame.ts';
import { showLog } from './self-metrics.ts';
import { WatchedLog } from './watched-log.ts';

const RETAIN_MS = 10 * 60_000;
/** As the topic of alerts in Kafka. */
const ALERTS_KEEP_MS = 7 * 86_400_000;
const ALERTS_SEGMENT_BYTES = 8 * 1024 * 1024;
/** A lost disk is rebuilt from objects and the log: it has to reach back as far. */
const REBUILD_KEEP_MS = SEAL_AFTER_MS + 2 * SEAL_SLICE_MS;
/** The book forgets a series after so many turns. */
const IDLE_TURNS = 4;

/** The reader of a zone's stores; each of them reads its own partitions under this name. */
export function storeReader(zone: string): string {
  return `store/${zone}`;
}

export async function startLog(world: RoleWorld): Promise<void> {
  const { clock, options, services, listener } = world;
  const { settings, dataDir, logger } = options;
  const late = openHub(world);
  const kernels = new Kernels();
  const { partitions } = settings;
  const book = new SeriesBook(kernels, partitions);
  const codec = new BatchCodec(kernels);
  const log = await EmbeddedLog.open({
    folder: join(dataDir, 'log'),
    ...{ disk: systemDisk, clock, encoder: batchEncoder(codec, book), partitions },
    ...{ keepMs: REBUILD_KEEP_MS, gatherMs: COMMIT_GATHER_MS },
  });
  services.add({ name: 'log', stop: () => log.close() });
  for (const reader of log.readers()) {
    const zone = /^store\/(.*)$/.exec(reader)?.[1];
    if (zone === undefined || (options.zones ?? [zone]).includes(zone)) continue;
    logger.info('a zone is gone: it holds nothing in the log any more', { zone });
    await log.forget(reader);
  }
  const into = new WatchedLog({ log, clock, note: late.note });
  const reader = new BatchCodec(kernels, 'reader');
  const translator = (): RecordTranslator => new RecordTranslator({ codec: reader, book, kernels });
  const service = new LogService({ log, clock, translator, into });
  listener.offer('log', service);
  const alerts = await lendAlerts(world);
  showLog(world.counters, () => log.counts);
  const silent = 'Producers taken out of the watermark because they had not ticked for a while.';
  world.counters.reading('mon_log_producers_silenced_total', silent, {
    read: () => service.silenced,
  });
  const beats = new Beats(clock, logger);
  services.add({
    name: 'beats',
    start: async () => {
      beats.every(RETAIN_MS, () => log.retain());
      beats.every(RETAIN_MS, () => alerts.retain());
      beats.every(BOOK_IDLE_MS / (IDLE_TURNS - 1), async () => {
        book.turn();
        book.forget(IDLE_TURNS);
      });
    },
    drain: () => beats.stop(),
  });
  awaitClients(world);
}

/** The log of alerts: records as they come, kept as long as the topic of alerts is. */
async function lendAlerts({ clock, options, services, listener }: RoleWorld): Promise<EmbeddedLog> {
  const log = await EmbeddedLog.open({
    folder: join(options.dataDir, 'alerts'),
    ...{ disk: systemDisk, clock, encoder: alertEncoder, partitions: 1 },
    ...{ keepMs: ALERTS_KEEP_MS, segmentBytes: ALERTS_SEGMENT_BYTES },
  });
  services.add({ name: 'alerts', stop: () => log.close() });
  const translator = (): Translator => ({
    open: (record) => alertBatch(0, record),
    close: () => undefined,
  });
  listener.offer('alerts', new LogService({ log, clock, translator }));
  return log;
}
