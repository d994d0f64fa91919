// The role `log`: the process that owns the embedded log and State and lends both to all others.
// Wiring only. Easy to get wrong: readers of zones that are gone hold retention for ever, so they
// are forgotten at the start.
import { join } from 'node:path';
import { BatchCodec } from '../codec/batch.ts';
import { Kernels } from '../kernels/kernels.ts';
import { SeriesBook } from '../kernels/series-book.ts';
import { BOOK_IDLE_MS, SEAL_AFTER_MS, SEAL_SLICE_MS } from '../limits.ts';
import { EmbeddedLog } from '../log/embedded-log.ts';
import { batchEncoder } from '../log/record-encoder.ts';
import { LogService } from '../remote/log-service.ts';
import { RecordTranslator } from '../remote/record-translator.ts';
import { plainService } from '../remote/listener.ts';
import { stateMethods } from '../remote/state-remote.ts';
import { lockFolder } from '../runtime/folder-lock.ts';
import { SqliteState } from '../runtime/state-sqlite.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { Beats } from './beats.ts';
import { HubState } from './hub-state.ts';
import { LateNotes } from './late-notes.ts';
import type { RoleWorld } from './role-frame.ts';
import { showLog } from './self-metrics.ts';
import { WatchedLog } from './watched-log.ts';

/** Who drains at the same time has something to write down yet: it is waited for. */
const LEAVE_MS_MAX = 5000;
const LEAVE_LOOK_MS = 50;
const RETAIN_MS = 10 * 60_000;
/** A lost disk is rebuilt from objects and the log: it has to reach back as far. */
const REBUILD_KEEP_MS = SEAL_AFTER_MS + 2 * SEAL_SLICE_MS;
/** The book forgets a series after so many turns. */
const IDLE_TURNS = 4;

/** The reader of a zone's stores; each of them reads its own partitions under this name. */
export function storeReader(zone: string): string {
  return `store/${zone}`;
}

export async function startLog(world: RoleWorld): Promise<void> {
  const { clock, options, services, listener, startedMs } = world;
  const { settings, dataDir, logger, member } = options;
  const lock = lockFolder(dataDir, {
    ...{ pid: process.pid, startedMs, listen: '', command: `mon run log (${member})` },
  });
  services.add({ name: 'folder', stop: async () => lock.release() });
  const durable = new SqliteState(join(dataDir, 'state.db'));
  const state = new HubState(durable, startedMs);
  services.add({ name: 'state', stop: () => state.close() });
  const kernels = new Kernels();
  const { partitions } = settings;
  const book = new SeriesBook(kernels, partitions);
  const codec = new BatchCodec(kernels);
  const log = await EmbeddedLog.open({
    folder: join(dataDir, 'log'),
    ...{ disk: systemDisk, clock, encoder: batchEncoder(codec, book), partitions },
    keepMs: REBUILD_KEEP_MS,
  });
  services.add({ name: 'log', stop: () => log.close() });
  for (const reader of log.readers()) {
    const zone = /^store\/(.*)$/.exec(reader)?.[1];
    if (zone === undefined || (options.zones ?? [zone]).includes(zone)) continue;
    logger.info('a zone is gone: it holds nothing in the log any more', { zone });
    await log.forget(reader);
  }
  const late = new LateNotes(world.owner);
  const into = new WatchedLog({ log, clock, note: late.note });
  const reader = new BatchCodec(kernels, 'reader');
  const translator = (): RecordTranslator => new RecordTranslator({ codec: reader, book, kernels });
  const service = new LogService({ log, clock, translator, into });
  listener.offer('state', plainService(stateMethods(state)));
  listener.offer('late', plainService(late.methods));
  listener.offer('log', service);
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
      beats.every(BOOK_IDLE_MS / (IDLE_TURNS - 1), async () => {
        book.turn();
        book.forget(IDLE_TURNS);
      });
    },
    drain: () => beats.stop(),
  });
  services.add({
    name: 'clients',
    drain: async () => {
      const deadline = clock.monotonic() + LEAVE_MS_MAX;
      while (listener.connections > 0 && clock.monotonic() < deadline) {
        await clock.sleep(LEAVE_LOOK_MS);
      }
    },
  });
}
