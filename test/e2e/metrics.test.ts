// Every process tells of itself, and docs/metrics.md says what: the page and the running processes
// agree in names, types and words. MON_GOLDEN=write writes the page's table anew.
import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RemoteLink } from '../../src/engine/remote/link.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { ClusterWorld } from './cluster-world.ts';
import { MonFolder } from './mon-folder.ts';
import {
  PAGE,
  assertNamed,
  familiesOf,
  namesInSource,
  pageWith,
  readPage,
  typeOf,
  type Family,
  type PageRow,
} from './metrics-page.ts';
import { WatchProcess } from './watch-world.ts';

const ROUTES = 'route: {receiver: none}\nreceivers: [{name: none}]\n';
/** Figures of processes that a test of a minute does not start: by the source alone. */
const ELSEWHERE: readonly (readonly [start: string, where: string])[] = [
  ['mon_kafka_', 'Kafka'],
  ['mon_agent_', 'agent'],
  ['mon_query_cache_connected', 'Redis'],
  ['mon_door_refused_total', 'door'],
  ['mon_statsd_', 'StatsD'],
];

describe('the figures of every process', () => {
  const found = new Map<string, readonly Family[]>();

  before(async () => {
    await single();
    await cluster();
  });

  async function single(): Promise<void> {
    const folder = await MonFolder.make();
    const hook = createServer((_request, response) => response.end());
    try {
      const routes = await folder.file('routes.yml', ROUTES);
      const mon = await folder.start('mon: {host_agent: false}\n', ['--routes', routes]);
      const state = join(folder.path, 'watch.json');
      const tell = ['--tell', 'http://127.0.0.1:1/hook', '--every', '500ms'];
      const watcher = await WatchProcess.start(['--url', mon.url, '--state', state, ...tell]);
      await fetch(`${mon.url}/api/v1/query?query=up`);
      found.set('up', familiesOf(await (await fetch(`${mon.url}/metrics`)).text()));
      // The first round has checks to tell of.
      for (let i = 0; i < 40; i++) {
        const text = await (await fetch(`${watcher.url}/metrics`)).text();
        found.set('watch', familiesOf(text));
        if (text.includes('mon_watch_check_seconds')) break;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      await watcher.end('SIGTERM');
    } finally {
      hook.close();
      await folder.remove();
    }
  }

  async function cluster(): Promise<void> {
    const world = await ClusterWorld.start(1);
    try {
      await world.ready();
      const { dataDir } = world.folder;
      const token = (await readFile(join(dataDir, 'cluster-token'), 'utf8')).trim();
      for (const { role, member } of await world.roles()) {
        const address = { path: join(dataDir, 'run', `${member}.sock`) };
        const link = new RemoteLink({ address, token, service: 'metrics', clock: systemClock });
        found.set(role, familiesOf((await link.call('render', [])) as string));
        link.close();
      }
    } finally {
      await world.remove();
    }
  }

  after(() => found.clear());

  it('have words, types and standard names', () => {
    for (const families of found.values()) families.forEach(assertNamed);
  });

  it('are there in every role', () => {
    for (const role of ['up', 'watch', 'log', 'store', 'query', 'collector', 'api']) {
      const names = found.get(role)?.map(({ name }) => name) ?? [];
      assert.ok(names.includes('process_resident_memory_bytes'), role);
      assert.ok(
        names.some((name) => name.startsWith('mon_') && name !== 'mon_build_info'),
        role,
      );
    }
  });

  it('are those of docs/metrics.md', async () => {
    const rows = new Map<string, PageRow>();
    for (const [role, families] of found) {
      for (const family of families) {
        const known = rows.get(family.name);
        if (known !== undefined) assert.equal(known.help, family.help, family.name);
        rows.set(family.name, { ...family, where: [...(known?.where ?? []), role] });
      }
    }
    for (const [name, help] of namesInSource()) {
      const where = ELSEWHERE.find(([start]) => name.startsWith(start))?.[1];
      if (where === undefined || rows.has(name)) continue;
      rows.set(name, { name, type: typeOf(name), help, where: [where] });
    }
    const sorted = [...rows.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    if (process.env['MON_GOLDEN'] === 'write') await writeFile(PAGE, pageWith(sorted));
    assert.deepEqual(readPage(), sorted, 'MON_GOLDEN=write writes the table anew');
  });
});
