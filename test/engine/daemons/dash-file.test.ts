// Our own dashboard files: what they mean, every mistake with its place and what was expected, the
// dashboards that ship, and that what is written is read back the same.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { yamlText } from '../../../src/cli/yaml-text.ts';
import { parseDashboard } from '../../../src/engine/daemons/dash-file.ts';
import { ALL, PANEL_UNITS, type Dashboard } from '../../../src/engine/dash/dashboard.ts';
import { importGrafana } from '../../../src/engine/dash/grafana.ts';
import { plainDashboard } from '../../../src/engine/dash/plain.ts';
import { UserError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { projectRoot } from '../../support/project.ts';

const strict = { strict: true };

function parse(text: string): Dashboard {
  return parseDashboard(text, 'd.yaml', strict).dashboard;
}

test('the shortest file, and what is usual', () => {
  const { title, rangeMs, refreshMs, variables, panels } = parse('title: T\npanels: [{query: up}]');
  assert.deepEqual([title, rangeMs, refreshMs, variables], ['T', 3_600_000, undefined, []]);
  const [panel] = panels;
  assert.deepEqual(panel.place, { x: 0, y: 0, w: 12, h: 8 });
  assert.deepEqual([panel.id, panel.kind, panel.unit], ['timeseries', 'timeseries', 'short']);
  assert.deepEqual(panel.queries, [{ expr: 'up', legend: '', instant: false }]);
});

test('panels without a place flow; rows have a line of their own', () => {
  const text = `title: T
panels:
  - {query: up, grid: {w: 8}}
  - {query: up, grid: {w: 8, h: 4}}
  - {query: up, grid: {w: 12}}
  - row: More
  - {query: up, type: table}
  - {query: up, grid: {x: 12, y: 30, w: 6, h: 3}}
  - {query: up, type: stat}`;
  const places = parse(text).panels.map(({ place }) => [place.x, place.y, place.w, place.h]);
  assert.deepEqual(places, [
    [0, 0, 8, 8],
    [8, 0, 8, 4],
    [0, 8, 12, 8],
    [0, 16, 24, 1],
    [0, 17, 12, 8],
    [12, 30, 6, 3],
    [0, 33, 12, 4],
  ]);
});

test('variables of every kind', () => {
  const { variables } = parse(`title: T
variables:
  - {name: job, query: "label_values(up, job)", multi: true, all: true, default: All}
  - name: node
    query: label_values(up{job=~"$job"}, instance)
    regex: "/(.*):.*/"
    all: ".+"
  - {name: env, options: [prod, {text: Testing, value: test}], default: Testing}
  - {name: win, intervals: [1m, 5m, auto], default: auto}
  - {name: base, constant: node}
  - {name: note, text: hello}
panels: [{query: "rate({job=~\\"$job\\", env=\\"$env\\"}[$win])"}]`);
  assert.deepEqual(
    variables.map(({ kind }) => kind),
    ['query', 'query', 'custom', 'interval', 'constant', 'text'],
  );
  assert.deepEqual(variables[0].current, [ALL]);
  assert.equal(variables[1].allValue, '.+');
  assert.deepEqual(variables[2].current, ['test']);
  assert.deepEqual(variables[3].auto, { count: 30, minMs: 10_000 });
});

const SOURCES = 'query, options, intervals, constant, text';
const HANGS = 'label_values(up{a=\\"$v\\"}, a)';
const MISTAKES: readonly (readonly [text: string, message: string, hint?: string])[] = [
  ['', 'd.yaml:1:1: the file is empty', 'it begins with title: …'],
  ['panels: [{query: up}]', 'd.yaml:1:1: the dashboard needs a title', 'write title: …'],
  ['title: T', 'd.yaml:1:1: panels must hold at least one panel'],
  [
    'title: T\npanel: []',
    'd.yaml:2:1: unknown field "panel" in the dashboard',
    'did you mean panels?',
  ],
  [
    'title: T\npanels:\n  - {query: up, type: statt}',
    'd.yaml:3:23: type must be one of timeseries, stat, gauge, table, heatmap, bar, text',
    'did you mean stat?',
  ],
  [
    'title: T\npanels:\n  - title: A',
    'd.yaml:3:5: a panel needs a query',
    'write query: … or queries: [{expr: …}]',
  ],
  [
    'title: T\npanels:\n  - query: rat(up[5m])',
    'd.yaml:3:12: expr: unknown function with name "rat"',
    'did you mean "rate"?',
  ],
  [
    'title: T\nvariables: [{name: job, options: [a]}]\npanels:\n  - query: up{job="$jop"}',
    'd.yaml:4:12: there is no variable $jop',
    'did you mean $job?',
  ],
  [
    'title: T\npanels: [{query: up, queries: [up]}]',
    'd.yaml:2:18: a panel has query or queries, not both',
  ],
  [
    'title: T\npanels: [{query: up, unit: parsec}]',
    `d.yaml:2:28: unit must be one of ${PANEL_UNITS.join(', ')}`,
  ],
  ['title: T\npanels: [{query: up, min: 1, max: 1}]', 'd.yaml:2:35: max must be greater than min'],
  ['title: T\npanels: [{query: up, min: low}]', 'd.yaml:2:27: min must be a number'],
  [
    'title: T\npanels: [{query: up, grid: {x: 3}}]',
    'd.yaml:2:28: grid needs y too',
    'give x and y, or neither',
  ],
  [
    'title: T\npanels: [{query: up, grid: {x: 20, y: 0, w: 8}}]',
    'd.yaml:2:45: x and w together are at most 24',
  ],
  [
    'title: T\npanels: [{query: up, thresholds: [{value: 1}]}]',
    'd.yaml:2:35: a threshold needs a level: good, info, warn, bad',
  ],
  [
    'title: T\ntime: 5s\npanels: [{query: up}]',
    'd.yaml:2:7: time must be from 10s to 2y',
    'the time shown, as in 15m, 1h, 7d',
  ],
  ['title: T\nrefresh: 1ms\npanels: [{query: up}]', 'd.yaml:2:10: refresh must be 500ms or longer'],
  ['title: T\npanels: [{query: up, id: a}, {query: up, id: a}]', 'd.yaml:2:46: the id a is taken'],
  ['title: T\npanels: [{row: R, query: up}]', 'd.yaml:2:26: a row has a title and nothing else'],
  [
    'title: T\nvariables: [{name: v}]\npanels: [{query: up}]',
    `d.yaml:2:20: a variable needs exactly one of ${SOURCES}`,
  ],
  [
    `title: T\nvariables: [{name: v, query: "${HANGS}"}]\npanels: [{query: up}]`,
    'd.yaml:2:30: the variable v hangs on itself',
  ],
  [
    'title: T\nvariables: [{name: v, query: x, regex: "("}]\npanels: [{query: up}]',
    'd.yaml:2:40: regex: error parsing regexp: missing closing ): `(`',
  ],
  [
    'title: T\nvariables: [{name: v, options: [a], default: b}]\npanels: [{query: up}]',
    'd.yaml:2:46: b is none of the options',
  ],
];

test('every mistake has its place and says what was expected', () => {
  for (const [text, message, hint] of MISTAKES) {
    assert.throws(
      () => parse(text),
      (thrown) => {
        assert.ok(thrown instanceof UserError, text);
        assert.equal(thrown.message, message);
        if (hint !== undefined) assert.equal(thrown.hint, hint);
        return true;
      },
    );
  }
});

test('to be shown, a query that is wrong is only a warning', () => {
  const text = 'title: T\npanels: [{query: "rat(up)"}, {query: up}]';
  const { dashboard, warnings } = parseDashboard(text, 'd.yaml');
  assert.equal(dashboard.panels.length, 2);
  assert.deepEqual(warnings, [
    'd.yaml:2:18: expr: unknown function with name "rat"; did you mean "rate"?',
  ]);
});

test('the dashboards that ship are without a fault', () => {
  const folder = join(projectRoot, 'fixtures/dash');
  const files = readdirSync(folder);
  assert.deepEqual(files, ['host.yaml', 'kafka.yaml', 'mon.yaml', 'service.yaml', 'slo.yaml']);
  for (const file of files) {
    const { warnings } = parseDashboard(readFileSync(join(folder, file), 'utf8'), file, strict);
    assert.deepEqual(warnings, [], file);
  }
});

test('what is written is read back the same', () => {
  const folder = join(projectRoot, 'fixtures/grafana');
  for (const file of readdirSync(folder)) {
    const { dashboard } = importGrafana(readFileSync(join(folder, file), 'utf8'), file);
    const text = yamlText(plainDashboard(dashboard));
    const again = parseDashboard(text, 'again.yaml').dashboard;
    assert.equal(yamlText(plainDashboard(again)), text, file);
    assert.deepEqual(
      again.panels.map(({ id, queries, unit, thresholds }) => ({ id, queries, unit, thresholds })),
      dashboard.panels.map(({ id, queries, unit, thresholds, kind }) => ({
        id: kind === 'row' ? again.panels[dashboard.panels.findIndex((p) => p.id === id)].id : id,
        ...{ queries, unit, thresholds },
      })),
      file,
    );
  }
});

test('broken files are read or refused, and never more than that', () => {
  const seed = 97;
  const random = seededRandom(seed);
  const folder = join(projectRoot, 'fixtures/dash');
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const odd = [
    '{',
    '}',
    '[',
    ']',
    ':',
    '-',
    '&a',
    '*a',
    '"',
    "'",
    '\n',
    '$',
    '${',
    '!!',
    '|',
    '0x',
  ];
  for (let i = 0; i < 600; i++) {
    let text = texts[i % texts.length];
    for (let n = 0; n < 3; n++) {
      const at = Math.floor(random() * text.length);
      const end = at + Math.floor(random() * 6);
      text = text.slice(0, at) + odd[Math.floor(random() * odd.length)] + text.slice(end);
    }
    try {
      parseDashboard(text, 'fuzz.yaml', { strict: i % 2 === 0 });
    } catch (thrown) {
      if (thrown instanceof UserError) continue;
      throw new Error(`seed ${seed}, round ${i}`, { cause: thrown });
    }
  }
});
