// What the user of the alert centre has wished, done outside: a silence, an acknowledgement, an
// end. Stands between the state, which only wishes, and the server. Easy to get wrong: of several
// ids the first that fails ends it, and the words of the failure are what the user sees.
import { parseAlertMatchers } from '../../engine/wire/alert-matchers.ts';
import type { Clock } from '../../engine/runtime/clock.ts';
import type { AlertSnapshot, AlertSource } from '../feed/alert-feed.ts';
import type { AlertWish } from './alert-centre-state.ts';

/** Where wishes go, and who has them. */
interface WishRoom {
  readonly source: AlertSource;
  readonly clock: Clock;
  readonly author: string;
}

/** Does what was wished; answers what to say about it. */
export async function carryOut(
  wish: AlertWish,
  { source, clock, author }: WishRoom,
  snapshot: AlertSnapshot,
): Promise<string> {
  const nowMs = clock.now();
  if (wish.kind === 'silence') {
    const matchers = parseAlertMatchers(wish.matchers);
    const times = { startsAtMs: nowMs, endsAtMs: nowMs + wish.forMs };
    const id = await source.silence({
      matchers,
      ...times,
      createdBy: author,
      comment: wish.comment,
    });
    return `silenced: ${id.slice(0, 8)}`;
  }
  const { ids } = wish;
  for (const id of ids) {
    if (wish.kind === 'acknowledge') await source.acknowledge(id, wish.comment);
    else if (wish.kind === 'expire') await source.expire(id);
    else {
      const known = snapshot.silences.find((one) => one.id === id);
      if (known === undefined || known.state === 'expired') throw new Error('it has expired');
      const { state: _state, updatedAtMs: _updated, ...rest } = known;
      await source.silence({ ...rest, endsAtMs: known.endsAtMs + wish.byMs });
    }
  }
  const words = { acknowledge: 'acknowledged', expire: 'ended', extend: 'extended' };
  return `${words[wish.kind]}: ${ids.length === 1 ? ids[0].slice(0, 8) : ids.length}`;
}
