// Two regions over Kafka of their own and a global stack over a third, joined by a real
// MirrorMaker 2 with the files that `mon region init` writes: one region dies, the other goes on,
// it comes back and catches up, MirrorMaker itself is killed; nothing is lost and nothing is there
// twice.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { MirrorMaker } from '../kafka/mirror-maker.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { endsBySelf, MonFolder, numberOf, writeSamples } from './mon-folder.ts';

const skip = lacksKafka();
const REGIONS = ['eu', 'us'] as const;
type Name = (typeof REGIONS)[number] | 'global';
const QUIET = '  host_agent: false\n  self_scrape: false\n  default_rules: false\n';
const CATCH_UP_MS = 90_000;

describe('regions over MirrorMaker 2', { skip }, () => {
  let folder: MonFolder;
  const kafka = new Map<Name, KafkaCluster>();
  const mon = new Map<Name, MonProcess>();
  const sent = new Map<Name, number>(REGIONS.map((name) => [name, 0]));
  let mirror: MirrorMaker;
  const urlOf = (name: Name): string => (mon.get(name) as MonProcess).url;

  const start = async (name: Name): Promise<void> => {
    const file = name === 'global' ? 'global.yml' : `region-${name}.yml`;
    const config = join(folder.path, file);
    const dataDir = join(folder.path, `data-${name}`);
    mon.set(name, await startMon({ dataDir, port: await freePort(), config }));
  };
  const startMirror = (): void => {
    mirror = new MirrorMaker(
      join(folder.path, 'mirror-maker.properties'),
      join(folder.path, 'mirror.log'),
    );
  };
  /** One sample of each of five series, at a time of its own. */
  const write = async (name: Name): Promise<void> => {
    const value = sent.get(name) as number;
    const samples = [{ timestamp: Date.now(), value }];
    const series = Array.from({ length: 5 }, (_, i) => {
      return { labels: { __name__: 'orders', shop: `s${i}`, region: 'own' }, samples };
    });
    assert.equal((await writeSamples(urlOf(name), series)).status, 204);
    sent.set(name, value + 1);
  };
  /** Samples of a region that the global stack has, and that each is there once. */
  const held = async (name: Name): Promise<number> => {
    const query = `sum(count_over_time(orders{region="${name}"}[1h]))`;
    return (await numberOf(urlOf('global'), query)) || 0;
  };
  const untilHeld = async (name: Name): Promise<void> => {
    const deadline = performance.now() + CATCH_UP_MS;
    for (;;) {
      const wanted = (sent.get(name) as number) * 5;
      const now = await held(name);
      assert.ok(now <= wanted, `${name}: ${now} of ${wanted}: something is there twice`);
      if (now === wanted) return;
      if (performance.now() > deadline) {
        assert.fail(
          `${name}: ${now} of ${wanted}\n${mirror.logs()}\n${mon.get('global')?.output()}`,
        );
      }
      await pause(500);
    }
  };
  const figure = async (name: Name, metric: string): Promise<number> => {
    const text = await (await fetch(`${urlOf('global')}/metrics`)).text();
    const found = new RegExp(`^${metric}\\{region="${name}"\\} (\\S+)$`, 'm').exec(text);
    return Number(found?.[1]);
  };

  before(async () => {
    folder = await MonFolder.make();
    for (const name of [...REGIONS, 'global'] as const) {
      const one = await KafkaCluster.start({ brokers: 1 });
      kafka.set(name, one);
      const init = ['kafka', 'init', '--brokers', one.bootstrap, '--partitions', '3'];
      const made = await endsBySelf([...init, '--replication', '1']);
      assert.equal(made.code, 0, made.stdout + made.stderr);
    }
    const brokers = (name: Name): string => (kafka.get(name) as KafkaCluster).bootstrap;
    const regions = REGIONS.flatMap((name) => ['--region', `${name}=${brokers(name)}`]);
    const files = ['--dir', folder.path, '--replication', '1'];
    const global = ['--global', brokers('global')];
    const made = await endsBySelf(['region', 'init', ...regions, ...global, ...files]);
    assert.equal(made.code, 0, made.stdout + made.stderr);
    for (const name of [...REGIONS.map((one) => `region-${one}`), 'global']) {
      const path = join(folder.path, `${name}.yml`);
      const checked = await endsBySelf(['config', 'check', path]);
      assert.equal(checked.code, 0, checked.stdout + checked.stderr);
      writeFileSync(path, readFileSync(path, 'utf8').replace('mon:\n', `mon:\n${QUIET}`));
    }
    startMirror();
    await Promise.all([...REGIONS, 'global'].map((name) => start(name as Name)));
  });
  after(async () => {
    await mirror?.kill();
    await Promise.all([...mon.values()].map((one) => one.end('SIGKILL')));
    await Promise.all([...kafka.values()].map((one) => one.stop()));
    await folder?.remove();
  });

  it('shows samples of all regions, each with its label', async () => {
    for (let i = 0; i < 10; i++) await Promise.all(REGIONS.map(write));
    await Promise.all(REGIONS.map(untilHeld));
    const own = await numberOf(urlOf('global'), 'count(orders{exported_region="own"})');
    assert.equal(own, 10, "a region's own label of that name is kept");
    for (const name of REGIONS) {
      assert.ok((await figure(name, 'mon_region_lag_seconds')) < 60, name);
      assert.equal(await figure(name, 'mon_region_lost_total'), 0);
    }
  });

  it('goes on with one region while another is dead, and tells how old that one is', async () => {
    const { pid } = mon.get('us') as MonProcess;
    process.kill(pid, 'SIGKILL');
    await kafka.get('us')?.killBroker(1);
    const before = await figure('us', 'mon_region_lag_seconds');
    for (let i = 0; i < 10; i++) {
      await write('eu');
      await pause(300);
    }
    await untilHeld('eu');
    assert.ok((await figure('us', 'mon_region_lag_seconds')) > before + 2, 'its lag grows');
  });

  it('catches up with a region that comes back', async () => {
    await kafka.get('us')?.startBroker(1);
    await start('us');
    for (let i = 0; i < 5; i++) await Promise.all(REGIONS.map(write));
    await Promise.all(REGIONS.map(untilHeld));
  });

  it('loses and doubles nothing when MirrorMaker and the global stack are killed', async () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 5; i++) await Promise.all(REGIONS.map(write));
      await mirror.kill();
      await mon.get('global')?.end('SIGKILL');
      for (let i = 0; i < 5; i++) await Promise.all(REGIONS.map(write));
      startMirror();
      await start('global');
    }
    await Promise.all(REGIONS.map(untilHeld));
    await pause(3000);
    await Promise.all(REGIONS.map(untilHeld));
    const lost = await Promise.all(REGIONS.map((name) => figure(name, 'mon_region_lost_total')));
    assert.deepEqual(lost, [0, 0]);
  });
});
