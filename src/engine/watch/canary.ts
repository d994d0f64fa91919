// A sample that is written through the front door and read back through a query: the whole way of a
// sample, timed. Easy to get wrong: the value is the time of this very round, so that an old
// canary, or one of another watcher, is never taken for this one.
import { messageOf } from '../errors.ts';
import { WATCH_ASK_MS, WATCH_CANARY_LOOK_MS, WATCH_CANARY_MS } from '../limits-watch.ts';
import type { Clock } from '../runtime/clock.ts';
import { fieldsOf, jsonOf, listOf } from './check.ts';
import type { Finding, WatchAnswer, WatchHttp } from './check.ts';

export interface CanaryOptions {
  readonly http: WatchHttp;
  readonly clock: Clock;
  readonly server: string;
  /** Name of this watcher: its canary's label. */
  readonly watcher: string;
  readonly lateMs: number;
  readonly signal: AbortSignal;
  /** The watcher goes on: then its silence is news to the server as well. */
  readonly standing: boolean;
  /** How long the last one took: written with this one, so that the server has the history. */
  readonly lastMs: number | undefined;
}

const READ = 'canary';
const WRITE = 'canary write';

/** Writes and reads one; two findings: whether it was taken, and when it could be read. */
export async function canary(options: CanaryOptions): Promise<Finding[]> {
  const { clock, server, http } = options;
  const begun = clock.monotonic();
  const stamp = clock.now();
  const no = { server, check: WRITE } as const;
  let answer: WatchAnswer;
  try {
    answer = await http.ask({
      method: 'POST',
      path: '/api/v1/push',
      body: bodyOf(options, stamp),
      contentType: 'text/plain; version=0.0.4',
      timeoutMs: WATCH_ASK_MS,
      signal: options.signal,
    });
  } catch (thrown) {
    return [
      { ...no, state: 'down', words: `a sample cannot be written: ${messageOf(thrown)}` },
      { server, check: READ, state: 'skipped', words: 'none was written' },
    ];
  }
  if (answer.status === 404 || answer.status === 405) {
    const words = 'this server takes no pushed samples';
    return [
      { ...no, state: 'skipped', words },
      { server, check: READ, state: 'skipped', words },
    ];
  }
  if (answer.status >= 300) {
    const words = `a written sample was refused with ${answer.status}: ${firstLine(answer.text)}`;
    return [
      { ...no, state: 'down', words },
      { server, check: READ, state: 'skipped', words: 'none was written' },
    ];
  }
  const written: Finding = { ...no, state: 'ok', words: '', ms: clock.monotonic() - begun };
  return [written, await readBack(options, stamp, begun)];
}

function bodyOf({ watcher, lastMs, standing }: CanaryOptions, stamp: number): string {
  const source = standing ? `,job="mon-watch",instance="${watcher}"` : '';
  const labels = `{watcher="${watcher}"${source}}`;
  const lines = [`mon_watch_canary${labels} ${stamp}`];
  if (lastMs !== undefined) {
    lines.push(`mon_watch_canary_seconds${labels} ${(lastMs / 1000).toFixed(6)}`);
  }
  return `${lines.join('\n')}\n`;
}

async function readBack(options: CanaryOptions, stamp: number, begun: number): Promise<Finding> {
  const { clock, server, http, lateMs, signal, watcher } = options;
  const query = encodeURIComponent(`mon_watch_canary{watcher="${watcher}"}`);
  let why = 'it is not in the answer';
  for (;;) {
    const spentMs = clock.monotonic() - begun;
    if (spentMs > WATCH_CANARY_MS || signal.aborted) break;
    try {
      const { status, text } = await http.ask({
        method: 'GET',
        // A second ahead, for a server whose clock is ahead of ours.
        path: `/api/v1/query?query=${query}&time=${(clock.now() + 1000) / 1000}&nocache=1`,
        timeoutMs: Math.max(WATCH_CANARY_LOOK_MS, WATCH_CANARY_MS - spentMs),
        signal,
      });
      if (status === 200 && valueIn(text) === stamp) {
        const ms = clock.monotonic() - begun;
        const late = ms > lateMs;
        const words = late ? `a written sample can be read only after ${seconds(ms)}` : '';
        return { server, check: READ, state: late ? 'late' : 'ok', words, ms };
      }
      why = status === 200 ? 'it is not in the answer' : `${status} ${firstLine(text)}`;
    } catch (thrown) {
      why = messageOf(thrown);
    }
    await clock.sleep(WATCH_CANARY_LOOK_MS, signal);
  }
  const ms = clock.monotonic() - begun;
  const words = `a sample written ${seconds(ms)} ago cannot be read: ${why}`;
  return { server, check: READ, state: 'down', words, ms };
}

/** The greatest value of an instant answer. */
function valueIn(text: string): number {
  const data = fieldsOf(fieldsOf(jsonOf(text))['data']);
  const values = listOf(data['result']).map((one) => Number(listOf(fieldsOf(one)['value'])[1]));
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

/** The beginning of what a server said, for a person. */
export function firstLine(text: string): string {
  const fields = fieldsOf(jsonOf(text));
  const said = typeof fields['error'] === 'string' ? fields['error'] : text;
  return said.split('\n', 1)[0].trim().slice(0, 200);
}

export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
