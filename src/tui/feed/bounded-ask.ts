// A question with an end: the answer, or a failure when the screen closes or the answer takes too
// long. Easy to get wrong: whoever hangs must not hold a beat, and an aborted question must not
// leave a timer behind.
import { MonError } from '../../engine/errors.ts';
import type { Clock, Timer } from '../../engine/runtime/clock.ts';
import { formatRange } from '../draw/units.ts';

/** What one question of a screen may take in the server. */
export const ASK_MS_MAX = 10_000;
/** Its answer's way home. */
const WAY_MS = 500;

/** The answer. @throws MonError MON_TIMEOUT, MON_ABORTED, or what the question threw. */
export async function boundedAsk<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  bounds: { readonly clock: Clock; readonly closed: AbortSignal; readonly ms?: number },
): Promise<T> {
  const { clock, closed, ms = ASK_MS_MAX } = bounds;
  const abort = new AbortController();
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    const give = (error: MonError): void => {
      abort.abort();
      reject(error);
    };
    timer = clock.after(ms + WAY_MS, () =>
      give(new MonError('MON_TIMEOUT', `no answer within ${formatRange(ms)}`)),
    );
    closed.addEventListener(
      'abort',
      () => give(new MonError('MON_ABORTED', 'the screen was closed')),
      { once: true, signal: abort.signal },
    );
  });
  try {
    return await Promise.race([ask(abort.signal), late]);
  } finally {
    timer?.cancel();
    abort.abort();
  }
}
