// Requests for benches: POST over kept connections, timed from the asker, so many a second whatever
// the server takes.
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface Reply {
  readonly status: number;
  /** What came out of the result cache. */
  readonly cache: string;
  readonly ms: number;
  /** What the server said when it refused. */
  readonly refusal: string;
}

export function post(
  url: string,
  body: Buffer | string,
  headers: Record<string, string>,
): Promise<Reply> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent, headers }, (response) => {
      const { statusCode: status = 0, headers: told } = response;
      let refusal = '';
      if (status < 300) response.resume();
      else response.on('data', (page: Buffer) => (refusal ||= page.toString().slice(0, 300)));
      response.on('end', () => {
        const cache = String(told['x-mon-cache'] ?? 'none');
        resolve({ status, cache, ms: performance.now() - begin, refusal });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Calls `work` so many times a second, whatever it takes, until the time is over. */
export async function beat(
  perSecond: number,
  seconds: number,
  work: (n: number) => void,
): Promise<void> {
  const begin = performance.now();
  for (let n = 0; n < perSecond * seconds; n++) {
    const due = begin + (n * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await pause(wait);
    work(n);
  }
}
