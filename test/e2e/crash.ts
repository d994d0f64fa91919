// Kills a real server at random moments under remote writes, restarts it on the same folder and
// holds it to the ledger. The short suite kills a few times, the long one fifty and more.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { Ledger } from './ledger.ts';

export interface CrashReport {
  readonly kills: number;
  readonly acknowledged: number;
}

export async function crash(kills: number, seed: number): Promise<CrashReport> {
  const random = seededRandom(seed);
  const dataDir = await mkdtemp(join(tmpdir(), 'mon-crash-'));
  const port = await freePort();
  const config = join(dataDir, 'crash.yml');
  await writeFile(config, 'mon: { checkpoint_interval: 1s, host_agent: false }\n');
  const ledger = new Ledger(20, Date.now() - 864_000_000, random);
  let acknowledged = 0;
  try {
    for (let kill = 0; kill < kills; kill++) {
      const mon = await startMon({ dataDir, port, config });
      try {
        acknowledged = await ledger.check(mon.url);
        const senders = Promise.all([ledger.sendUntilGone(mon.url), ledger.sendUntilGone(mon.url)]);
        await pause(50 + random() * 1500);
        await mon.end('SIGKILL');
        await senders;
      } catch (thrown) {
        mon.child.kill('SIGKILL');
        throw new Error(`seed ${seed}, kill ${kill}: ${String(thrown)}\n${mon.output()}`, {
          cause: thrown,
        });
      }
    }
    const last = await startMon({ dataDir, port });
    acknowledged = await ledger.check(last.url);
    await last.end('SIGTERM');
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  return { kills, acknowledged };
}
