// What a process needs that appends to the log of another one: a book, an encoder, the far log, the
// door. Easy to get wrong: the door's batches are views of its kernels' memory, so that the encoder
// works in the same memory.
import { BatchCodec } from '../codec/batch.ts';
import { Door } from '../collector/door.ts';
import { PushText } from '../collector/push-text.ts';
import { Kernels } from '../kernels/kernels.ts';
import { SeriesBook } from '../kernels/series-book.ts';
import { TICK_MS } from '../limits.ts';
import { RemoteLog } from '../remote/log-client.ts';
import { takeFacts } from '../remote/log-wire.ts';
import { Beats } from './beats.ts';
import type { RoleWorld } from './role-frame.ts';
import { showDoor } from './self-metrics.ts';

export interface FarProducer {
  readonly log: RemoteLog;
  readonly door: Door;
}

const SHOW_MS = 2000;

/** Makes the door of this process; its ticks begin with the services. */
export async function farProducer(world: RoleWorld): Promise<FarProducer> {
  const { clock, counters, options, services } = world;
  const link = world.hub('log');
  const { partitions } = takeFacts(await link.facts());
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, partitions);
  const codec = new BatchCodec(kernels);
  const log = await RemoteLog.open({
    ...{ link, clock },
    encoder: { encode: (batch, place) => codec.encode(batch, { ...place, book }) },
  });
  const text = new PushText(clock);
  const door = new Door({
    ...{ log, book, kernels, clock },
    limits: { retentionMs: options.settings.retentionMs },
    exposition: (into, body, contentType) => text.take(into, body, contentType),
  });
  const refusals = showDoor(counters, () => door.counts);
  const beats = new Beats(clock, options.logger);
  services.add({ name: 'log', stop: () => log.close() });
  services.add({
    name: 'ticks',
    start: async () => {
      beats.every(TICK_MS, () => door.tick());
      beats.every(SHOW_MS, async () => refusals());
    },
    drain: () => beats.stop(),
  });
  return { log, door };
}
