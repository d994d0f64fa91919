// Real Apache Kafka for tests: one or three brokers in KRaft mode on free ports of this machine,
// which can be killed, paused and started again one by one. Easy to get wrong: a test that dies
// must not leave brokers behind, so each Java process has a shell beside it that ends it when the
// test's end of a pipe is closed.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { kafkaJars } from './jars.ts';

/** A broker that was killed reads its log again, on a machine that is busy with others. */
const START_MS_MAX = 120_000;
const HEAP = ['-Xms64m', '-Xmx320m'];
/** Quick to start and little of the machine; a bench may leave it out. */
const LIGHT = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];

export interface ClusterOptions {
  readonly brokers: 1 | 3;
  /** Lines for every broker's properties. */
  readonly properties?: readonly string[];
  /** Another listener on every broker: its protocol, and lines that configure it. */
  readonly secured?: {
    readonly protocol: 'SSL' | 'SASL_PLAINTEXT';
    readonly properties: readonly string[];
  };
  /** A listener on every broker that is reached by a wire which a test can cut. */
  readonly wired?: boolean;
  /** Folder of data and logs; a temporary one by default, removed at the end. */
  readonly folder?: string;
  /** Brokers go on when this process has ended. */
  readonly detached?: boolean;
}

export interface Broker {
  readonly id: number;
  readonly port: number;
  /** Of the other listener, if there is one. */
  readonly securedPort: number;
  readonly folder: string;
  /** The wire to a listener of its own, if there is one, and that listener's port. */
  readonly wire: TcpProxy | undefined;
  readonly wiredPort: number;
  /** Pid of the Java process; 0 while it does not run. */
  pid: number;
  child: ChildProcess | undefined;
}

/** Ports that were free a moment ago; all held at once, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((one) => new Promise((resolve) => one.close(resolve))));
  return ports;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A cluster of one or three brokers. */
export class KafkaCluster {
  readonly brokers: readonly Broker[];
  readonly folder: string;
  readonly #options: ClusterOptions;

  private constructor(options: ClusterOptions, folder: string, brokers: readonly Broker[]) {
    this.#options = options;
    this.folder = folder;
    this.brokers = brokers;
  }

