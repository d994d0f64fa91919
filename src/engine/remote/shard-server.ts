// The far side of a shard: answers calls from a channel with the Sink and Source that it is handed.
// Calls start in the order they came; the sink keeps changes in order, questions never wait for
// them.
import { assert } from '../errors.ts';
import { packFragment } from './fragment-wire.ts';
import { LabelsWriter } from './label-wire.ts';
import { plainError, unpackDeliveries } from './shard-protocol.ts';
import type { Call, Channel, PackedDeliveries } from './shard-protocol.ts';
import { joinCardinality } from '../model/cardinality.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Estimate, Sink, Source, Upkeep } from '../ports.ts';

const NOTHING: Estimate = { series: 0, samples: 0 };

/** What a thread offers: made by its `open` call, from plain options. */
export interface Shard {
  readonly sink: Sink;
  readonly source: Source;
  stats(): unknown;
  truncateBefore(ms: number): Promise<void>;
  /** A shard without it only takes and answers. */
  readonly upkeep?: Upkeep;
  /** The source over some of its partitions; a shard without it is only asked as a whole. */
  within?(only: readonly number[]): Source;
  /** A source of made-up series to rehearse queries on. */
  rehearsal?(): Pick<Source, 'fragment'>;
}

export function serveShard(channel: Channel, open: (options: unknown) => Promise<Shard>): void {
  let shard: Shard | undefined;
  const labels = new LabelsWriter();
  let rehearsal: Pick<Source, 'fragment'> | undefined;
  /** Fragments under way, by the number of their call: what `cancel` ends. */
  const running = new Map<number, AbortController>();
  const sourceOf = (all: Shard, only: Call['only']): Source => {
    if (only === undefined) return all.source;
    assert(all.within, 'a shard that is asked in part can be');
    return all.within(only);
  };
  const answer = async ({ id, method, args, only }: Call): Promise<unknown> => {
    if (method === 'open') {
      shard = await open(args[0]);
      return undefined;
    }
    assert(shard, 'a shard is opened before it is asked');
    if (method === 'cancel') return void running.get(args[0] as number)?.abort();
    if (method === 'endRehearsal') return void (rehearsal = undefined);
    if (method === 'rehearse') {
      rehearsal ??= shard.rehearsal?.() ?? shard.source;
      return rehearsal.fragment(args[0] as Fragment);
    }
    const source = sourceOf(shard, only);
    if (method !== 'fragment') return dispatch({ ...shard, source }, method, args);
    const ended = new AbortController();
    running.set(id, ended);
    try {
      return await source.fragment(args[0] as Fragment, ended.signal);
    } finally {
      running.delete(id);
    }
  };
  channel.on('message', (value) => {
    const call = value as Call;
    answer(call).then(
      (result) => {
        const { id, method } = call;
        if (method !== 'fragment' && method !== 'rehearse') {
          return channel.postMessage({ id, value: result });
        }
        const { value, transfer } = packFragment(result as FragmentResult, labels);
        channel.postMessage({ id, fragment: value }, transfer);
      },
      (thrown: unknown) => channel.postMessage({ id: call.id, error: plainError(thrown) }),
    );
  });
}

type Args = readonly unknown[];
type SourceMethod = 'series' | 'labelNames' | 'labelValues' | 'metadata';

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
    case 'seal':
    case 'compact':
    case 'keepOnly':
    case 'upload':
    case 'delete':
    case 'cleanTombstones':
    case 'snapshot':
    case 'blocks': {
      const { upkeep } = shard;
      assert(upkeep, 'a shard with blocks looks after them');
      const ask = upkeep[method] as (...all: Args) => Promise<unknown>;
      return ask.apply(upkeep, [...args]);
    }
    case 'estimate':
      return Promise.resolve(shard.source.estimate?.(args[0] as Fragment) ?? NOTHING);
    case 'cardinality':
      return Promise.resolve(shard.source.cardinality?.() ?? joinCardinality([]));
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
