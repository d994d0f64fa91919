// The half of `mon up` that keeps samples: state, log, stores and the loop between them, and the
// door through which all of it is filled. Wiring only; nothing runs before its services start.
import { join } from 'node:path';
import { Door } from '../collector/door.ts';
import { PushText } from '../collector/push-text.ts';
import type { MonError } from '../errors.ts';
import { Kernels } from '../kernels/kernels.ts';
import { HAND_GATHER_MS, SEAL_AFTER_MS, SEAL_SLICE_MS } from '../limits.ts';
import { Consumer } from '../log/consume.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import { LocalPlacement } from '../runtime/placement-local.ts';
import { SqliteState } from '../runtime/state-sqlite.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { makeAnswers } from './answers.ts';
import { coldPlan } from './cold-options.ts';
import { claimKind } from './behind-wiring.ts';
import type { LocalOptions } from './local-options.ts';
import { MemoryWatch } from './memory-watch.ts';
import { openLog } from './open-log.ts';
import { Stores } from './stores.ts';

const REBUILD_KEEP_MS = SEAL_AFTER_MS + 2 * SEAL_SLICE_MS;

/** Opens what is on disk. @throws MonError, UserError. */
export async function openStorage(options: LocalOptions, counters: Counters, startedMs: number) {
  const { dataDir, logger, failed, objectFolder, redisUrl, shards, sealMs, checkpointMs } = options;
  const clock = systemClock;
  const disk = systemDisk;
  const kernels = new Kernels();
  const state = new SqliteState(join(dataDir, 'state.db'));
  await claimKind(state, options, startedMs);
  const answers = await makeAnswers({ clock, startedMs, logger, counters, redisUrl });
  // A disk that is lost is rebuilt from objects and the log: it has to reach back as far.
  const keepMs = objectFolder === undefined ? undefined : REBUILD_KEEP_MS;
  const opened = await openLog({ ...options, kernels, clock, disk, state, counters, keepMs });
  const { log, book, epochs } = opened;
  const { generation, partitions } = log;
  const placement = new LocalPlacement(state, partitions, `${process.pid}-${startedMs}`);
  const place = { dataDir, generation, objectFolder, epochs };
  const cold = coldPlan(options.tiers, join(dataDir, 'cold-scratch'), options);
  const keeping = { ...place, sealMs, rollups: options.rollups, cold };
  const stores = await Stores.start({ ...keeping, shards, placement, died: failed });
  const postponed = (error: MonError): void => logger.failure('checkpoint put off', error);
  const sink = opened.sink(stores.sink);
  const reading = { name: 'store', log, sink, clock, checkpointMs, gatherMs: HAND_GATHER_MS };
  const consumer = new Consumer({ ...reading, failed, postponed });
  const tell = (words: string): void => logger.warn(words);
  const memory = new MemoryWatch({ book, stats: () => stores.newest, tell });
  const text = new PushText(clock);
  const door = new Door({
    ...{ log: memory.guard(answers.watch(log)), book, kernels, clock },
    limits: { retentionMs: options.retentionMs, ...opened.doorLimits },
    exposition: (into, body, contentType) => text.take(into, body, contentType),
  });
  return { state, answers, opened, stores, consumer, memory, door };
}
