// The far side of a shard: answers calls from a channel with the Sink and Source that it is
// handed. Calls start in the order they came; the sink keeps changes in order, questions never
// wait for them.
import { assert } from '../errors.ts';
import { LABEL_SETS_AT_ONCE } from '../limits.ts';
import { packFragment } from './fragment-wire.ts';
import { takeHanded } from './hand-room.ts';
import type { Handed } from './hand-room.ts';
import { LabelsWriter, type PackedLabels } from './label-wire.ts';
import { REHEARSED, plainError, unpackDeliveries } from './shard-protocol.ts';
import type { Call, Channel, PackedDeliveries } from './shard-protocol.ts';
import { ShardRehearsal } from './shard-rehearsal.ts';
import type { OpenedRehearsal } from './shard-rehearsal.ts';
import { noColdWork, type ColdWork } from '../model/cold.ts';
import { joinCardinality } from '../model/cardinality.ts';
import type { CountScope } from '../model/cardinality.ts';
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import { noRollups } from '../model/rollup.ts';
import type { RollupWork } from '../model/rollup.ts';
import type { Labels } from '../model/labels.ts';
import type { Estimate, Sink, Source, Upkeep } from '../ports.ts';
import type { SampleScans } from '../ports-sql.ts';

const NO_SETS = new Uint32Array(0);
const NOTHING: Estimate = { series: 0, samples: 0 };

/** What a thread offers: made by its `open` call, from plain options. */
export interface Shard {
  readonly sink: Sink;
  readonly source: Source;
  /** For who asks through a channel of his own: the source's questions go first. */
  readonly behind?: Source;
  stats(): unknown;
  truncateBefore(ms: number): Promise<void>;
  /** A shard without it only takes and answers. */
  readonly upkeep?: Upkeep;
  /** A shard without it keeps samples only. */
  readonly rollups?: RollupWork;
  /** Its samples page by page. */
  readonly scans?: SampleScans;
  /** A shard without it keeps all that it has on its own disk. */
  readonly cold?: ColdWork;
  /** The source over some of its partitions; a shard without it is only asked as a whole. */
  within?(only: readonly number[]): Source;
  /** Made-up series to rehearse queries on. */
  rehearsal?(): Promise<OpenedRehearsal>;
  /** Lets whatever waits for the thread have its turn. */
  breathe?(): Promise<void>;
}

export function serveShard(channel: Channel, open: (options: unknown) => Promise<Shard>): void {
  serveChannel(channel, { shard: undefined, open }, false);
}

/** What all channels to one shard share. */
interface Served {
  shard: Shard | undefined;
  /** Where its feeder lays records. */
  room?: SharedArrayBuffer;
  readonly open: (options: unknown) => Promise<Shard>;
}

function serveChannel(channel: Channel, served: Served, behind: boolean): void {
  const labels = new LabelsWriter();
  const rehearsal = new ShardRehearsal();
  /** Fragments under way, by the number of their call: what `cancel` ends. */
  const running = new Map<number, AbortController>();
  const answer = async (call: Call): Promise<unknown> => {
    const { method, args, only } = call;
    if (method === 'open') return begin(served, args);
    const { shard } = served;
    assert(shard, 'a shard is opened before it is asked');
    if (method === 'barrier') return undefined;
    if (method === 'connect') return serveChannel(args[0] as Channel, served, true);
    if (method === 'cancel') return void running.get(args[0] as number)?.abort();
    if (method === 'endRehearsal') return rehearsal.end();
    if (only?.[0] !== REHEARSED[0]) return ask(shard, sourceOf(shard, only, behind), call);
    const { rehearsal: open } = shard;
    assert(open, 'a shard that is rehearsed on can be');
    return rehearsal.ask(open, (source) => ask(shard, source, call));
  };
  const ask = async (shard: Shard, source: Source, call: Call): Promise<unknown> => {
    const { id, method, args } = call;
    const batch = method === 'fragments';
    if (method !== 'fragment' && !batch) {
      return dispatch({ ...shard, source, room: served.room }, method, args);
    }
    const ended = new AbortController();
    running.set(id, ended);
    try {
      if (batch) return await batchOf(source, args[0] as Fragment[], ended.signal);
      return await source.fragment(args[0] as Fragment, ended.signal);
    } finally {
      running.delete(id);
    }
  };
  const postFragment = fragmentPoster(channel, labels, served);
  channel.on('message', (value) => {
    const call = value as Call;
    const { id, method } = call;
    answer(call)
      .then((result) => {
        if (method === 'fragments') return sendBatch(channel, id, result as BatchAnswer, labels);
        if (method === 'fragment') return postFragment(id, result as FragmentResult);
        channel.postMessage({ id, value: result });
        return undefined;
      })
      .catch((thrown: unknown) => channel.postMessage({ id, error: plainError(thrown) }));
  });
}

