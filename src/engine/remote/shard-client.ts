// The near side of a shard: Sink and Source over a channel to the thread that owns its memory.
// Calls keep their order in the channel, so a question asked after a delivery was handed over sees
// it.
import type { MessagePort } from 'node:worker_threads';
import { MonError } from '../errors.ts';
import type { ColdCounts, ColdReport, ColdWork } from '../model/cold.ts';
import type { BatchAnswer, FragmentResult } from '../model/fragment.ts';
import type { Matcher } from '../model/matcher.ts';
import type { BlockStatus, StoreKeep, UpkeepReport } from '../model/upkeep.ts';
import type { ApplyCounts, Delivery, Offset } from '../ports.ts';
import type { RollupStatus, RollupWork } from '../model/rollup.ts';
import type { Sink, Source, Upkeep } from '../ports.ts';
import type { OpenedScan, SamplePage, SamplesAsk, SampleScans } from '../ports-sql.ts';
import { unpackFragment } from './fragment-wire.ts';
import { HandRoom } from './hand-room.ts';
import type { Handed } from './hand-room.ts';
import { LabelsReader } from './label-wire.ts';
import { packDeliveries, thrownError } from './shard-protocol.ts';
import { ShardPart, ShardSource } from './shard-source.ts';
import type { Answer, Channel, Transferable } from './shard-protocol.ts';

