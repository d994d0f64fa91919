// The demo fleet on a clock of the test's own: it is the same for the same seed, its counters only
// grow, its histograms add up, and its incidents show where they are announced.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_SERVICES, DemoFleet } from '../../../src/engine/collector/demo-fleet.ts';
import { incidentNear, isAway } from '../../../src/engine/collector/demo-incidents.ts';
import type { InternalTarget } from '../../../src/engine/collector/scrape-manager.ts';
import type { Clock } from '../../../src/engine/runtime/clock.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { ParsedExposition } from '../../../src/engine/wire/exposition-columns.ts';
import { parseExposition } from '../../../src/engine/wire/exposition.ts';

const START = 1_800_000_000_000;
const SEED = 1;

function makeFleet(): { clock: Clock; at: (ms: number) => void; targets: InternalTarget[] } {
  let now = START;
  const clock = { ...systemClock, now: () => now };
  const fleet = new DemoFleet({ clock, seed: SEED, intervalMs: 1000, timeoutMs: 500 });
  return { clock, at: (ms) => void (now = ms), targets: fleet.targets() };
}

async function values(target: InternalTarget): Promise<Map<string, number>> {
  const bytes = await target.render();
  const into = new ParsedExposition();
  parseExposition(bytes, 'text', into);
  const text = new TextDecoder();
  const out = new Map<string, number>();
  for (let i = 0; i < into.count; i++) {
    out.set(text.decode(bytes.subarray(into.starts[i], into.ends[i])), into.values[i]);
  }
  return out;
}

function sum(all: Map<string, number>, pattern: RegExp): number {
  return [...all].filter(([k]) => pattern.test(k)).reduce((total, [, v]) => total + v, 0);
}

test('the fleet has three services of four instances and one target for incidents', () => {
  const { targets } = makeFleet();
  assert.equal(targets.length, 13);
  assert.equal(new Set(targets.map((t) => t.instance)).size, 13);
  assert.deepEqual(targets[5].labels, { service: 'checkout', region: 'eu-1' });
  assert.equal(targets[5].instance, 'checkout-eu-1-2');
});

test('counters grow, histograms add up, the same seed gives the same bytes', async () => {
  const one = makeFleet();
  const two = makeFleet();
  let before = new Map<string, number>();
  for (let s = 1; s <= 30; s++) {
    one.at(START + s * 1000);
    const now = await values(one.targets[0]);
    for (const [name, value] of before) {
      if (/_total|_bucket|_sum|_count/.test(name)) assert.ok((now.get(name) ?? -1) >= value, name);
    }
    before = now;
  }
  const count = before.get('http_request_duration_seconds_count') ?? 0;
  assert.ok(count > 300 && count < 6000, String(count));
  assert.equal(before.get('http_request_duration_seconds_bucket{le="+Inf"}'), count);
  assert.equal(sum(before, /^http_requests_total/), count);
  two.at(START + 30_000);
  assert.deepEqual(await values(two.targets[0]), before);
});

test('an incident raises errors and latency of one service and is announced', async () => {
  const { at, targets } = makeFleet();
  const incident = incidentNear(SEED, START, DEMO_SERVICES.length);
  assert.ok(incident.startMs >= START + 60_000 && incident.endMs <= START + 300_000);
  const { name } = DEMO_SERVICES[incident.service];
  const own = targets.filter((target) => target.labels?.service === name);
  const target = own[incident.victim === 0 ? 1 : 0];
  const errors = /code="500"/;
  const ratio = async (fromMs: number, toMs: number): Promise<number> => {
    at(fromMs);
    const a = await values(target);
    at(toMs);
    const b = await values(target);
    const all = sum(b, /^http_requests_total/) - sum(a, /^http_requests_total/);
    return (sum(b, errors) - sum(a, errors)) / all;
  };
  const calm = await ratio(incident.startMs - 40_000, incident.startMs - 1000);
  assert.equal(sum(await values(targets[12]), /./), 0);
  const hit = await ratio(incident.startMs + 10_000, incident.startMs + 40_000);
  assert.ok(calm < 0.02 && hit > 0.08, `${calm} ${hit}`);
  const announced = await values(targets[12]);
  assert.equal(announced.get(`demo_incident{service="${name}"}`), 1);
  assert.equal(sum(announced, /./), 1);
});

test('a victim is away for a while and comes back with counters at zero', async () => {
  let periodMs = START;
  while (incidentNear(SEED, periodMs, 3).victim < 0) periodMs += 300_000;
  const incident = incidentNear(SEED, periodMs, 3);
  const { at, targets } = makeFleet();
  const target = targets[incident.service * 4 + incident.victim];
  at(incident.startMs + 15_000);
  const before = await values(target);
  at(incident.startMs + 25_000);
  assert.ok(isAway(incident, incident.service, incident.victim, incident.startMs + 25_000));
  await assert.rejects(async () => target.render(), /connection refused/);
  at(incident.startMs + 37_000);
  const after = await values(target);
  const count = 'http_request_duration_seconds_count';
  assert.ok((after.get(count) ?? 0) < (before.get(count) ?? 0));
});
