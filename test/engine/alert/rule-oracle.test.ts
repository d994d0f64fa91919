// Standing rules against the plain way: histories with late and doubled samples, and for each step
// the same expressions asked as queries over the complete data, with Prometheus' state machine
// written down once more in the simplest form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Matrix } from '../../../src/engine/model/fragment.ts';
import type { Labels } from '../../../src/engine/model/labels.ts';
import { NAME, labelsKey, makeLabels } from '../../../src/engine/model/labels.ts';
import type { Rule, RuleGroup } from '../../../src/engine/model/rules.ts';
import { check } from '../../../src/engine/promql/check.ts';
import { evaluate } from '../../../src/engine/promql/evaluate.ts';
import { runFragment } from '../../../src/engine/promql/leaf.ts';
import { mergeFragments } from '../../../src/engine/promql/merge.ts';
import { parse } from '../../../src/engine/promql/parse.ts';
import { plan } from '../../../src/engine/promql/plan.ts';
import { ScriptSeries } from '../../../src/engine/promql/script-series.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';
import { RuleWorld, alertRule, recordRule, ruleGroup } from './rule-world.ts';

const START = 1_700_000_000_000;
const TICKS = 60;
const HISTORIES = 100;

interface Arrival {
  readonly tick: number;
  readonly labels: Labels;
  readonly t: number;
  readonly v: number;
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)];
}

function makeRules(random: Random): RuleGroup[] {
  const n = (): number => Math.floor(random() * 10);
  const forms = [
    () => `x > ${n()}`,
    () => `sum by (job) (x) > ${n() * 2}`,
    () => `avg by (job) (rate(c[${pick(random, ['5s', '10s', '30s'])}])) > ${n() / 10}`,
    () => `absent(x{job="j${n() % 3}"})`,
    () => `max_over_time(x[${pick(random, ['3s', '10s'])}]) >= ${n()} unless on (job) y > ${n()}`,
    () => `count(x > ${n()}) > ${n() % 4}`,
    () => `x - x offset 5s > ${n() / 2}`,
    () => `avg_over_time(x[20s:2s]) > ${n()}`,
    () => `time() - timestamp(x) > ${1 + (n() % 3)}`,
    () => `y:sum > ${n()}`,
    () => `vector(${n() % 2}) > 0`,
  ];
  const rules: Rule[] = [recordRule('y:sum', 'sum by (job) (y)')];
  for (let i = 0; i < 5; i++) {
    rules.push(
      alertRule(`A${i}`, pick(random, forms)(), {
        forMs: pick(random, [0, 0, 1000, 3000, 7500]),
        keepFiringMs: pick(random, [0, 0, 2000, 5000]),
        labels: random() < 0.3 ? [['severity', 'P1']] : [],
      }),
    );
  }
  const intervalMs = pick(random, [0, 0, 2000, 5000]);
  return [
    ruleGroup(rules.slice(0, 4), { name: 'one' }),
    ruleGroup(rules.slice(4), { name: 'two', intervalMs }),
  ];
}

/** Samples of three series each of x, c and y; y is never late, the others often are. */
function makeHistory(random: Random): Arrival[] {
  const out: Arrival[] = [];
  for (const name of ['x', 'c', 'y']) {
    for (let s = 0; s < 3; s++) {
      const labels = makeLabels([
        [NAME, name],
        ['job', `j${s % 2}`],
        ['i', String(s)],
      ]);
      let total = 0;
      for (let tick = 0; tick < TICKS - 15; tick++) {
        if (random() < 0.15) continue;
        const t = START + tick * 1000 - Math.floor(random() * 900);
        total += random() < 0.05 ? -total : random();
        const v = name === 'c' ? total : Math.floor(random() * 12);
        const late = name !== 'y' && random() < 0.2 ? 1 + Math.floor(random() * 14) : 0;
        out.push({ tick: tick + late, labels, t, v });
        // A doubled sample with another value: the first in order of arrival wins.
        if (random() < 0.1) out.push({ tick: tick + late + 1, labels, t, v: v + 1 });
      }
    }
  }
  return out.toSorted((a, b) => a.tick - b.tick);
}

async function answer(series: ScriptSeries, expr: string, timeMs: number): Promise<Matrix> {
  const tree = parse(expr);
  check(tree, expr);
  const grid = { start: timeMs, end: timeMs, step: 1 };
  const planned = plan(tree, { source: expr, grid, instant: true });
  const fragment = async (one: Parameters<typeof runFragment>[0]) =>
    mergeFragments(one, [runFragment(one, series)]);
  const { result } = await evaluate(planned, { fragment });
  assert(result.type === 'vector', expr);
  return result.matrix;
}

