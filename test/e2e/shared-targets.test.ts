// Collectors that share targets: each target is scraped by one of them, none twice in an interval,
// and when a collector hangs or dies its targets are taken over within two intervals. Easy to get
// wrong: this process has to keep up too; what it saw late by itself is allowed for.
import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { until } from '../support/until.ts';
import { ClusterWorld } from './cluster-world.ts';
import { numberOf } from './mon-folder.ts';

const TARGETS = 300;
const INTERVAL_MS = 5000;
const SEED = Number(process.env['MON_SEED'] ?? 1);
/** Sleeps of collectors by chance, some shorter and some longer than a lease. */
const SLEEPS = 6;
/** From waking up until what was about to be sent is here. */
const LATE_MS = 100;

/** A server that is 300 targets and remembers when each was asked. */
async function manyTargets() {
  const asked = Array.from({ length: TARGETS }, (): number[] => []);
  const server = createServer((request, response) => {
    const number = Number(/t=(\d+)/.exec(request.url ?? '')?.[1]);
    asked[number].push(Date.now());
    response.end(`answered{n="${number}"} 1\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { asked, port, close };
}

function configOf(port: number): string {
  const job = (i: number): string =>
    `      - targets: ['127.0.0.1:${port}']\n        labels: {n: '${i}', __param_t: '${i}'}\n`;
  const all = Array.from({ length: TARGETS }, (_, i) => job(i)).join('');
  return (
    'mon: {host_agent: false, self_scrape: false}\n' +
    `global: {scrape_interval: ${INTERVAL_MS / 1000}s, scrape_timeout: 2s}\n` +
    `scrape_configs:\n  - job_name: many\n    static_configs:\n${all}`
  );
}

test('three collectors share 300 targets, and go on when one of them is gone', async (t) => {
  const { asked, port, close } = await manyTargets();
  const world = await ClusterWorld.start(1, { collectors: 3, config: configOf(port) });
  try {
    const all = (): boolean => asked.every((times) => times.length >= 2);
    await until('all are scraped', async () => all());
    // From here on the shares are dealt out and every loop is on its beat.
    let since = Date.now();
    await pause(2 * INTERVAL_MS);
    check('at rest', asked, { since });
    const up = await numberOf(world.url, 'count(up{job="many"})');
    assert.equal(up, TARGETS);

    // One hangs: nobody starts it again, so that the others have to take over.
    since = Date.now();
    const thaw = await world.freeze('collector-1');
    await pause(4 * INTERVAL_MS);
    const gap = check('one hangs', asked, { since });
    t.diagnostic(`longest gap while one hung: ${(gap / INTERVAL_MS).toFixed(1)} intervals`);

    // It comes back to itself and must not scrape what is another's now.
    since = Date.now();
    thaw();
    await pause(2 * INTERVAL_MS);
    check('it is back', asked, { since });

    await naps(world, asked);

    since = Date.now();
    await world.kill('collector-2');
    await pause(3 * INTERVAL_MS);
    const second = check('one was killed', asked, { since });
    t.diagnostic(`longest gap after a kill: ${(second / INTERVAL_MS).toFixed(1)} intervals`);
    await world.ready();
    assert.equal(await numberOf(world.url, 'count(answered)'), TARGETS);
  } finally {
    await world.remove();
    close();
  }
});

/** Collectors sleep for a while, one after the other or two at once, as paused machines do. */
async function naps(world: ClusterWorld, asked: readonly number[][]): Promise<void> {
  const random = seededRandom(SEED);
  const since = Date.now();
  const thaws: number[] = [];
  const nap = async (member: string, ms: number): Promise<void> => {
    const thaw = await world.freeze(member);
    await pause(ms);
    thaws.push(Date.now());
    thaw();
  };
  let other: Promise<void> = Promise.resolve();
  for (let i = 0; i < SLEEPS; i++) {
    const who = `collector-${Math.floor(random() * 3)}`;
    const mine = nap(who, 300 + random() * 5700);
    await pause(random() * 2500);
    await other;
    other = mine;
  }
  await other;
  await pause(2 * INTERVAL_MS);
  // With two away nobody need be in time; nothing comes twice all the same.
  check(`they slept (seed ${SEED})`, asked, { since, most: Infinity, thaws });
}

let stalls = monitorEventLoopDelay({ resolution: 10 });
stalls.enable();

/** The longest that this process has kept anybody waiting since it was asked last, in ms. */
function ownDelay(): number {
  const ms = stalls.max / 1e6;
  stalls.disable();
  stalls = monitorEventLoopDelay({ resolution: 10 });
  stalls.enable();
  return ms;
}

interface Promised {
  readonly since: number;
  readonly most?: number;
  /** When collectors woke up. */
  readonly thaws?: readonly number[];
}

/** Holds all targets to the promise between two times; answers the longest gap in ms. */
function check(
  when: string,
  asked: readonly number[][],
  { since, most = 3 * INTERVAL_MS, thaws = [] }: Promised,
): number {
  const end = Date.now();
  const own = ownDelay();
  const least = INTERVAL_MS / 2 - own;
  // One that is put to sleep between its look at the lease and the system call that sends the
  // request sends that one when it wakes up; nobody can take it back.
  const late = new Set(thaws);
  const wasAsleep = (at: number): boolean => {
    const thaw = [...late].find((woke) => at >= woke && at - woke < LATE_MS + own);
    return thaw !== undefined && late.delete(thaw);
  };
  let longest = 0;
  asked.forEach((times, i) => {
    const within = [since - INTERVAL_MS, ...times.filter((at) => at >= since - INTERVAL_MS), end];
    for (let k = 2; k < within.length - 1; k++) {
      const apart = within[k] - within[k - 1];
      const alone = apart > least || wasAsleep(within[k]);
      assert.ok(alone, `${when}: target ${i} twice in an interval (${apart} ms)`);
    }
    for (let k = 1; k < within.length; k++) longest = Math.max(longest, within[k] - within[k - 1]);
  });
  // A scrape that is due, and two that were missed.
  assert.ok(longest <= most, `${when}: a target was forgotten for ${longest} ms`);
  return longest;
}
