// Five dashboards in the shapes that Grafana has written since 2018: what becomes of each, whole
// lists of warnings, and files that are none. A fuzzer breaks the five at random and nothing but a
// user's error may come of it. Easy to get wrong: an import that drops something silently.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { DashPanel, ReadDashboard } from '../../../src/engine/dash/dashboard.ts';
import { GRID_COLUMNS, levelOf } from '../../../src/engine/dash/dashboard.ts';
import { looksLikeJson } from '../../../src/engine/dash/grafana-json.ts';
import { importGrafana } from '../../../src/engine/dash/grafana.ts';
import { UserError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { projectRoot } from '../../support/project.ts';

const NAMES = ['node-2018', 'cluster-2021', 'mixed-2022', 'requests-2024', 'wrapped-2025'];

function textOf(name: string): string {
  return readFileSync(join(projectRoot, 'fixtures/grafana', `${name}.json`), 'utf8');
}

function read(name: string): ReadDashboard {
  return importGrafana(textOf(name), `${name}.json`);
}

function panel({ dashboard }: ReadDashboard, id: string): DashPanel {
  const found = dashboard.panels.find((one) => one.id === id);
  assert.ok(found, `${id} among ${dashboard.panels.map((p) => p.id).join(', ')}`);
  return found;
}

test('2018: graph, singlestat, yaxes, [[variables]]', () => {
  const found = read('node-2018');
  const { dashboard, warnings } = found;
  assert.equal(dashboard.rangeMs, 6 * 3_600_000);
  assert.equal(dashboard.refreshMs, 60_000);
  assert.deepEqual(warnings, [
    'ignored: prefix and postfix (panel "Memory")',
    'ignored: seriesOverrides (panel "Network")',
    'ignored: aliasColors (panel "Network")',
    'ignored: column styles (panel "Hosts")',
  ]);
  const [job, node, interval] = dashboard.variables;
  assert.deepEqual(job.current, ['node']);
  assert.equal(node.allValue, '.*');
  assert.equal(node.sort, 'number');
  assert.deepEqual(interval.auto, { count: 50, minMs: 50_000 });
  const cpu = panel(found, 'cpu-busy');
  assert.deepEqual([cpu.kind, cpu.unit, cpu.min, cpu.max], ['gauge', 'percent100', 0, 100]);
  assert.deepEqual(
    [10, 85, 95].map((value) => levelOf(value, cpu.thresholds)),
    ['good', 'warn', 'bad'],
  );
  const memory = panel(found, 'memory');
  assert.deepEqual([memory.kind, memory.reduce, memory.sparkline], ['stat', 'mean', true]);
  const network = panel(found, 'network');
  assert.deepEqual(network.thresholds, [{ value: 1e8, level: 'bad' }]);
  assert.deepEqual([network.unit, network.min, network.fill], ['bytes/s', 0, true]);
  const modes = panel(found, 'cpu-by-mode');
  assert.deepEqual([modes.stack, modes.legend, modes.max], [true, false, 1]);
  assert.equal(panel(found, 'hosts').queries[0].instant, true);
});

test('2021: stat, gauge, bargauge, piechart, a data source as a variable', () => {
  const found = read('cluster-2021');
  assert.deepEqual(found.warnings, [
    'filters of the kind adhoc are not used',
    'ignored: value mappings (panel "Pods")',
    'ignored: fieldConfig.overrides (panel "CPU")',
    'thresholds in percent need min and max (panel "Memory by namespace")',
    'the calculation "diff" became last (panel "Memory by namespace")',
    'ignored: transformations (panel "Pods that restart")',
    'the unit "lengthmm" is not known here (panel "Pods that restart")',
    'a piechart is shown as a bar (panel "Phases")',
    'annotations are not shown',
    'links are not shown',
  ]);
  const kinds = found.dashboard.panels.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['stat', 'gauge', 'bar', 'table', 'bar']);
  assert.equal(panel(found, 'pods').sparkline, false);
  assert.equal(panel(found, 'cpu').reduce, 'mean');
  const env = found.dashboard.variables.find(({ name }) => name === 'env');
  assert.deepEqual(env?.options.at(-1), { text: 'dev', value: 'development' });
});

test('2022: folded rows, and what cannot be shown', () => {
  const found = read('mixed-2022');
  assert.deepEqual(found.warnings, [
    'the variable $odd of the kind "snapshot" is left out',
    'an expression over other queries is left out (panel "Inside left")',
    'cannot be shown: the kind "logs" is not known here (panel "Inside right")',
    'cannot be shown: it asks loki, not a Prometheus (panel "From Loki")',
    'cannot be shown: it is a panel of the library, whose content is not in the file' +
      ' (panel "Shared")',
    'ignored: repeat (panel "Repeated")',
    'cannot be shown: the kind "alertlist" is not known here (panel "Alerts")',
    'a query is not PromQL: unclosed left parenthesis (panel "Not PromQL")',
    'there is no variable $nowhere (panel "Repeated")',
    'the time range from "2022-01-01T00:00:00Z" became the last hour',
  ]);
  assert.equal(panel(found, 'about').text, 'About\nTwo & three\nlines');
  assert.equal(panel(found, 'inside-left').place.y, 4, 'a folded row is unfolded');
  assert.equal(panel(found, 'from-loki').place.y, 11, 'and what follows lies below');
  assert.match(panel(found, 'from-loki').text, /cannot be shown: it asks loki/);
  assert.equal(panel(found, 'repeated').queries.length, 1, 'hidden queries are left out');
});

