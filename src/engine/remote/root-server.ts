// The far side of the thread for costly queries: answers each ask with pages of JSON, as fast as
// they are read. Easy to get wrong: a page that is a view of a larger buffer cannot be handed over.
import { MonError } from '../errors.ts';
import { PAGES_UNDER_WAY } from './root-protocol.ts';
import { plainError } from './shard-protocol.ts';
import type { RootAsk, RootRequest } from './root-protocol.ts';
import type { Channel } from './shard-protocol.ts';

/** Computes an answer; the pages are made while they are taken. */
export type AnswerPages = (
  asked: RootAsk,
  signal: AbortSignal,
) => Promise<Iterable<Uint8Array, void>>;

interface Running {
  readonly ended: AbortController;
  /** Pages that may still be sent; and who waits for one more. */
  credit: number;
  wake: () => void;
}

export function serveRoot(channel: Channel, answer: AnswerPages): void {
  const running = new Map<number, Running>();
  const run = async (asked: RootAsk, one: Running): Promise<void> => {
    const { id } = asked;
    for (const page of await answer(asked, one.ended.signal)) {
      if (one.credit === 0) await new Promise<void>((resolve) => (one.wake = resolve));
      if (one.ended.signal.aborted) throw new MonError('MON_ABORTED', 'the query was given up');
      one.credit--;
      // A page of its own, since the pool's memory has other tenants.
      const own = new Uint8Array(page);
      channel.postMessage({ id, page: own }, [own.buffer]);
    }
    channel.postMessage({ id, end: true });
  };
  channel.on('message', (value) => {
    const request = value as RootRequest;
    if ('ask' in request) {
      const { id } = request.ask;
      const one = { ended: new AbortController(), credit: PAGES_UNDER_WAY, wake: nothing };
      running.set(id, one);
      run(request.ask, one)
        .catch((thrown: unknown) => channel.postMessage({ id, error: plainError(thrown) }))
        .finally(() => running.delete(id));
      return;
    }
    const one = running.get('more' in request ? request.more : request.cancel);
    if (one === undefined) return;
    if ('more' in request) one.credit++;
    else one.ended.abort(new MonError('MON_ABORTED', 'the query was given up'));
    one.wake();
    one.wake = nothing;
  });
}

function nothing(): void {}