type Selections = readonly (readonly Matcher[])[];

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class ShardClient
  extends ShardSource
  implements Sink, Upkeep, RollupWork, ColdWork, SampleScans
{
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #labels = new LabelsReader();
  readonly #room = new HandRoom();
  #lastId = 0;
  #gone: Error | undefined;

  constructor(channel: Channel) {
    super();
    this.#channel = channel;
    channel.on('message', (value) => this.#answered(value as Answer));
  }

  /** The thread has died: everything waiting and everything asked later fails with this. */
  fail(error: Error): void {
    this.#gone ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  open(options: unknown): Promise<void> {
    return this.#call('open', [options, this.#room.memory]) as Promise<void>;
  }

  resumeAt(): Promise<ReadonlyMap<number, Offset>> {
    return this.#call('resumeAt', []) as Promise<ReadonlyMap<number, Offset>>;
  }

  apply(deliveries: readonly Delivery[]): Promise<ApplyCounts> {
    const handed = this.#room.lay(deliveries);
    if (handed !== undefined) return this.#applyHanded(handed);
    const packed = packDeliveries(deliveries);
    const transfer = [packed.heads.buffer, packed.bytes.buffer] as ArrayBuffer[];
    return this.#call('apply', [packed], transfer) as Promise<ApplyCounts>;
  }

  async #applyHanded(handed: Handed): Promise<ApplyCounts> {
    try {
      return (await this.#call('applyHanded', [handed])) as ApplyCounts;
    } finally {
      this.#room.free(handed.slot);
    }
  }

  checkpoint(): Promise<ReadonlyMap<number, Offset>> {
    return this.#call('checkpoint', []) as Promise<ReadonlyMap<number, Offset>>;
  }

  truncateBefore(ms: number): Promise<void> {
    return this.#call('truncateBefore', [ms]) as Promise<void>;
  }

  seal(nowMs: number): Promise<UpkeepReport> {
    return this.#call('seal', [nowMs]) as Promise<UpkeepReport>;
  }

  compact(nowMs: number, retentionMs: number): Promise<UpkeepReport> {
    return this.#call('compact', [nowMs, retentionMs]) as Promise<UpkeepReport>;
  }

  upload(): Promise<UpkeepReport> {
    return this.#call('upload', []) as Promise<UpkeepReport>;
  }

  keepOnly(nowMs: number, keep: StoreKeep): Promise<UpkeepReport> {
    return this.#call('keepOnly', [nowMs, keep]) as Promise<UpkeepReport>;
  }

  delete(selections: Selections, minMs: number, maxMs: number): Promise<void> {
    return this.#call('delete', [selections, minMs, maxMs]) as Promise<void>;
  }

  cleanTombstones(): Promise<number> {
    return this.#call('cleanTombstones', []) as Promise<number>;
  }

  snapshot(folder: string): Promise<void> {
    return this.#call('snapshot', [folder]) as Promise<void>;
  }

  blocks(): Promise<readonly BlockStatus[]> {
    return this.#call('blocks', []) as Promise<readonly BlockStatus[]>;
  }

  workRollups(nowMs: number): Promise<boolean> {
    return this.#call('workRollups', [nowMs]) as Promise<boolean>;
  }

  replayRollups(fromMs: number): Promise<number> {
    return this.#call('replayRollups', [fromMs]) as Promise<number>;
  }

  rollupStatus(): Promise<RollupStatus> {
    return this.#call('rollupStatus', []) as Promise<RollupStatus>;
  }

  openScan(ask: SamplesAsk): Promise<OpenedScan> {
    return this.#call('openScan', [ask]) as Promise<OpenedScan>;
  }

  nextScan(id: number): Promise<SamplePage | undefined> {
    return this.#call('nextScan', [id]) as Promise<SamplePage | undefined>;
  }

  closeScan(id: number): Promise<void> {
    return this.#call('closeScan', [id]) as Promise<void>;
  }

  workCold(nowMs: number): Promise<ColdReport> {
    return this.#call('workCold', [nowMs]) as Promise<ColdReport>;
  }

  coldCounts(): Promise<ColdCounts> {
    return this.#call('coldCounts', []) as Promise<ColdCounts>;
  }

  stats(): Promise<unknown> {
    return this.#call('stats', []);
  }

  /** Resolves when the thread has begun all that was asked before. */
  barrier(): Promise<void> {
    return this.#call('barrier', []) as Promise<void>;
  }

  /** Lets somebody else ask the same shard, through the other end of this port. */
  connect(port: MessagePort): Promise<void> {
    return this.#call('connect', [port], [port]) as Promise<void>;
  }

  close(): Promise<void> {
    return this.#call('close', []) as Promise<void>;
  }

  /** The source over some of the shard's partitions, or over all. */
  within(only?: readonly number[]): Source {
    return new ShardPart(this, only);
  }

  /** A question by its name, to some of the shard's partitions or to all. */
  ask(
    method: string,
    args: unknown[],
    only: readonly number[] | undefined,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const answer = this.#call(method, args, [], only);
    if (signal === undefined) return answer;
    const id = this.#lastId;
    // The thread looks up between slices of its work and lets go of what nobody waits for.
    return untilAborted(answer, signal, () => void this.#call('cancel', [id]).catch(ignore));
  }

  protected override put(method: string, args: unknown[], signal?: AbortSignal): Promise<unknown> {
    return this.ask(method, args, undefined, signal);
  }

  /** Gives the memory of the made-up series of a rehearsal back. */
  endRehearsal(): Promise<void> {
    return this.#call('endRehearsal', []) as Promise<void>;
  }

  #call(
    method: string,
    args: unknown[],
    transfer: readonly Transferable[] = [],
    only?: readonly number[],
  ): Promise<unknown> {
    if (this.#gone) return Promise.reject(this.#gone);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#channel.postMessage({ id, method, args, only }, transfer);
    });
  }

  #fragmentOf(answer: Answer): FragmentResult | BatchAnswer | undefined {
    if ('fragment' in answer) return unpackFragment(answer.fragment, this.#labels);
    if (!('batch' in answer)) return undefined;
    const results = answer.batch.results.map((one) =>
      'failed' in one ? thrownError(one.failed) : unpackFragment(one, this.#labels),
    );
    return { ...answer.batch, results };
  }

  #answered(answer: Answer): void {
    if ('labels' in answer) return void this.#labels.unpack(answer.labels);
    // Read also when nobody waits: what it teaches about labels is taken for known later.
    const fragment = this.#fragmentOf(answer);
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting.reject(thrownError(answer.error));
    else waiting.resolve('value' in answer ? answer.value : fragment);
  }
}

/** A shard that has gone fails the question itself. */
function ignore(): void {}

function untilAborted<T>(answer: Promise<T>, signal: AbortSignal, cancel: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(new MonError('MON_ABORTED', 'the query was given up'));
    };
    answer
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
      .catch(ignore);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}
