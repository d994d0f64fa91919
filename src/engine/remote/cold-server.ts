// The far side of a cold tier: answers calls with the tier that it is handed. Runs in a process of
// its own, so that what DuckDB takes of memory goes with it. Easy to get wrong: questions run
// beside one another, and each answer carries the reach as it is then.
import { assert } from '../errors.ts';
import type { ArchiveJob, ColdAsk, ColdKeep, ColdKind, ColdReach } from '../ports-cold.ts';
import type { ColdSeriesAsk, ColdTier } from '../ports-cold.ts';
import type { Matcher } from '../model/matcher.ts';
import type { ColdCall, ColdChannel, ColdReaches, ColdReply } from './cold-protocol.ts';
import { plainError } from './shard-protocol.ts';

const KINDS: readonly ColdKind[] = ['raw', '1m', '5m', '1h', '1d'];

/** A tier, its partitions and its figures. */
export interface ServedTier {
  readonly tier: ColdTier;
  readonly partitions: readonly number[];
  readonly counts: () => Readonly<Record<string, number>>;
}

export function serveCold(
  channel: ColdChannel,
  open: (options: unknown) => Promise<ServedTier>,
): void {
  let served: ServedTier | undefined;
  const run = async ({ method, args }: ColdCall): Promise<unknown> => {
    if (method === 'open') {
      served = await open(args[0]);
      return undefined;
    }
    assert(served, 'a cold tier is opened before it is asked');
    return dispatch(served.tier, method, args);
  };
  channel.on('message', (value) => {
    const call = value as ColdCall;
    const { id } = call;
    const state = (): Pick<ColdReply, 'reaches' | 'counts'> => {
      return { reaches: reachesOf(served), counts: served?.counts() ?? {} };
    };
    run(call)
      .then((answer) => channel.postMessage({ id, value: answer, ...state() }))
      .catch((thrown: unknown) =>
        channel.postMessage({ id, error: plainError(thrown), ...state() }),
      );
  });
}

function dispatch(
  tier: ColdTier,
  method: Exclude<ColdCall['method'], 'open'>,
  args: readonly unknown[],
): Promise<unknown> {
  switch (method) {
    case 'archive':
      return tier.archive(args[0] as ArchiveJob);
    case 'read':
      return tier.read(args[0] as ColdAsk);
    case 'series':
      return tier.series(args[0] as ColdSeriesAsk);
    case 'delete':
      return tier.delete(...(args as [number, readonly (readonly Matcher[])[], number, number]));
    case 'keepOnly':
      return tier.keepOnly(...(args as [number, number, ColdKeep]));
    case 'close':
      return tier.close();
  }
}

function reachesOf(served: ServedTier | undefined): ColdReaches {
  const all = new Map<number, ReadonlyMap<ColdKind, ColdReach>>();
  if (served === undefined) return all;
  for (const partition of served.partitions) {
    const one = KINDS.map((kind) => [kind, served.tier.reach(partition, kind)] as const);
    all.set(partition, new Map(one));
  }
  return all;
}
