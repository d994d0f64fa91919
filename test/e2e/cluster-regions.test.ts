// Regions of a cluster: the role `region` takes the mirrored topic of a region in, and whoever of
// the processes is killed meanwhile, nothing of it is lost and nothing is there twice. Here the
// region writes the topic itself, as MirrorMaker would leave it.
import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { until } from '../support/until.ts';
import { ClusterWorld } from './cluster-world.ts';
import { freshTopics } from './kafka-topics.ts';
import { MonFolder, numberOf, writeSamples } from './mon-folder.ts';

const QUIET = 'host_agent: false, self_scrape: false, default_rules: false';
const SERIES = 5;
const WAIT_MS = 90_000;

let kafka: KafkaCluster;
let folder: MonFolder;
let eu: MonProcess;
let world: ClusterWorld;
let sent = 0;

async function write(): Promise<void> {
  const samples = [{ timestamp: Date.now(), value: sent }];
  const series = Array.from({ length: SERIES }, (_, i) => {
    return { labels: { __name__: 'orders', shop: `s${i}`, region: 'own' }, samples };
  });
  assert.equal((await writeSamples(eu.url, series)).status, 204);
  sent++;
}

async function held(): Promise<number> {
  const asked = 'sum(count_over_time(orders{region="eu",exported_region="own"}[1h]))';
  return (await numberOf(world.url, asked)) || 0;
}

async function untilHeld(): Promise<void> {
  const whole = async (): Promise<boolean> => {
    const now = await held();
    assert.ok(now <= sent * SERIES, `${now} of ${sent * SERIES}: something is there twice`);
    return now === sent * SERIES;
  };
  await until('all of the region is there', whole, { ms: WAIT_MS, seen: held });
}

describe('regions of a cluster', { skip: lacksKafka() }, () => {
  before(async () => {
    kafka = await KafkaCluster.start({ brokers: 1 });
    folder = await MonFolder.make();
    const { bootstrap } = kafka;
    const own = await freshTopics({ bootstrap, replication: 1, partitions: 3 });
    const [, topic] = /topic: ([^,]+),/.exec(own) as unknown as [string, string];
    const config = await folder.file('eu.yml', `mon: {${QUIET}, kafka: ${own}}\n`);
    eu = await startMon({ dataDir: folder.dataDir, port: await freePort(), config });
    const regions = `{kafka: {brokers: "${bootstrap}"}, from: {eu: ${topic}}}`;
    world = await ClusterWorld.start(2, { config: `mon: {${QUIET}, regions: ${regions}}\n` });
    await world.ready();
  });
  after(async () => {
    await world?.remove();
    await eu?.end('SIGKILL');
    await kafka?.stop();
    await folder?.remove();
  });

  it('takes a region in, with its label', async () => {
    for (let i = 0; i < 10; i++) await write();
    await untilHeld();
    assert.equal((await world.role('region')).state, 'ready');
  });

  for (const member of ['region', 'log', 'store-0']) {
    it(`loses and doubles nothing when ${member} is killed`, async () => {
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 5; i++) {
          await write();
          await pause(100);
        }
        await world.kill(member);
        await write();
      }
      await world.ready();
      await untilHeld();
      await pause(2000);
      await untilHeld();
    });
  }

  it('goes on when it slept through its turn', async () => {
    const thaw = await world.freeze('region');
    for (let i = 0; i < 5; i++) {
      await write();
      await pause(800);
    }
    thaw();
    for (let i = 0; i < 5; i++) await write();
    await untilHeld();
  });
});
