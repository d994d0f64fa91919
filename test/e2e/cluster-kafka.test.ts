// A cluster over three real brokers under a ledger: each trouble once. Nothing acknowledged is
// lost, nothing is there twice, and the rollups count each sample once.
import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'node:test';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { brokersKilled, diskWiped, killOf, memberComes, wiresCut } from './cluster-kafka.ts';
import type { Trouble } from './cluster-kafka.ts';
import { FormLedger } from './form-ledger.ts';

const SEED = 11;

describe('a cluster over three brokers', { skip: lacksKafka() }, () => {
  let kafka: KafkaCluster;
  let one: FormLedger;
  before(async () => {
    kafka = await KafkaCluster.start({ brokers: 3, wired: true });
    const form = { form: 'a cluster', kafka, brokers: kafka.wired, stores: 2 } as const;
    one = await FormLedger.start(form, SEED);
  });
  after(async () => {
    await one?.remove();
    await kafka?.stop();
  });

  const round = async ({ name, make }: Trouble): Promise<number> => one.round(name, make);

  it('loses nothing when its processes are killed', async () => {
    for (const member of ['store-0', 'api', 'state']) await round(killOf(one, member));
    assert.ok(one.acknowledged > 0, 'writes went on');
  });

  it('loses nothing when a broker is killed, and when two are', async () => {
    const parts = { kafka, one };
    assert.ok((await round(brokersKilled(parts, [1], 3000))) > 0, 'one of three is not missed');
    await round(brokersKilled(parts, [2, 3], 4000));
  });

  it('loses nothing when the network to Kafka is cut', async () => {
    await round(wiresCut({ kafka, one }, 'cut', [1, 2, 3], 4000));
    assert.ok((await one.figure('mon_kafka_spooled_total')) > 0, 'the spool was used');
  });

  it('rebuilds a store whose disk was wiped', async () => {
    await round(diskWiped({ one }, 'store-1'));
    await one.checkAlone(['store-1']);
  });

  it('loses nothing when a store joins and leaves', async () => {
    await round(memberComes({ one }, 'a', 2000));
    await one.checkAlone(['store-0']);
  });

  it('has rolled up each sample once', async () => {
    assert.ok((await one.checkRollups()) > 0);
  });
});