type PostFragment = (id: number, result: FragmentResult) => void | Promise<void>;

/** Sends fragments; many labels go ahead in pieces, so that neither end is held up by them. */
function fragmentPoster(channel: Channel, labels: LabelsWriter, served: Served): PostFragment {
  const post = (id: number, result: FragmentResult, told?: PackedLabels): void => {
    const { value, transfer } = packFragment(result, labels, told);
    channel.postMessage({ id, fragment: value }, transfer);
  };
  const postLarge = async (
    id: number,
    result: FragmentResult,
    sets: readonly Labels[],
  ): Promise<void> => {
    const numbers = new Uint32Array(sets.length);
    labels.hold();
    try {
      for (let at = 0; at < sets.length; at += LABEL_SETS_AT_ONCE) {
        const some = sets.slice(at, at + LABEL_SETS_AT_ONCE);
        const packed = labels.pack(some, sets.length);
        numbers.set(packed.sets, at);
        channel.postMessage({ labels: { ...packed, sets: NO_SETS } });
        await served.shard?.breathe?.();
      }
    } finally {
      labels.release();
    }
    // In the same turn: whoever packs between these may forget what the numbers stand for.
    post(id, result, { ...labels.pack([]), sets: numbers });
  };
  return (id, result) => {
    const sets = result.matrix?.labels ?? result.raw?.labels ?? [];
    return sets.length <= LABEL_SETS_AT_ONCE ? post(id, result) : postLarge(id, result, sets);
  };
}

async function begin(served: Served, [options, room]: Args): Promise<void> {
  served.room = room as SharedArrayBuffer;
  served.shard = await served.open(options);
}

/** The source over the partitions that a call names, or over all. */
function sourceOf(shard: Shard, only: Call['only'], behind: boolean): Source {
  if (only === undefined) return (behind ? shard.behind : undefined) ?? shard.source;
  assert(shard.within, 'a shard that is asked in part can be');
  return shard.within(only);
}

/** A source that takes no batches is asked one by one. */
async function batchOf(
  source: Source,
  list: readonly Fragment[],
  signal: AbortSignal,
): Promise<BatchAnswer> {
  if (source.fragments !== undefined) return source.fragments(list, signal);
  const results: FragmentResult[] = [];
  for (const one of list) results.push(await source.fragment(one, signal));
  return { results, whole: true, storeReads: 0 };
}

function sendBatch(
  channel: Channel,
  id: number,
  { results, whole, storeReads }: BatchAnswer,
  labels: LabelsWriter,
): void {
  const transfer: ArrayBuffer[] = [];
  const packed = results.map((one) => {
    if (one instanceof Error) return { failed: plainError(one) };
    const { value, transfer: buffers } = packFragment(one, labels);
    for (const buffer of buffers) transfer.push(buffer);
    return value;
  });
  channel.postMessage({ id, batch: { results: packed, whole, storeReads } }, transfer);
}

type Args = readonly unknown[];
type SourceMethod = 'series' | 'labelNames' | 'labelValues' | 'metadata';

interface Dispatched extends Shard {
  readonly room: SharedArrayBuffer | undefined;
}

function dispatch(shard: Dispatched, method: string, args: Args): Promise<unknown> {
  switch (method) {
    case 'apply':
      return shard.sink.apply(unpackDeliveries(args[0] as PackedDeliveries));
    case 'applyHanded':
      assert(shard.room, 'a shard is opened with the memory that records come in');
      return shard.sink.apply(takeHanded(shard.room, args[0] as Handed));
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
    case 'workRollups':
      return shard.rollups?.workRollups(args[0] as number) ?? Promise.resolve(false);
    case 'replayRollups':
      return shard.rollups?.replayRollups(args[0] as number) ?? Promise.resolve(0);
    case 'rollupStatus':
      return shard.rollups?.rollupStatus() ?? Promise.resolve(noRollups());
    case 'openScan':
    case 'nextScan':
    case 'closeScan': {
      assert(shard.scans, 'a shard of samples can be read');
      const ask = shard.scans[method] as (...all: Args) => Promise<unknown>;
      return ask.apply(shard.scans, [...args]);
    }
    case 'workCold':
      return shard.cold?.workCold(args[0] as number) ?? Promise.resolve(noColdWork());
    case 'coldCounts':
      return shard.cold?.coldCounts() ?? Promise.resolve({});
    case 'estimate':
      return Promise.resolve(shard.source.estimate?.(args[0] as Fragment) ?? NOTHING);
    case 'cardinality':
      return Promise.resolve(
        shard.source.cardinality?.(args[0] as CountScope | undefined) ?? joinCardinality([]),
      );
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
