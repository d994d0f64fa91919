// Asking two servers over Prometheus' HTTP API and holding their answers against each other: the
// same series, the same timestamps, values equal to one part in 1e9.
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';

/** Series in one writing of its labels -> its points, [seconds, value as text]. */
export type Answer = Map<string, [number, string][]>;

interface Series {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

export type When = { timeMs: number } | { start: number; end: number; stepMs: number };

const RELATIVE_MAX = 1e-9;

/** Asks an instant or a range query. */
export async function ask(url: string, query: string, when: When): Promise<Answer> {
  const params = new URLSearchParams({ query });
  let path = 'query';
  if ('timeMs' in when) {
    params.set('time', String(when.timeMs / 1000));
  } else {
    path = 'query_range';
    params.set('start', String(when.start / 1000));
    params.set('end', String(when.end / 1000));
    params.set('step', String(when.stepMs / 1000));
  }
  const data = (await getData(`${url}/api/v1/${path}?${params.toString()}`)) as {
    resultType: string;
    result: Series[] | [number, string];
  };
  if (data.resultType === 'scalar') return new Map([['scalar', [data.result as never]]]);
  const series = data.result as Series[];
  const answer: Answer = new Map(
    series.map((one) => [
      JSON.stringify(Object.entries(one.metric).sort(([a], [b]) => (a < b ? -1 : 1))),
      one.values ?? [one.value as [number, string]],
    ]),
  );
  assert.equal(answer.size, series.length, `${url} answers a series twice to ${query}`);
  return answer;
}

/** The words with which a query at a time is refused. */
export async function refusal(url: string, query: string, timeMs: number): Promise<string> {
  const params = new URLSearchParams({ query, time: String(timeMs / 1000) });
  const response = await fetch(`${url}/api/v1/query?${params.toString()}`);
  const { errorType, error } = (await response.json()) as { errorType?: string; error?: string };
  return `${response.status} ${errorType}: ${error}`;
}

/** What a cluster says of an answer that lacks something for now. */
const PARTIAL = /no store answers for|only stores that lack|the newest samples may be missing/;
const WHOLE_MS_MAX = 30_000;

/** An answer that says that it is not whole is asked for again: only what is unsaid is wrong. */
async function getData(address: string): Promise<unknown> {
  const deadline = performance.now() + WHOLE_MS_MAX;
  let answer: { status: string; data: unknown; warnings?: readonly string[] };
  for (;;) {
    answer = (await (await fetch(address)).json()) as typeof answer;
    const partial = answer.warnings?.some((words) => PARTIAL.test(words)) === true;
    if (!partial || performance.now() > deadline) break;
    await pause(100);
  }
  assert.equal(answer.status, 'success', `${address}: ${JSON.stringify(answer).slice(0, 300)}`);
  return answer.data;
}

/** Fails unless both say the same; answers how many values that were. */
export function assertSame(query: string, theirs: Answer, ours: Answer): number {
  assert.deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort(), `series of ${query}`);
  let values = 0;
  for (const [series, points] of theirs) {
    const own = ours.get(series) ?? [];
    const times = (of: [number, string][]): number[] => of.map(([seconds]) => seconds);
    assert.deepEqual(times(own), times(points), `timestamps of ${query}, ${series}`);
    points.forEach(([seconds, text], i) => {
      const place = `${query}, ${series} at ${seconds}: ${text} there, ${own[i][1]} here`;
      assert.ok(near(text, own[i][1]), place);
      values++;
    });
  }
  return values;
}

function near(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= RELATIVE_MAX * Math.max(Math.abs(x), Math.abs(y));
}

/** Time of the newest sample of each series that the selector finds now, ms. */
export async function latestOf(url: string, selector: string): Promise<number[]> {
  const answer = await ask(url, `timestamp(${selector})`, { timeMs: Date.now() });
  return [...answer.values()].map(([[, text]]) => Math.round(Number(text) * 1000));
}

/** A list of strings or label sets is the same on both, as soon as remote write has caught up. */
export async function assertSameList(urls: readonly [string, string], path: string): Promise<void> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const [theirs, ours] = await Promise.all(urls.map((url) => sortedList(url, path)));
    try {
      assert.ok(theirs.length > 0, `${path} answers something`);
      assert.deepEqual(ours, theirs, path);
      return;
    } catch (thrown) {
      if (performance.now() > deadline) throw thrown;
    }
    await pause(100);
  }
}

async function sortedList(url: string, path: string): Promise<string[]> {
  const list = (await getData(`${url}/api/v1/${path}`)) as (string | Record<string, string>)[];
  const written = list.map((one) =>
    typeof one === 'string' ? one : JSON.stringify(Object.entries(one).sort()),
  );
  return written.sort();
}
