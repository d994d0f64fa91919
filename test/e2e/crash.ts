// Kills a real server at random moments under remote writes, restarts it on the same folder and
// holds it to the ledger. What is written is days old, and sealing is set to a fraction of a
// second, so that kills fall into seals and compactions too. Easy to get wrong: a rig in which no
// block was ever made proves nothing, so it reports how many were.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inspectFolder, verifyFolder } from '../../src/engine/daemons/store-files.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { Ledger } from './ledger.ts';

export interface CrashReport {
  readonly kills: number;
  readonly acknowledged: number;
  /** Blocks that were ever made, sealed or joined, and the highest level among those left. */
  readonly blocks: number;
  readonly level: number;
}

/** All of the ledger is read back after so many kills; else its newest part and all counts. */
const WHOLE_EVERY = 25;
const CONFIG = 'mon: {checkpoint_interval: 1s, seal_interval: 100ms, host_agent: false}\n';

export async function crash(kills: number, seed: number): Promise<CrashReport> {
  const random = seededRandom(seed);
  const dataDir = await mkdtemp(join(tmpdir(), 'mon-crash-'));
  const port = await freePort();
  const config = join(dataDir, 'crash.yml');
  await writeFile(config, CONFIG);
  const ledger = new Ledger(20, Date.now() - 864_000_000, random);
  let acknowledged = 0;
  try {
    for (let kill = 0; kill <= kills; kill++) {
      const mon = await startMon({ dataDir, port, config });
      try {
        const whole = kill === kills || kill % WHOLE_EVERY === 0;
        acknowledged = await ledger.check(mon.url, whole);
        if (kill === kills) {
          await mon.end('SIGTERM');
          break;
        }
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
    return { kills, acknowledged, ...(await blocksOf(dataDir)) };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Names of blocks end in a number that grows with each file of a partition. */
async function blocksOf(dataDir: string): Promise<Pick<CrashReport, 'blocks' | 'level'>> {
  const { partitions, problems } = await inspectFolder(dataDir);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  for await (const { name, failures } of verifyFolder(dataDir)) {
    if (failures.length > 0) throw new Error(`${name}: ${failures.join('; ')}`);
  }
  const sequenceOf = (name: string): number => Number(/-(\d+)\.block$/.exec(name)?.[1]);
  const made = partitions.map(({ blocks }) =>
    Math.max(0, ...blocks.map(({ name }) => sequenceOf(name))),
  );
  const levels = partitions.flatMap(({ blocks }) => blocks.map(({ level }) => level));
  return { blocks: made.reduce((sum, one) => sum + one, 0), level: Math.max(0, ...levels) };
}
