// What questions cost: dashboards' range queries over the last hour, each at a time of its own so
// that no cache has it, and standing rules evaluated every second. Easy to get wrong: a server
// that rests costs something too, which is taken off what rules cost.
import { join } from 'node:path';
import { FLEET_METRICS, LoadFleet } from '../../collector/load-fleet.ts';
import { assert } from '../../errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemDisk } from '../../runtime/system-disk.ts';
import type { BenchOptions } from './bench-ingest.ts';
import { BenchServer, QUIET } from './bench-server.ts';
import type { FigureValues } from './figures.ts';

const SERIES = 20_000;
const PER_BODY = 2000;
const STEP_MS = 10_000;
const HOUR_MS = 3_600_000;
const SEED = 13;

/** Panels of a host and a service dashboard. */
const PANELS: readonly string[] = [
  'sum(rate(requests_total_1[5m]))',
  'sum by (service) (rate(requests_total_2[5m]))',
  'topk(5, sum by (service) (rate(requests_total_4[5m])))',
  'avg by (datacenter) (gauge_0)',
  'max by (region) (max_over_time(gauge_3[5m]))',
  'sum(rate(requests_total_5[5m])) / sum(rate(requests_total_7[5m]))',
  'gauge_6{hostname="host_7"}',
  'rate(requests_total_8{hostname=~"host_1."}[5m])',
];
const RULES = 1000;
const RULE_STEPS = 6;

/** Queries over an hour at a step of 30 s. */
export async function benchQueries(options: BenchOptions): Promise<FigureValues> {
  const { folder, seconds, signal, note } = options;
  const server = await BenchServer.start(folder, QUIET, signal);
  const fleet = new LoadFleet(SERIES, PER_BODY, SEED);
  try {
    note(`an hour of ${SERIES} series`);
    const endMs = systemClock.now();
    for (let at = endMs - HOUR_MS; at <= endMs; at += STEP_MS) await server.send(fleet, at);
    for (const query of PANELS) await askRange(server, query, endMs, 0);
    const cpu = await server.atRest();
    note('panels of dashboards');
    const took: number[] = [];
    const until = systemClock.monotonic() + seconds * 1000;
    while (systemClock.monotonic() < until) {
      const number = took.length;
      const began = systemClock.monotonic();
      await askRange(server, PANELS[number % PANELS.length], endMs, number + 1);
      took.push(systemClock.monotonic() - began);
    }
    const spent = (await server.cpuSeconds()) - cpu;
    took.sort((a, b) => a - b);
    const at = (part: number): number => took[Math.floor((took.length - 1) * part)];
    return { queries: took.length / spent, queryP50: at(0.5), queryP99: at(0.99) };
  } finally {
    await server.end();
  }
}

/** Each number asks at times that no other one asks at. */
async function askRange(
  server: BenchServer,
  query: string,
  endMs: number,
  number: number,
): Promise<void> {
  const end = endMs - (number % 29_000);
  const text = await server.ask('/api/v1/query_range', {
    ...{ query, start: String((end - HOUR_MS) / 1000), end: String(end / 1000), step: '30' },
  });
  assert(text.includes('"success"'), 'a query that is measured succeeds');
}

/** Rules at their second, less what the same server costs without any. */
export async function benchRules(options: BenchOptions): Promise<FigureValues> {
  const { folder, seconds, signal, note } = options;
  note('the same server without rules');
  const bare = await cores(join(folder, 'bare'), [], { seconds: Math.min(seconds, 5), signal });
  note(`${RULES} rules every second`);
  const file = join(folder, 'bench.rules');
  await systemDisk.replaceFile(file, [Buffer.from(ruleFile())]);
  const ruled = await cores(join(folder, 'ruled'), ['--rules', file], { seconds, signal });
  const spent = ruled.cores - bare.cores;
  if (spent <= 0 || ruled.evaluations === 0) return {};
  return { ruleEvaluations: ruled.evaluations / spent };
}

function ruleFile(): string {
  const counters = Array.from({ length: FLEET_METRICS }, (_, i) => i).filter((i) => i % 3 !== 0);
  const rules = Array.from({ length: RULES }, (_, i) => {
    const metric = `requests_total_${counters[i % counters.length]}`;
    const bound = 1000 + Math.floor(i / counters.length);
    const expr = `avg by (service) (rate(${metric}[1m])) > ${bound}`;
    return `  - {alert: R${i}, expr: '${expr}', for: 5s}`;
  });
  return `groups:\n- name: bench\n  interval: 1s\n  rules:\n${rules.join('\n')}\n`;
}

/** Cores that a server uses under a little load, and evaluations a second meanwhile. */
async function cores(
  folder: string,
  args: readonly string[],
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<{ readonly cores: number; readonly evaluations: number }> {
  await systemDisk.makeFolder(folder);
  const server = await BenchServer.start(folder, QUIET, signal, args);
  const fleet = new LoadFleet(SERIES, PER_BODY, SEED);
  try {
    const now = systemClock.now();
    for (let i = RULE_STEPS; i > 0; i--) await server.send(fleet, now - i * STEP_MS);
    // Once each rule has been read, planned and run, what is left is the running.
    await systemClock.sleep(3000, signal);
    const before = await server.metrics();
    const began = systemClock.monotonic();
    await systemClock.sleep(Math.min(seconds, 30) * 1000, signal);
    signal.throwIfAborted();
    const after = await server.metrics();
    const passed = (systemClock.monotonic() - began) / 1000;
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    return {
      cores: grown('process_cpu_seconds_total') / passed,
      evaluations: grown('mon_rules_evaluations_total') / passed,
    };
  } finally {
    await server.end();
  }
}
