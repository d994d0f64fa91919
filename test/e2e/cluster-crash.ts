// Kills the processes of a cluster at random under remote writes and holds it to the ledger: what
// was acknowledged is there, once. The short suite kills a few, the long one thirty.
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { ClusterWorld } from './cluster-world.ts';
import { Ledger } from './ledger.ts';

export interface ClusterCrashReport {
  readonly killed: readonly string[];
  readonly acknowledged: number;
  readonly refused: number;
}

const CONFIG = 'mon: { checkpoint_interval: 1s, host_agent: false, self_scrape: false }\n';

export async function clusterCrash(rounds: number, seed: number): Promise<ClusterCrashReport> {
  const random = seededRandom(seed);
  const ledger = new Ledger(20, Date.now() - 864_000_000, random);
  const killed: string[] = [];
  let acknowledged = 0;
  let refused = 0;
  const world = await ClusterWorld.start(3, { config: CONFIG });
  try {
    const members = (await world.roles()).map(({ member }) => member);
    for (let round = 0; round < rounds; round++) {
      let over = false;
      const send = (): Promise<number> => ledger.sendWhile(world.url, () => !over);
      const senders = [send(), send()];
      await pause(100 + random() * 500);
      // Each role in turn first, so that a short run kills every kind; then by chance.
      const at = round < members.length ? round : Math.floor(random() * members.length);
      killed.push(members[at]);
      await world.kill(members[at]);
      await pause(200 + random() * 1000);
      over = true;
      refused += (await Promise.all(senders)).reduce((sum, one) => sum + one, 0);
      await world.ready();
      try {
        acknowledged = await ledger.check(world.url);
      } catch (thrown) {
        const words = `seed ${seed}, round ${round}, killed ${killed.join(', ')}`;
        throw new Error(`${words}: ${String(thrown)}`, { cause: thrown });
      }
    }
    assert.ok(acknowledged > 0);
  } finally {
    await world.remove();
  }
  return { killed, acknowledged, refused };
}