  /** Formats the folders, starts all brokers and waits until each takes connections. */
  static async start(options: ClusterOptions): Promise<KafkaCluster> {
    const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'mon-kafka-'));
    const ports = await freePorts(options.brokers * 5);
    const brokers = Array.from({ length: options.brokers }, (_, i): Broker => {
      const own = join(folder, `broker-${i + 1}`);
      mkdirSync(own, { recursive: true });
      const securedPort = ports[options.brokers * 2 + i];
      const wiredPort = ports[options.brokers * 3 + i];
      const wire =
        options.wired === true
          ? new TcpProxy(ports[options.brokers * 4 + i], wiredPort)
          : undefined;
      const at = { port: ports[i], securedPort, folder: own, wire, wiredPort };
      return { id: i + 1, ...at, pid: 0, child: undefined };
    });
    const cluster = new KafkaCluster(options, folder, brokers);
    cluster.#configure(ports.slice(options.brokers, options.brokers * 2));
    cluster.#format();
    await Promise.all(brokers.map(({ wire }) => wire?.open()));
    await Promise.all(brokers.map((broker) => cluster.startBroker(broker.id)));
    return cluster;
  }

  /** host:port of every broker, as a client is given them. */
  get bootstrap(): string {
    return this.brokers.map(({ port }) => `127.0.0.1:${port}`).join(',');
  }

  /** The same by the wires that can be cut. */
  get wired(): string {
    return this.brokers.map(({ wire }) => `127.0.0.1:${wire?.port ?? 0}`).join(',');
  }

  broker(id: number): Broker {
    const found = this.brokers.find((one) => one.id === id);
    if (found === undefined) throw new Error(`there is no broker ${id}`);
    return found;
  }

  async startBroker(id: number): Promise<void> {
    const broker = this.broker(id);
    const args = [...HEAP, ...LIGHT, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
    args.push('-cp', `${kafkaJars()}/*`, 'kafka.Kafka', join(broker.folder, 'server.properties'));
    const output = openSync(join(broker.folder, 'server.log'), 'a');
    const { detached = false } = this.#options;
    if (detached) {
      const child = spawn('java', args, { detached, stdio: ['ignore', output, output] });
      child.unref();
      broker.pid = child.pid ?? 0;
    } else {
      // The shell waits for its input to end, which is when this process has died, too.
      const script =
        'exec 3<&0; java "$@" </dev/null 3<&- & echo $! >&1; read -r _ <&3; kill -9 $!';
      const stdio: ['pipe', 'pipe', number] = ['pipe', 'pipe', output];
      const redirected = script.replace('3<&- &', '3<&- >&2 &');
      const child = spawn('bash', ['-c', redirected, 'kafka', ...args], { stdio });
      child.unref();
      broker.child = child;
      broker.pid = await firstLine(child).then(Number);
    }
    closeSync(output);
    await this.#untilUp(broker);
  }

  /** Kills the broker as a power cut would; its folder stays. */
  async killBroker(id: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const broker = this.broker(id);
    const { pid } = broker;
    if (pid === 0) return;
    broker.pid = 0;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    while (alive(pid)) await sleep(10);
    broker.child?.kill('SIGKILL');
    broker.child = undefined;
  }

  /** Its sockets stay open and nothing is answered until `resumeBroker`. */
  pauseBroker(id: number): void {
    process.kill(this.broker(id).pid, 'SIGSTOP');
  }

  resumeBroker(id: number): void {
    process.kill(this.broker(id).pid, 'SIGCONT');
  }

  /** What the brokers wrote, for a failure's message. */
  logs(): string {
    return this.brokers
      .map(({ id, folder }) => {
        const path = join(folder, 'server.log');
        return `broker ${id}:\n${existsSync(path) ? readFileSync(path, 'utf8').slice(-4000) : ''}`;
      })
      .join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(this.brokers.map(({ id }) => this.killBroker(id)));
    await Promise.all(this.brokers.map(({ wire }) => wire?.cut()));
    if (this.#options.folder === undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  async #untilUp(broker: Broker): Promise<void> {
    const deadline = Date.now() + START_MS_MAX;
    while (!(await answers(broker.port))) {
      if (!alive(broker.pid)) throw new Error(`broker ${broker.id} ended: ${this.logs()}`);
      if (Date.now() > deadline) throw new Error(`broker ${broker.id} is slow: ${this.logs()}`);
      await sleep(50);
    }
  }

  #configure(controllerPorts: readonly number[]): void {
    const voters = this.brokers.map(({ id }, i) => `${id}@127.0.0.1:${controllerPorts[i]}`);
    const replicas = this.brokers.length;
    const insync = Math.max(1, replicas - 1);
    const { secured } = this.#options;
    const controllers = controllerPorts.map((port) => `CONTROLLER://127.0.0.1:${port}`);
    this.brokers.forEach(({ id, port, securedPort, folder, wire, wiredPort }, i) => {
      const wires = wire === undefined ? '' : `,WIRED://127.0.0.1:${wiredPort}`;
      const told = wire === undefined ? '' : `,WIRED://127.0.0.1:${wire.port}`;
      const other = secured ? `,SECURED://127.0.0.1:${securedPort}` : '';
      const plain = wire === undefined ? '' : ',WIRED:PLAINTEXT';
      const protocol = `${plain}${secured ? `,SECURED:${secured.protocol}` : ''}`;
      const lines = [
        'process.roles=broker,controller',
        `node.id=${id}`,
        `controller.quorum.voters=${voters.join(',')}`,
        `listeners=PLAINTEXT://127.0.0.1:${port},${controllers[i]}${wires}${other}`,
        `advertised.listeners=PLAINTEXT://127.0.0.1:${port}${told}${other}`,
        'inter.broker.listener.name=PLAINTEXT',
        'controller.listener.names=CONTROLLER',
        `listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT${protocol}`,
        `log.dirs=${join(folder, 'data')}`,
        `default.replication.factor=${replicas}`,
        `min.insync.replicas=${insync}`,
        `offsets.topic.replication.factor=${replicas}`,
        'offsets.topic.num.partitions=3',
        `transaction.state.log.replication.factor=${replicas}`,
        `transaction.state.log.min.isr=${insync}`,
        `share.coordinator.state.topic.replication.factor=${replicas}`,
        `share.coordinator.state.topic.min.isr=${insync}`,
        'group.initial.rebalance.delay.ms=0',
        'auto.create.topics.enable=false',
        'log.retention.check.interval.ms=1000',
        'num.network.threads=2',
        'num.io.threads=3',
        'log.cleaner.dedupe.buffer.size=2097152',
        ...(this.#options.properties ?? []),
        ...(secured?.properties ?? []),
      ];
      writeFileSync(join(folder, 'server.properties'), lines.join('\n'));
    });
  }

  /** One run of Kafka's own tool; the other brokers get a copy under their own ids. */
  #format(): void {
    const [first, ...others] = this.brokers;
    const properties = join(first.folder, 'server.properties');
    const id = Buffer.from(`mon-${process.pid}-${first.port}`.padEnd(16, '0').slice(0, 16));
    const tool = ['kafka.tools.StorageTool', 'format', '-t', id.toString('base64url')];
    const args = [...LIGHT, '-cp', `${kafkaJars()}/*`, ...tool, '-c', properties];
    const done = spawnSync('java', args, { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`format failed: ${done.stdout}${done.stderr}`);
    for (const broker of others) {
      cpSync(join(first.folder, 'data'), join(broker.folder, 'data'), { recursive: true });
      const meta = join(broker.folder, 'data', 'meta.properties');
      const own = Buffer.from(`mon-folder-${broker.id}`.padEnd(16, '0')).toString('base64url');
      const text = readFileSync(meta, 'utf8')
        .replace(/node\.id=.*/, `node.id=${broker.id}`)
        .replace(/directory\.id=.*/, `directory.id=${own}`);
      writeFileSync(meta, text);
    }
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('error', reject);
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.split('\n')[0]);
    });
  });
}
