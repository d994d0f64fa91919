// What `mon replay` does: asks the server to begin, then asks how much waits until nothing does.
// Easy to get wrong: new hours fall due while it waits, so what is left may grow for a moment.
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import type { Listing } from './listing.ts';
import type { Stage } from './stage.ts';
import { timeFlag, timeText } from './times.ts';

export interface ReplayQuestion {
  readonly group: string;
  readonly from: string;
  readonly stage: Stage;
}

const LOOK_MS = 500;
/** A note only this often: progress is no log. */
const TELL_MS = 2000;

/** Waits until nothing is left; one row. @throws UserError, MonError. */
export async function replayAndWait(
  client: PrometheusClient,
  { group, from, stage }: ReplayQuestion,
): Promise<Listing> {
  const { clock, signal } = stage;
  const fromMs = timeFlag('--from', from, clock.now());
  const pieces = await client.replay(group, fromMs, signal);
  const begin = clock.monotonic();
  let told = begin;
  for (let left = pieces; left > 0;) {
    signal.throwIfAborted();
    await clock.sleep(LOOK_MS, signal);
    left = await client.replayWaiting(group, signal);
    if (left === 0 || clock.monotonic() - told < TELL_MS) continue;
    told = clock.monotonic();
    await stage.note(`${left} of ${Math.max(pieces, left)} pieces left`);
  }
  const seconds = ((clock.monotonic() - begin) / 1000).toFixed(1);
  return {
    kind: 'Replay',
    columns: [
      { name: 'group' },
      { name: 'from' },
      { name: 'pieces', align: 'right' },
      { name: 'seconds', align: 'right' },
    ],
    rows: [[group, timeText()(fromMs), pieces, seconds]],
    valueColumn: 2,
  };
}
