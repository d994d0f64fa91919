// A real `mon up` over targets that go wrong in every way a target can: it is down with a
// reason, and nothing of what it sent is taken. And those that are well: gzip, relabelling,
// targets that come and go in a file.
import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { MonProcess } from '../support/mon-process.ts';
import { until } from '../support/until.ts';
import { MonFolder, endsBySelf, numberOf } from './mon-folder.ts';
import { startTargets } from './target-server.ts';
import type { TargetServer } from './target-server.ts';

const MIB = 1024 * 1024;
const bomb = gzipSync(Buffer.alloc(64 * MIB, 'a 1\n'), { level: 1 });

function zipped(response: ServerResponse, bytes: Uint8Array): void {
  response.setHeader('content-encoding', 'gzip');
  response.end(bytes);
}

const PAGES = {
  '/broken': '# HELP half_taken One.\nhalf_taken 1\nhalf taken{ 2\n',
  '/large': `half_taken 1\n${'half_taken{a="b"} 1\n'.repeat(1000)}`,
  '/many': 'half_taken{a="1"} 1\nhalf_taken{a="2"} 2\nhalf_taken{a="3"} 3\n',
  '/slow': (_: unknown, response: ServerResponse) => void response.write('half_taken 1\n'),
  '/bomb': (_: unknown, response: ServerResponse) => zipped(response, bomb),
  '/torn': (_: unknown, response: ServerResponse) =>
    zipped(response, gzipSync('half_taken 1\n').subarray(0, 20)),
  '/error': (_: unknown, response: ServerResponse) => {
    response.statusCode = 500;
    response.end('half_taken 1\n');
  },
  '/page': '<html>half_taken 1</html>\n',
  '/gzip': (_: unknown, response: ServerResponse) =>
    zipped(response, gzipSync('zip_kept{a="b"} 1\nzip_dropped 2\n')),
  '/a': 'listed 1\n',
  '/b': 'listed 2\n',
};

/** What `mon targets` says of each job that is down. */
const REASONS: Readonly<Record<string, RegExp>> = {
  broken: /^line 3, column 6: /,
  large: /^the body is larger than 10240 bytes$/,
  many: /sample/,
  slow: /^no whole answer within 400ms$/,
  bomb: /^the body is larger than \d+ bytes$/,
  torn: /^the body is not gzip: unexpected end of file$/,
  error: /^the server answered HTTP status 500/,
  page: /^line 1, column 1: /,
};
const MORE: Readonly<Record<string, string>> = {
  large: 'body_size_limit: 10KiB',
  many: 'sample_limit: 2',
  slow: 'scrape_timeout: 400ms',
};

let folder: MonFolder;
let targets: TargetServer;
let mon: MonProcess;

before(async () => {
  folder = await MonFolder.make();
  targets = await startTargets(PAGES);
  await list(['a', 'b']);
  const { address } = targets;
  const jobs = Object.keys(REASONS).map((name) => {
    const more = MORE[name] === undefined ? '' : `    ${MORE[name]}\n`;
    return `  - job_name: ${name}
    metrics_path: /${name}
${more}    static_configs: [{targets: ['${address}']}]
`;
  });
  mon = await folder.start(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
${jobs.join('')}  - job_name: gzip
    metrics_path: /gzip
    static_configs: [{targets: ['${address}']}]
    metric_relabel_configs:
      - {source_labels: [__name__], regex: 'zip_dr.*', action: drop}
      - {target_label: site, replacement: home}
  - job_name: listed
    file_sd_configs: [{files: ['list*.json'], refresh_interval: 300ms}]
    relabel_configs: [{source_labels: [path], target_label: __metrics_path__}]
mon: {host_agent: false, self_scrape: false}
`);
});
after(async () => {
  await folder.remove();
  await targets.close();
});

/** Writes the discovery file as programs should: all at once. */
async function list(names: readonly string[]): Promise<void> {
  const groups = names.map((name) => ({
    targets: [targets.address],
    labels: { path: `/${name}` },
  }));
  const fresh = await folder.file('fresh', JSON.stringify(groups));
  await rename(fresh, join(folder.path, 'list.json'));
}

interface TargetRow {
  pool: string;
  health: string;
  error: string;
}

async function rows(): Promise<TargetRow[]> {
  const said = await endsBySelf(['targets', '--url', mon.url, '-o', 'jsonl']);
  assert.deepEqual([said.stderr, said.code], ['', 0]);
  return said.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TargetRow);
}

it('a target that goes wrong is down with its reason, and nothing of it is taken', async () => {
  const bad = Object.keys(REASONS).length;
  await until('every bad target was scraped', async () => {
    return (await numberOf(mon.url, 'count(up == 0)')) === bad;
  });
  // Where collectors are processes of their own, the list is what they told a moment ago.
  await until('every bad target is told', async () => {
    return (await rows()).filter(({ health }) => health === 'down').length === bad;
  });
  for (const [job, reason] of Object.entries(REASONS)) {
    let error = '';
    // On a busy machine one scrape may end by its timeout first; a later one tells the reason.
    await until(`${job} is down by its reason`, async () => {
      const row = (await rows()).find(({ pool }) => pool === job);
      error = row?.error ?? '';
      return row?.health === 'down' && reason.test(error);
    }).catch(() => assert.match(error, reason, job));
  }
  const half = '{__name__=~"half.*|a"}';
  assert.equal(await numberOf(mon.url, `count(count_over_time(${half}[1h]))`), Number.NaN);
  assert.equal(await numberOf(mon.url, 'count(up == 1)'), 3);
});

it('a target that is well again is up again, and stale when it breaks', async () => {
  const well = '# TYPE half_taken gauge\nhalf_taken 7\n';
  targets.pages.set('/broken', well);
  await until('it is up', async () => (await numberOf(mon.url, 'half_taken')) === 7);
  assert.equal(await numberOf(mon.url, 'up{job="broken"}'), 1);
  targets.pages.set('/broken', `${well}oh dear\n`);
  await until('it is down', async () => (await numberOf(mon.url, 'up{job="broken"}')) === 0);
  assert.equal(await numberOf(mon.url, 'half_taken'), Number.NaN, 'stale, not five minutes old');
  targets.pages.set('/broken', PAGES['/broken']);
});

it('a gzip body is read, and metric_relabel_configs drop and change', async () => {
  const kept = await endsBySelf([
    'series',
    '{__name__=~"zip_.*"}',
    '--url',
    mon.url,
    '-o',
    'value',
  ]);
  const instance = `instance="${targets.address}"`;
  assert.equal(kept.stdout, `zip_kept{a="b",${instance},job="gzip",site="home"}\n`);
  assert.equal(await numberOf(mon.url, 'scrape_samples_scraped{job="gzip"}'), 2);
  assert.equal(await numberOf(mon.url, 'scrape_samples_post_metric_relabeling{job="gzip"}'), 1);
});

it('targets of a file come and go while mon runs', async () => {
  const listed = (): Promise<number> => numberOf(mon.url, 'count(listed)');
  assert.equal(await listed(), 2);
  await list(['b']);
  await until('one has left', async () => (await listed()) === 1);
  assert.equal(await numberOf(mon.url, 'count(up{job="listed"})'), 1, 'its up has left as well');
  assert.equal((await rows()).filter(({ pool }) => pool === 'listed').length, 1);
  await folder.file('list.json', '[{"targets": [');
  await pause(700);
  assert.equal(await listed(), 1, 'a broken file changes nothing');
  await list(['b', 'a']);
  await until('it is back', async () => (await listed()) === 2);
});
