// The rules of Sloth's files beside those that Sloth makes of them, rule by rule and letter by
// letter.
import { strict as assert } from 'node:assert';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { rulesText } from '../../../src/cli/slo-reports.ts';
import { parseSloFiles, rulesOf } from '../../../src/engine/daemons/slo-gate.ts';
import { sharedData } from '../../support/project.ts';

const DAY = 86_400_000;

interface Rule {
  readonly labels: Record<string, string>;
}
interface Group {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** All groups of all documents; what says which program made them is left out. */
function groupsOf(text: string): Group[] {
  const documents = parseAllDocuments(text) as { toJS(): { groups?: Group[] } | null }[];
  return documents
    .flatMap((document) => document.toJS()?.groups ?? [])
    .map(({ name, rules }) => {
      const shown = rules.map((rule) => ({ ...rule, labels: { ...rule.labels } }));
      for (const { labels } of shown) delete labels['sloth_version'];
      return { name, rules: shown };
    });
}

function generated(text: string, periodMs = 30 * DAY, more = ''): string {
  const files = [
    { path: 'slo.yml', text },
    ...(more === '' ? [] : [{ path: 'windows.yml', text: more }]),
  ];
  const extraLabels = [['cmd', 'examplesgen.sh']] as const;
  return rulesText(rulesOf(parseSloFiles(files, periodMs), { extraLabels, version: 'test' }));
}

const data = sharedData();
it('each pair of Sloth is equal', { skip: data === undefined && 'needs shared' }, async () => {
  const folder = join(data as string, 'sloth');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.expected.yml'));
  assert.ok(names.length >= 4);
  for (const name of names) {
    const wanted = await readFile(join(folder, name), 'utf8');
    const source = await readFile(join(folder, name.replace('.expected', '')), 'utf8');
    assert.deepEqual(groupsOf(generated(source)), groupsOf(wanted), name);
  }
});

const PLAIN = `version: prometheus/v1
service: s
slos:
  - name: a
    objective: 99.9
    sli: {raw: {error_ratio_query: 'sum(rate(e[{{.window}}])) / sum(rate(t[{{.window}}]))'}}
    alerting: {name: A, ticket_alert: {disable: true}}
`;
const WEEK = `apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: 7d
  page:
    quick: {errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}
    slow: {errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h}
  ticket:
    quick: {errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d}
    slow: {errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d}
`;

it('factors follow the period, and windows of a file', () => {
  const factors = (text: string): string[] =>
    [...text.matchAll(/> \(([\d.]+) \* /g)].map((found) => found[1]);
  assert.deepEqual(new Set(factors(generated(PLAIN))), new Set(['14.4', '6']));
  const month = factors(generated(PLAIN, 28 * DAY)).map(Number);
  assert.deepEqual(new Set(month.map((one) => one.toFixed(6))), new Set(['13.440000', '5.600000']));
  assert.deepEqual(new Set(factors(generated(PLAIN, 7 * DAY, WEEK))), new Set(['13.44', '3.5']));
  // Google's shares would alert within budget here: the factors of 30 days stay.
  assert.deepEqual(new Set(factors(generated(PLAIN, 7 * DAY))), new Set(['14.4', '6']));
});

const CHAIN = `version: prometheus/v1
service: s
slo_plugins:
  chain:
    - {id: sloth.dev/contrib/rule_intervals/v1, config: {interval: {default: 5m, alert: 30s}}}
    - {id: sloth.dev/contrib/error_budget_exhausted_alert/v1, config: {for: 10m, threshold: 0.1}}
slos:
  - name: a
    objective: 99.9
    plugins:
      chain:
        - {id: sloth.dev/contrib/info_labels/v1, config: {labels: {tier-x: gold}}}
        - {id: sloth.dev/contrib/remove_labels/v1, priority: -1, config: {preserveLabels: [keep]}}
    labels: {keep: '1', drop: '2'}
    sli:
      events: {error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{.window}}]))'}
    alerting: {name: A, ticket_alert: {disable: true}}
`;

it('plugins that Sloth brings along change rules as there', () => {
  const [document] = parseAllDocuments(generated(CHAIN)) as { toJS(): object }[];
  const { groups } = document.toJS() as {
    groups: (Group & { interval?: string; rules: (Rule & Record<string, unknown>)[] })[];
  };
  assert.deepEqual(
    groups.map(({ interval }) => interval),
    ['5m', '5m', '30s'],
  );
  const [ratio] = groups[0].rules;
  const names = ['keep', 'sloth_id', 'sloth_service', 'sloth_slo', 'sloth_window'];
  assert.deepEqual(Object.keys(ratio.labels), names);
  const info = groups[1].rules.at(-1) as Rule;
  assert.deepEqual([info.labels['drop'], info.labels['tier-x']], ['2', 'gold']);
  assert.deepEqual(groups[2].rules.at(-1), {
    alert: 'ErrorBudgetExhausted',
    expr:
      'slo:period_error_budget_remaining:ratio{cmd="examplesgen.sh", drop="2", keep="1", ' +
      'sloth_id="s-a", sloth_service="s", sloth_slo="a"} <= 0.1',
    for: '10m',
  });
  const corrected = CHAIN.replace('rule_intervals/v1', 'denominator_corrected_rules/v1');
  const text = generated(corrected.replace('{interval: {default: 5m, alert: 30s}}', '{}'));
  assert.match(text, /\(\n\s+slo:numerator_correction:ratio5m\{.*\}\n\s+\* on\(\)\n/);
  assert.match(text, /record: slo:numerator_correction:ratio3d/);
  const only = CHAIN.replace('slo_plugins:', 'slo_plugins:\n  overridePrevious: true');
  assert.throws(
    () => generated(CHAIN.replace('rule_intervals', 'odd')),
    /does not know the plugin/,
  );
  const kinds = (parseAllDocuments(generated(only)) as { toJS(): { groups: Group[] } }[])[0];
  assert.equal(kinds.toJS().groups.length, 1, 'no core plugin, only the alert of the last one');
});
