// The far side of a shard: answers calls from a channel with the Sink and Source that it is handed.
// Calls start in the order they came; the sink keeps changes in order, questions never wait for
// them.
import { assert } from '../errors.ts';
import { plainError, unpackDeliveries } from './shard-protocol.ts';
import type { Call, Channel, PackedDeliveries } from './shard-protocol.ts';
import type { Sink, Source } from '../ports.ts';

/** What a thread offers: made by its `open` call, from plain options. */
export interface Shard {
  readonly sink: Sink;
  readonly source: Source;
  stats(): unknown;
  truncateBefore(ms: number): Promise<void>;
}

export function serveShard(channel: Channel, open: (options: unknown) => Promise<Shard>): void {
  let shard: Shard | undefined;
  const answer = async ({ method, args }: Call): Promise<unknown> => {
    if (method === 'open') {
      shard = await open(args[0]);
      return undefined;
    }
    assert(shard, 'a shard is opened before it is asked');
    return dispatch(shard, method, args);
  };
  channel.on('message', (value) => {
    const call = value as Call;
    answer(call).then(
      (result) => channel.postMessage({ id: call.id, value: result }),
      (thrown: unknown) => channel.postMessage({ id: call.id, error: plainError(thrown) }),
    );
  });
}

type Args = readonly unknown[];
type SourceMethod = 'fragment' | 'series' | 'labelNames' | 'labelValues' | 'metadata';

function dispatch(shard: Shard, method: string, args: Args): Promise<unknown> {
  switch (method) {
    case 'apply':
      return shard.sink.apply(unpackDeliveries(args[0] as PackedDeliveries));
    case 'resumeAt':
    case 'checkpoint':
    case 'close':
      return shard.sink[method]();
    case 'stats':
      return Promise.resolve(shard.stats());
    case 'truncateBefore':
      return shard.truncateBefore(args[0] as number);
    case 'fragment':
    case 'series':
    case 'labelNames':
    case 'labelValues':
    case 'metadata': {
      const ask = shard.source[method as SourceMethod] as (...all: Args) => Promise<unknown>;
      return ask.apply(shard.source, [...args]);
    }
    default:
      assert(false, `no method ${method} on a shard`);
  }
}
