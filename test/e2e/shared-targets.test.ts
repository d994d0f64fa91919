// Collectors that share targets: each target is scraped by one of them, none twice in an interval,
// and when a collector hangs or dies its targets are taken over within two intervals.
import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { ClusterWorld } from './cluster-world.ts';
import { numberOf } from './mon-folder.ts';

const TARGETS = 300;
const INTERVAL_MS = 5000;

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
    check('at rest', asked, since, Date.now());
    const up = await numberOf(world.url, 'count(up{job="many"})');
    assert.equal(up, TARGETS);

    // One hangs: nobody starts it again, so that the others have to take over.
    since = Date.now();
    const thaw = await world.freeze('collector-1');
    await pause(4 * INTERVAL_MS);
    const gap = check('one hangs', asked, since, Date.now());
    t.diagnostic(`longest gap while one hung: ${(gap / INTERVAL_MS).toFixed(1)} intervals`);

    // It comes back to itself and must not scrape what is another's now.
    since = Date.now();
    thaw();
    await pause(2 * INTERVAL_MS);
    check('it is back', asked, since, Date.now());

    since = Date.now();
    await world.kill('collector-2');
    await pause(3 * INTERVAL_MS);
    const second = check('one was killed', asked, since, Date.now());
    t.diagnostic(`longest gap after a kill: ${(second / INTERVAL_MS).toFixed(1)} intervals`);
    await world.ready();
    assert.equal(await numberOf(world.url, 'count(answered)'), TARGETS);
  } finally {
    await world.remove();
    close();
  }
});

/** Holds all targets to the promise between two times; answers the longest gap in ms. */
function check(when: string, asked: readonly number[][], since: number, end: number): number {
  let longest = 0;
  asked.forEach((times, i) => {
    const within = [since - INTERVAL_MS, ...times.filter((at) => at >= since - INTERVAL_MS), end];
    for (let k = 2; k < within.length - 1; k++) {
      const apart = within[k] - within[k - 1];
      assert.ok(apart > INTERVAL_MS / 2, `${when}: target ${i} twice in an interval (${apart} ms)`);
    }
    for (let k = 1; k < within.length; k++) longest = Math.max(longest, within[k] - within[k - 1]);
  });
  // A scrape that is due, and two that were missed.
  assert.ok(longest <= 3 * INTERVAL_MS, `${when}: a target was forgotten for ${longest} ms`);
  return longest;
}