/** Prometheus' states, rule by rule: alert -> [state, active since]. */
class Oracle {
  readonly #active = new Map<string, { state: string; since: number; keep: number }>();
  readonly #rule: Rule;

  constructor(rule: Rule) {
    this.#rule = rule;
  }

  step(found: readonly Labels[], ts: number): string[] {
    const { forMs, keepFiringMs, labels, name } = this.#rule;
    const keys = new Set<string>();
    for (const one of found) {
      const map = new Map<string, string>();
      for (let i = 0; i < one.length; i += 2) if (one[i] !== NAME) map.set(one[i], one[i + 1]);
      for (const [k, v] of labels) map.set(k, v);
      map.set('alertname', name);
      keys.add(labelsKey(makeLabels(map)));
    }
    for (const key of keys) {
      if (!this.#active.has(key)) this.#active.set(key, { state: 'pending', since: ts, keep: 0 });
    }
    for (const [key, alert] of this.#active) {
      if (keys.has(key)) alert.keep = 0;
      else {
        alert.keep ||= ts;
        const keeps = alert.state === 'firing' && ts - alert.keep < keepFiringMs;
        if (!keeps) this.#active.delete(key);
        continue;
      }
      if (alert.state === 'pending' && ts - alert.since >= forMs) alert.state = 'firing';
    }
    const rows = [...this.#active].map(([key, { state, since }]) => `${key}|${state}|${since}`);
    return rows.toSorted();
  }
}

async function oracleSteps(groups: readonly RuleGroup[], history: readonly Arrival[]) {
  const series = new ScriptSeries();
  for (const { labels, t, v } of history) series.add(labels, [{ t, v }]);
  const steps = new Map<string, string[]>();
  for (let tick = 0; tick <= TICKS; tick++) {
    await recordSum(series, START + tick * 1000);
  }
  for (const group of groups) {
    const every = group.intervalMs || 1000;
    for (const rule of group.rules) {
      if (rule.kind === 'record') continue;
      const oracle = new Oracle(rule);
      const first = Math.floor(START / every) * every;
      for (let ts = first; ts <= START + TICKS * 1000; ts += every) {
        const { labels } = await answer(series, rule.expr, ts);
        steps.set(`${rule.name}@${ts}`, oracle.step(labels, ts));
      }
    }
  }
  return steps;
}

/** The recorded series, as rules write them. */
async function recordSum(series: ScriptSeries, ts: number): Promise<void> {
  const { labels, values } = await answer(series, 'sum by (job) (y)', ts);
  labels.forEach((one, row) => {
    series.add(
      makeLabels([
        [NAME, 'y:sum'],
        ['job', one[1]],
      ]),
      [{ t: ts, v: values[row] }],
    );
  });
}

for (const seed of [1, 2, 3, 4]) {
  const words = `${HISTORIES / 4} histories from seed ${seed}`;
  test(`${words}: standing rules decide as queries do`, async () => {
    for (let i = 0; i < HISTORIES / 4; i++) {
      const random = seededRandom(seed * 1000 + i);
      const groups = makeRules(random);
      const history = makeHistory(random);
      const world = new RuleWorld(groups);
      await world.start();
      const again = new RuleWorld(groups);
      await again.start();
      let next = 0;
      for (let tick = 0; tick <= TICKS; tick++) {
        for (; next < history.length && history[next].tick <= tick; next++) {
          const { labels, t, v } = history[next];
          for (const one of [world, again]) one.add(labels, t, v);
        }
        await world.tick(START + tick * 1000);
        await again.tick(START + tick * 1000);
      }
      const where = `seed ${seed * 1000 + i}`;
      assert.deepEqual(again.listener.calls, world.listener.calls, `a replay, ${where}`);
      const wanted = await oracleSteps(groups, history);
      for (const { rule, states } of world.engine.rules.rules) {
        if (rule.kind === 'record') continue;
        for (const [key, rows] of wanted) {
          const [name, at] = key.split('@');
          if (name !== rule.name) continue;
          const alerts = [...states.before(Number(at) + 1).entries()];
          const got = alerts
            .filter(([, alert]) => alert.resolvedAtMs < 0)
            .map(([id, a]) => `${id}|${a.firedAtMs < 0 ? 'pending' : 'firing'}|${a.activeAtMs}`);
          assert.deepEqual(
            got.toSorted(),
            rows,
            `${where} ${rule.expr} for ${rule.forMs} at ${at}`,
          );
        }
      }
    }
  });
}
