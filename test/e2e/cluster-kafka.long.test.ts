// Thirty kills by chance, and more, for a cluster over three real brokers, under a ledger: every
// process is killed, brokers are killed one and two at a time, wires are cut and hang, a disk is
// wiped, stores come and go. Easy to get wrong: a trouble that came while the last one still showed
// would hide which of them lost something, so that each round is checked.
import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'node:test';
import { KafkaCluster } from '../kafka/cluster.ts';
import { lacksKafka } from '../kafka/jars.ts';
import { brokersKilled, diskWiped, killEach, memberComes, wiresCut } from './cluster-kafka.ts';
import type { Trouble } from './cluster-kafka.ts';
import { FormLedger } from './form-ledger.ts';

const SEED = Number(process.env['MON_TEST_SEED'] ?? 20);
const KILLS = 30;

describe('a cluster over three brokers, thirty kills', { skip: lacksKafka() }, () => {
  let kafka: KafkaCluster;
  let one: FormLedger;
  before(async () => {
    kafka = await KafkaCluster.start({ brokers: 3, wired: true });
    const form = { form: 'a cluster', kafka, brokers: kafka.wired, stores: 2 } as const;
    // With the rules that ship with mon, so that there is a process that evaluates them.
    one = await FormLedger.start({ ...form, collectors: 2, config: 'default_rules: true' }, SEED);
  });
  after(async () => {
    await one?.remove();
    await kafka?.stop();
  });

  it('loses nothing and counts nothing twice', async (t) => {
    const parts = { kafka, one };
    const kills = await killEach(parts);
    const others: Trouble[] = [
      ...[1, 2, 3].map((id) => brokersKilled(parts, [id], 3000)),
      brokersKilled(parts, [1, 2], 4000),
      brokersKilled(parts, [2, 3], 4000),
      wiresCut(parts, 'cut', [1, 2, 3], 4000),
      wiresCut(parts, 'cut', [1, 3], 4000),
      wiresCut(parts, 'hang', [1, 2, 3], 4000),
      diskWiped(parts, 'store-0'),
      diskWiped(parts, 'store-1'),
      memberComes(parts, 'a', 2000),
    ];
    // Each kind once, then kills by chance.
    const list = [...kills, ...others];
    for (let i = kills.length; i < KILLS; i++) {
      list.push(kills[Math.floor(one.random() * kills.length)]);
    }
    for (const { name, make } of list) {
      const taken = await one.round(name, make);
      t.diagnostic(`${name}: ${taken} samples acknowledged meanwhile`);
    }
    for (const member of ['store-0', 'store-1']) await one.checkAlone([member]);
    const rolled = await one.checkRollups();
    t.diagnostic(`${one.acknowledged} acknowledged, ${rolled} in rollups`);
    assert.ok(rolled >= one.acknowledged);
  });

  it('loses nothing while members come and go for a minute', async () => {
    await one.round('members come and go', async () => {
      for (let i = 0; i < 8; i++) await memberComes({ one }, 'ab'[i % 2], 4000).make();
    });
    for (const member of ['store-0', 'store-1']) await one.checkAlone([member]);
  });
});
