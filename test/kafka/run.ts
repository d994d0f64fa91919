// `npm run kafka -- up [1|3]`, `status`, `down`: real Apache Kafka on this machine, for trying mon
// by hand. What runs is written down beside the cached jars. Easy to get wrong: `down` ends only
// the processes that `up` wrote down, and only while they are still Kafka.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { KafkaCluster } from './cluster.ts';
import { cacheFolder, lacksKafka } from './jars.ts';

interface Running {
  readonly bootstrap: string;
  readonly brokers: readonly { readonly id: number; readonly port: number; readonly pid: number }[];
}

const folder = join(cacheFolder(), 'running');
const file = join(folder, 'running.json');

function running(): Running | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Running) : undefined;
}

function isKafka(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kafka.Kafka');
  } catch {
    return false;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function up(brokers: string): Promise<number> {
  if (brokers !== '1' && brokers !== '3') return usage();
  const why = lacksKafka();
  if (why !== undefined) return say(1, why);
  const before = running();
  if (before?.brokers.some(({ pid }) => isKafka(pid)) === true) {
    return say(1, `Kafka runs already: ${before.bootstrap}`);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const count = brokers === '1' ? 1 : 3;
  const cluster = await KafkaCluster.start({ brokers: count, folder, detached: true });
  const { bootstrap } = cluster;
  const told = cluster.brokers.map(({ id, port, pid }) => ({ id, port, pid }));
  writeFileSync(file, JSON.stringify({ bootstrap, brokers: told }));
  const replication = count === 1 ? ' --replication 1' : '';
  say(0, `Kafka runs: ${bootstrap}`);
  return say(0, `make the topics with: mon kafka init --brokers ${bootstrap}${replication}`);
}

async function down(): Promise<number> {
  const now = running();
  if (now === undefined) return say(0, 'Kafka does not run');
  for (const { pid } of now.brokers) if (isKafka(pid)) process.kill(pid, 'SIGTERM');
  for (let i = 0; i < 200 && now.brokers.some(({ pid }) => isKafka(pid)); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const { pid } of now.brokers) if (isKafka(pid)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  return say(0, 'Kafka is stopped, and its data is gone');
}

async function status(): Promise<number> {
  const now = running();
  if (now === undefined) return say(1, 'Kafka does not run');
  let bad = 0;
  for (const { id, port, pid } of now.brokers) {
    const well = isKafka(pid) && (await listens(port));
    if (!well) bad++;
    say(0, `broker ${id} 127.0.0.1:${port} pid ${pid} ${well ? 'runs' : 'is gone'}`);
  }
  return bad === 0 ? 0 : 1;
}

function usage(): number {
  return say(2, 'usage: npm run kafka -- up [1|3] | down | status');
}

function say(code: number, line: string): number {
  (code === 0 ? process.stdout : process.stderr).write(`${line}\n`);
  return code;
}

const [verb = '', argument = '1'] = process.argv.slice(2);
const work = { up: () => up(argument), down, status }[verb] ?? (async () => usage());
process.exitCode = await work();
