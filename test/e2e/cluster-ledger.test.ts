// A cluster on its embedded log under the same ledger as over Kafka: processes are killed, a disk
// is wiped, a store joins and leaves; the rollups of every zone count each sample once.
import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';
import { diskWiped, killOf, memberComes } from './cluster-kafka.ts';
import type { Trouble } from './cluster-kafka.ts';
import { FormLedger } from './form-ledger.ts';

const SEED = 31;

let one: FormLedger;

before(async () => {
  one = await FormLedger.start({ form: 'a cluster', stores: 2 }, SEED);
});
after(async () => {
  await one?.remove();
});

const round = ({ name, make }: Trouble): Promise<number> => one.round(name, make);

test('nothing is lost when processes are killed and a store joins and leaves', async () => {
  for (const member of ['store-0', 'log', 'api']) await round(killOf(one, member));
  await round(memberComes({ one }, 'a', 1000));
  await one.checkAlone(['store-0']);
  assert.ok(one.acknowledged > 0, 'writes went on');
});

test('rollups count each sample once, also those of a disk that was wiped', async () => {
  await round(diskWiped({ one }, 'store-1'));
  for (const member of ['store-0', 'store-1']) await one.checkAlone([member], true);
  assert.ok((await one.checkRollups()) > 0);
});
