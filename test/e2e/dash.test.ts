// `mon dash list`, check and import with all that they print, and the dashboards that ship against
// a real server with the demo: every query of them is answered, and those of the demo have data.
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { parseDashboard } from '../../src/engine/daemons/dash-file.ts';
import { ALL } from '../../src/engine/dash/dashboard.ts';
import { substitute, type ChosenVariable } from '../../src/engine/dash/template.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { projectRoot } from '../support/project.ts';
import { runCli } from '../support/run-cli.ts';
import { until } from '../support/until.ts';
import { ask } from './peer-answers.ts';
import { MonFolder } from './mon-folder.ts';

let folder: MonFolder;
let mon: MonProcess;

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start('global: {scrape_interval: 1s}\n', ['--demo']);
});
after(async () => await folder.remove());

async function prints(
  args: readonly string[],
  wanted: { stdout?: string; stderr?: string; code?: number },
): Promise<void> {
  const env = { XDG_CONFIG_HOME: join(folder.path, 'config') };
  const got = await runCli(args, { env });
  const { stdout = '', stderr = '', code = 0 } = wanted;
  assert.deepEqual(
    { stdout: got.stdout, stderr: got.stderr, code: got.code },
    { stdout, stderr, code },
    args.join(' '),
  );
}

it('lists what ships', async () => {
  await prints(['dash', 'list', '-o', 'csv'], {
    stdout:
      'name,title,panels,from\nhost,Host,10,mon\nkafka,Kafka,10,mon\nmon,mon,14,mon\n' +
      'service,Services,12,mon\nslo,SLOs,7,mon\n',
  });
});

it('checks files, with place, line and what was expected', async () => {
  const good = await folder.file('good.yaml', 'title: T\npanels:\n  - {title: A, query: up}\n');
  await prints(['dash', 'check', good], {
    stdout: `${good}: all well, 1 panel, 1 query, 0 variables\n`,
  });
  const bad = await folder.file('bad.yaml', 'title: T\npanels:\n  - {titel: A, query: up}\n');
  await prints(['dash', 'check', good, bad], {
    stdout: `${good}: all well, 1 panel, 1 query, 0 variables\n`,
    stderr:
      `error: ${bad}:3:6: unknown field "titel" in a panel\n` +
      '    - {titel: A, query: up}\n       ^^^^^\nhint: did you mean title?\n',
    code: 2,
  });
  const json = await folder.file('bad.json', '{"panels": [}\n');
  await prints(['dash', 'check', json], {
    stderr:
      `error: ${json}:1:13: not JSON\n` +
      'hint: export the dashboard in Grafana: Share, Export, Save to file\n',
    code: 2,
  });
  const none = join(folder.path, 'none.yaml');
  await prints(['dash', 'check', none], {
    stderr: `error: cannot read ${none}: not there\nhint: check the path\n`,
    code: 2,
  });
});

it('imports Grafana: YAML on stdout, what is left out on stderr', async () => {
  const dashboard = {
    title: 'Two',
    schemaVersion: 39,
    time: { from: 'now-3h', to: 'now' },
    panels: [
      {
        type: 'timeseries',
        title: 'A',
        gridPos: { x: 0, y: 0, w: 8, h: 6 },
        fieldConfig: { defaults: { unit: 'Bps' }, overrides: [{}] },
        targets: [{ expr: 'rate(b[$__rate_interval])', legendFormat: '{{x}}', refId: 'A' }],
      },
      { type: 'news', title: 'B', gridPos: { x: 8, y: 0, w: 16, h: 6 } },
    ],
  };
  const file = await folder.file('two.json', JSON.stringify(dashboard));
  const warnings =
    'warning: ignored: fieldConfig.overrides (panel "A")\n' +
    'warning: cannot be shown: the kind "news" is not known here (panel "B")\n';
  await prints(['dash', 'import', file], {
    stdout: `title: Two
time: "3h"
panels:
- id: a
  title: A
  type: timeseries
  grid:
    x: 0
    "y": 0
    w: 8
    h: 6
  queries:
  - expr: "rate(b[$__rate_interval])"
    legend: "{{x}}"
  unit: bytes/s
- id: b
  title: B
  type: text
  grid:
    x: 8
    "y": 0
    w: 16
    h: 6
  text: "This panel cannot be shown: the kind \\"news\\" is not known here."
`,
    stderr: warnings,
  });
});

it('a name that nobody has, and one that is near', async () => {
  const ask = async (name: string) => await runCli(['dash', name], { env: { MON_URL: mon.url } });
  const near = await ask('hots');
  assert.deepEqual(
    [near.stdout, near.stderr, near.code],
    ['', 'error: no dashboard is called hots\nhint: did you mean host?\n', 2],
  );
  const far = await ask('nothing-like-it');
  assert.match(far.stderr, /hint: there are host, kafka, mon, service, slo; a file is named/);
  const pipe = await ask('host');
  assert.deepEqual([pipe.stdout, pipe.code], ['', 2]);
  assert.match(pipe.stderr, /a screen needs a terminal/);
});

it('every query of what ships is answered; the demo and the host have data', async () => {
  const empty = (name: string) => ['kafka', 'slo'].includes(name);
  const now = (): number => Date.now() - 1000;
  await until('the demo was scraped a few times', async () => {
    const found = await ask(mon.url, 'count_over_time(http_requests_total[1m]) > 4', {
      timeMs: now(),
    });
    return found.size > 0;
  });
  const lacking: string[] = [];
  for (const name of ['host', 'kafka', 'mon', 'service', 'slo']) {
    const text = await readFile(join(projectRoot, `fixtures/dash/${name}.yaml`), 'utf8');
    const { dashboard } = parseDashboard(text, name);
    const variables = new Map<string, ChosenVariable>();
    for (const variable of dashboard.variables) {
      const all = { ...variable, allValue: '.*' };
      variables.set(variable.name, { variable: all, options: [], chosen: [ALL] });
    }
    const times = { startMs: now() - 60_000, endMs: now(), stepMs: 5000, scrapeMs: 1000 };
    for (const { queries, title } of dashboard.panels) {
      for (const { expr } of queries) {
        const query = substitute(expr, { times, variables, title: '' });
        const found = await ask(mon.url, query, { timeMs: now() });
        if (found.size === 0) lacking.push(`${name}: ${title}`);
      }
    }
  }
  const missing = lacking.filter((one) => !empty(one.split(':')[0]));
  const may = ['mon: ingest', 'mon: requests', 'host: disks that are busy', 'host: network'];
  assert.deepEqual(
    missing.filter((one) => !may.includes(one)),
    [],
  );
});
