// What a process needs that appends to the log of another one: a book, an encoder, the far log, the
// door. Easy to get wrong: the door's batches are views of its kernels' memory, so that the encoder
// works in the same memory.
import { BatchCodec } from '../codec/batch.ts';
import { Door } from '../collector/door.ts';
import { PushText } from '../collector/push-text.ts';
import { Kernels } from '../kernels/kernels.ts';
import { SeriesBook } from '../kernels/series-book.ts';
import { assert } from '../errors.ts';
import { TICK_MS } from '../limits.ts';
import { Beats } from './beats.ts';
import { ClusterDoor } from './cluster-door.ts';
import { logTraits, openClusterLog } from './cluster-log.ts';
import type { ClusterLog } from './cluster-log-port.ts';
import { FarNotes } from './far-notes.ts';
import type { RoleWorld } from './role-frame.ts';
import { showDoor } from './self-metrics.ts';

export interface FarProducer {
  readonly log: ClusterLog;
  readonly door: Door;
  /** Limits, policies and what is held back at this door. */
  readonly beside: ClusterDoor;
}

const SHOW_MS = 2000;

export interface FarProducerOptions {
  /** Over Kafka: acknowledges what lies on this process's disk while the brokers are away. */
  readonly spool?: boolean;
  /** The name of its reader of the log, for a process that also reads. */
  readonly reader?: string;
  /** Told when the process should tick; always by default. */
  readonly ticks?: () => boolean;
  /** Whether it holds back what is aggregated; true by default. */
  readonly holds?: boolean;
}

/** Makes the door of this process; its ticks begin with the services. */
export async function farProducer(
  world: RoleWorld,
  { spool = true, reader, ticks = () => true, holds = true }: FarProducerOptions = {},
): Promise<FarProducer> {
  const { clock, counters, options, services } = world;
  const kernels = new Kernels();
  // Made when the log has told its partitions, before anything is appended.
  let book: SeriesBook | undefined;
  const codec = new BatchCodec(kernels);
  const log = await openClusterLog(world, {
    ...{ spool, reader },
    encoder: {
      encode(batch, place) {
        assert(book, 'there is a book before there is a batch');
        return codec.encode(batch, { ...place, book });
      },
    },
  });
  book = new SeriesBook(kernels, log.partitions);
  const text = new PushText(clock);
  const far = options.settings.kafka === undefined ? undefined : world.hub('late', 0);
  const door = new Door({
    ...{ log: far === undefined ? log : new FarNotes(far, clock).watch(log), book, kernels, clock },
    limits: { retentionMs: options.settings.retentionMs, ...logTraits(world).doorLimits },
    exposition: (into, body, contentType) => text.take(into, body, contentType),
  });
  const beside = new ClusterDoor(world, door, holds);
  const refusals = showDoor(counters, () => door.counts);
  const beats = new Beats(clock, options.logger);
  services.add({ name: 'log', stop: () => log.close() });
  services.add({
    name: 'ticks',
    start: async () => {
      beats.onTheSecond(TICK_MS, async () => void (ticks() && (await door.tick())));
      beats.every(SHOW_MS, async () => refusals());
    },
    drain: () => beats.stop(),
  });
  return { log, door, beside };
}
