// What is done to a cluster over three brokers while a ledger is kept: each kind of process is
// killed, brokers are killed and paused, wires are cut, a store's disk is wiped, members come and
// go. The short suite does each kind once, the long one many by chance. Easy to get wrong: with two
// brokers of three gone nothing can be read or written in Kafka, and what is acknowledged then lies
// in the spool of who took it.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { KafkaCluster } from '../kafka/cluster.ts';
import { projectRoot } from '../support/project.ts';
import type { FormLedger } from './form-ledger.ts';

const JOINS_MS_MAX = 30_000;

export interface Trouble {
  readonly name: string;
  readonly make: () => Promise<void>;
}

interface Cluster {
  readonly one: FormLedger;
}

interface Parts extends Cluster {
  readonly kafka: KafkaCluster;
}

/** Kills a process of each kind, in the order of their start. */
export async function killEach({ one }: Cluster): Promise<Trouble[]> {
  const members = await one.world.members();
  return members.map((member) => killOf(one, member));
}

export function killOf(one: FormLedger, member: string): Trouble {
  return { name: `${member} is killed`, make: () => one.world.kill(member) };
}

/** Kills brokers, waits, and starts them again. */
export function brokersKilled({ kafka }: Parts, ids: readonly number[], ms: number): Trouble {
  return {
    name: `brokers ${ids.join(', ')} are killed`,
    make: async () => {
      await Promise.all(ids.map((id) => kafka.killBroker(id)));
      await pause(ms);
      await Promise.all(ids.map((id) => kafka.startBroker(id)));
    },
  };
}

/** Cuts, or hangs, the wires of the processes to some brokers. */
export function wiresCut(
  { kafka }: Parts,
  how: 'cut' | 'hang',
  ids: readonly number[],
  ms: number,
): Trouble {
  return {
    name: `the wires to ${ids.join(', ')}: ${how}`,
    make: async () => {
      for (const id of ids) await kafka.broker(id).wire?.[how]();
      await pause(ms);
      for (const id of ids) await kafka.broker(id).wire?.open();
    },
  };
}

/** Takes away all that a store has on its disk, then kills it. */
export function diskWiped({ one }: Cluster, member: string): Trouble {
  return {
    name: `the disk of ${member} is wiped`,
    make: async () => {
      const { cluster } = one.world;
      assert.ok(cluster, 'a cluster has stores');
      const folder = join(cluster.folder.dataDir, 'stores', member);
      const { pid } = await cluster.role(member);
      process.kill(pid, 'SIGSTOP');
      // The lock's file goes too: the process that holds it is as good as dead.
      await rm(folder, { recursive: true, force: true });
      await one.world.kill(member);
    },
  };
}

/** A store that joins a zone of the cluster, takes a part of its partitions, and leaves again. */
export function memberComes({ one }: Cluster, zone: string, ms: number): Trouble {
  return {
    name: `a store joins zone ${zone} and leaves`,
    make: async () => {
      const { cluster } = one.world;
      assert.ok(cluster, 'a cluster has zones');
      const { dataDir, path } = cluster.folder;
      const hub = `unix:${join(dataDir, 'run', (await one.world.members())[0])}.sock`;
      const args = ['bin/run.js', 'run', 'store', '--member', 'guest-9', '--zone', zone];
      args.push('--hub', hub, '--config', join(path, 'mon.yml'));
      args.push('--data-dir', join(path, 'guest'), '--objects', join(dataDir, 'objects'));
      args.push('--cluster-token-file', join(dataDir, 'cluster-token'));
      args.push('--zones', await zonesOf(dataDir));
      const child = spawn(process.execPath, args, { cwd: projectRoot, stdio: 'ignore' });
      const ended = once(child, 'exit');
      const head = join(path, 'guest', 'head');
      const deadline = performance.now() + JOINS_MS_MAX;
      while (!existsSync(head) || readdirSync(head).length === 0) {
        assert.ok(performance.now() < deadline, 'it holds partitions');
        await pause(50);
      }
      await pause(ms);
      child.kill('SIGTERM');
      await ended;
      await rm(join(path, 'guest'), { recursive: true, force: true });
    },
  };
}

async function zonesOf(dataDir: string): Promise<string> {
  const text = await readFile(join(dataDir, 'roles.json'), 'utf8');
  const { roles } = JSON.parse(text) as { roles: { role: string }[] };
  const stores = roles.filter(({ role }) => role === 'store').length;
  return ['a', 'b', 'c'].slice(0, stores).join(',');
}