test('2024: timeseries, heatmap, $__rate_interval', () => {
  const found = read('requests-2024');
  assert.deepEqual(found.warnings, []);
  assert.equal(found.dashboard.panels[0].kind, 'row');
  assert.deepEqual(panel(found, 'errors').thresholds.at(-1), { value: 0.05, level: 'bad' });
  assert.deepEqual(panel(found, 'latency').thresholds, [], 'charts that draw none have none');
  assert.equal(panel(found, 'latency').minStepMs, 30_000);
  assert.equal(panel(found, 'durations').kind, 'heatmap');
  assert.equal(panel(found, 'durations').unit, 'seconds');
  assert.deepEqual(panel(found, 'requests').thresholds, [{ value: -Infinity, level: 'info' }]);
});

test('2025: as the API answers it', () => {
  const found = read('wrapped-2025');
  const { dashboard, warnings } = found;
  assert.deepEqual(warnings, ['a status-history is shown as a timeseries (panel "Up")']);
  assert.equal(dashboard.rangeMs, 7 * 24 * 3_600_000);
  assert.deepEqual(
    panel(found, 'full').thresholds.map(({ value }) => value),
    [-Infinity, 140, 180],
  );
  assert.deepEqual(dashboard.variables[1].options[0], { text: 'eu,west', value: 'eu,west' });
  assert.equal(panel(found, 'stacked').stack, true);
});

test('rows of files before schemaVersion 16', () => {
  const target = { expr: 'up', refId: 'A' };
  const old = {
    title: 'Old',
    schemaVersion: 14,
    rows: [
      {
        title: 'First',
        showTitle: true,
        height: '250px',
        panels: [
          { type: 'graph', title: 'A', span: 6, targets: [target] },
          { type: 'graph', title: 'B', span: 6, targets: [target] },
          { type: 'graph', title: 'C', span: 4, targets: [target] },
        ],
      },
    ],
  };
  const { panels } = importGrafana(JSON.stringify(old), 'old.json').dashboard;
  assert.deepEqual(
    panels.map(({ place }) => [place.x, place.y, place.w]),
    [
      [0, 0, 24],
      [0, 1, 12],
      [12, 1, 12],
      [0, 8, 8],
    ],
  );
});

test('what is no dashboard is told', () => {
  const fails = (text: string, message: RegExp): void => {
    assert.throws(
      () => importGrafana(text, 'x.json'),
      (thrown) => {
        assert.ok(thrown instanceof UserError);
        assert.match(thrown.message, message);
        return true;
      },
    );
  };
  fails('{"panels": [', /^x\.json:1:13: not JSON$/);
  fails('{\n  "panels": oops\n}', /^x\.json:2:13: not JSON$/);
  fails('{"panels": [] "a": 1}', /^x\.json:1:15: not JSON$/);
  fails('{"a": 01}', /^x\.json:1:7: not JSON$/);
  fails(`${'['.repeat(1e5)}`, /^x\.json:1:100001: not JSON$/);
  fails('[]', /a dashboard is a JSON object/);
  fails('{}', /it has no list of panels/);
  fails('{"apiVersion": "dashboard.grafana.app/v2beta1", "spec": {}}', /of the schema .*v2beta1/);
  fails('{"elements": {}, "layout": {}}', /of the schema v2/);
  assert.ok(looksLikeJson(' {"a": 1}') && looksLikeJson('{}') && !looksLikeJson('title: x'));
});

/** One value of the document, changed to something it never should be. */
function broken(root: unknown, random: () => number): unknown {
  const odd = [null, -1, 1e308, '', 'x'.repeat(300), [], {}, true, [[[]]], '\u001b[2J', NaN];
  const change = (value: unknown, depth: number): unknown => {
    if (random() < 0.03 || depth > 12) return odd[Math.floor(random() * odd.length)];
    if (Array.isArray(value)) return value.map((one) => change(one, depth + 1));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(() => random() > 0.01)
        .map(([key, one]) => [random() < 0.01 ? '__proto__' : key, change(one, depth + 1)]),
    );
  };
  return change(root, 0);
}

test('broken files are read or refused, and never more than that', () => {
  const seed = 20_261_121;
  const random = seededRandom(seed);
  const whole = NAMES.map((name) => JSON.parse(textOf(name)) as unknown);
  for (let i = 0; i < 1500; i++) {
    const text = JSON.stringify(broken(whole[i % whole.length], random));
    const cut = random() < 0.1 ? text.slice(0, Math.floor(random() * text.length)) : text;
    try {
      const { dashboard } = importGrafana(cut, 'fuzz.json');
      const ids = new Set(dashboard.panels.map(({ id }) => id));
      assert.equal(ids.size, dashboard.panels.length, `seed ${seed}, round ${i}: ids differ`);
      for (const { place } of dashboard.panels) {
        const inside = place.x >= 0 && place.w >= 1 && place.x + place.w <= GRID_COLUMNS;
        assert.ok(inside && place.h >= 1, `seed ${seed}, round ${i}: ${JSON.stringify(place)}`);
      }
    } catch (thrown) {
      if (!(thrown instanceof UserError))
        throw new Error(`seed ${seed}, round ${i}`, { cause: thrown });
    }
  }
});
