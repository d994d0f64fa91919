// Aggregation rules, policies and limits at the doors of a cluster, on the embedded log and over
// real Kafka: windows equal a naive computation although the processes that take and fold samples
// are killed, and what no window took is stored as it is. Easy to get wrong: a sample is in a
// window, or stored, or both where its door had not heard yet, but never in neither.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { until } from '../support/until.ts';
import { FormWorld } from './form-world.ts';

const RULE = `{match: jobs_done, by: [queue], window: 2s, grace: 2s, outputs: [count, sum],
  type: gauge, keep: false}`.replaceAll('\n', '');
const CONFIG = [
  `aggregate: [${RULE}]`,
  `cardinality: {mode: reject, series_per_metric: 50,
  policies: [{name: thin, match: chatty, keep_every: 1m}]}`.replaceAll('\n', ''),
  `default_rules: false`,
].join(', ');

/** Windows wait for the ticks of all producers, of one that was killed for a while. */
const WINDOW_MS_MAX = 60_000;

interface Sent {
  readonly at: number;
  readonly value: number;
  readonly queue: string;
}

type Point = readonly [at: number, value: number];

async function points(url: string, selector: string): Promise<Point[]> {
  const asked = `${url}/api/v1/query?query=${encodeURIComponent(`${selector}[5m]`)}`;
  const answer = (await (await fetch(asked)).json()) as {
    data?: { result: { values: [number, string][] }[] };
  };
  const series = answer.data?.result ?? [];
  return series.flatMap(({ values }) =>
    values.map(([at, value]) => [Math.round(at * 1000), Number(value)] as const),
  );
}

/** Pushes until it is taken: a door that was killed is started again. */
async function push(url: string, lines: readonly string[]): Promise<void> {
  for (;;) {
    const headers = { 'Content-Type': 'text/plain' };
    const body = `${lines.join('\n')}\n`;
    const answer = await fetch(`${url}/api/v1/push`, { method: 'POST', headers, body }).catch(
      () => undefined,
    );
    const text = await answer?.text();
    if (answer?.ok === true) return;
    assert.ok(answer === undefined || answer.status === 503, `${answer?.status} ${text}`);
    await pause(100);
  }
}

/** Sends for some seconds while processes are killed. */
async function sendAll(world: FormWorld): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (let i = 0; i < 120; i++) {
    const at = Date.now();
    const rows = ['a', 'b'].map((queue, k) => ({ at, value: (at % 97) + k, queue }));
    await push(world.url, [
      ...rows.map(({ queue, value }) => `jobs_done{queue="${queue}"} ${value} ${at}`),
      `chatty ${i} ${at}`,
    ]);
    sent.push(...rows);
    if (i === 50) await world.kill('aggregate');
    if (i === 75) await world.kill('api');
    await pause(100);
  }
  return sent;
}

async function check(world: FormWorld): Promise<void> {
  await world.ready();
  const { url } = world;
  await until('something is held back', async () => {
    await push(url, [`jobs_done{queue="warm"} 1 ${Date.now()}`]);
    const text = await (await fetch(`${url}/metrics`)).text();
    return /^mon_aggregate_held_series [1-9]/m.test(text);
  });
  const sent = await sendAll(world);
  await world.ready();
  const last = sent[sent.length - 1].at;
  const deadline = performance.now() + WINDOW_MS_MAX;
  const closed = async (): Promise<boolean> =>
    (await points(url, 'jobs_done:queue_count{queue="a"}')).some(([at]) => at >= last);
  while (!(await closed())) {
    assert.ok(performance.now() < deadline, `the last window closes: ${world.output()}`);
    await pause(100);
  }
  for (const queue of ['a', 'b']) {
    const own = sent.filter((one) => one.queue === queue);
    const stored = new Map(await points(url, `jobs_done{queue="${queue}"}`));
    const counts = new Map(await points(url, `jobs_done:queue_count{queue="${queue}"}`));
    const sums = new Map(await points(url, `jobs_done:queue_sum{queue="${queue}"}`));
    let whole = 0;
    for (const end of new Set(own.map(({ at }) => Math.ceil(at / 2000) * 2000))) {
      const inside = own.filter(({ at }) => at > end - 2000 && at <= end);
      const kept = inside.filter(({ at }) => stored.has(at));
      const count = counts.get(end) ?? 0;
      assert.ok(count + kept.length >= inside.length, `${queue} ${end}: nothing is lost`);
      assert.ok(count <= inside.length, `${queue} ${end}: ${count} of ${inside.length}`);
      if (count < inside.length) continue;
      whole++;
      assert.equal(
        sums.get(end),
        inside.reduce((sum, { value }) => sum + value, 0),
      );
    }
    assert.ok(whole >= 3, `${whole} whole windows`);
    assert.ok(stored.size < own.length, 'what is held back is not stored');
  }
  const chatty = (await points(url, 'chatty')).length;
  // A door that was killed does not know what it kept.
  assert.ok(chatty >= 1 && chatty <= 3, `${chatty} samples of a series that is thinned`);
  const many = Array.from({ length: 60 }, (_, i) => `many{i="${i}"} 1 ${Date.now()}`);
  const headers = { 'Content-Type': 'text/plain' };
  const body = `${many.join('\n')}\n`;
  const answer = await fetch(`${url}/api/v1/push`, { method: 'POST', headers, body });
  assert.match(await answer.text(), /series/);
  assert.equal((await points(url, 'many')).length, 50);
}

describe('aggregation and policies in a cluster', () => {
  it('on the embedded log', async () => {
    const world = await FormWorld.start({ form: 'a cluster', config: CONFIG, stores: 2 });
    try {
      await check(world);
    } finally {
      await world.remove();
    }
  });

  it('over Kafka', { skip: lacksKafka() }, async () => {
    const kafka = await KafkaCluster.start({ brokers: 1 });
    try {
      const world = await FormWorld.start({ form: 'a cluster', config: CONFIG, kafka, stores: 1 });
      try {
        await check(world);
      } finally {
        await world.remove();
      }
    } finally {
      await kafka.stop();
    }
  });
});
