// The system in one of its forms, for tests that have to hold in all of them: one process, a
// cluster of processes, and either over real Kafka. Easy to get wrong: a killed server of one
// process has to be started again by the test; a cluster's supervisor does that by itself.
import { strict as assert } from 'node:assert';
import type { KafkaCluster } from '../kafka/cluster.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { ClusterWorld } from './cluster-world.ts';
import { freshTopics } from './kafka-topics.ts';
import { MonFolder } from './mon-folder.ts';

export type Form = 'one process' | 'a cluster';

export interface FormOptions {
  readonly form: Form;
  /** The log is there instead of embedded. */
  readonly kafka?: KafkaCluster | undefined;
  /** What stands below `mon:`, as one line of YAML without its braces. */
  readonly config?: string;
  readonly args?: readonly string[];
  readonly stores?: number;
  readonly collectors?: number;
  readonly partitions?: number;
  /** Brokers as the processes are to know them; those of `kafka` by default. */
  readonly brokers?: string;
  readonly spoolSize?: string;
}

export class FormWorld {
  readonly form: Form;
  readonly cluster: ClusterWorld | undefined;
  readonly #folder: MonFolder | undefined;
  readonly #again: (() => Promise<MonProcess>) | undefined;
  #mon: MonProcess;

  private constructor(
    options: FormOptions,
    mon: MonProcess,
    more: { cluster?: ClusterWorld; folder?: MonFolder; again?: () => Promise<MonProcess> },
  ) {
    this.form = options.form;
    this.#mon = mon;
    this.cluster = more.cluster;
    this.#folder = more.folder;
    this.#again = more.again;
  }

  static async start(options: FormOptions): Promise<FormWorld> {
    const { form, kafka, args = [], stores = 2, collectors = 1 } = options;
    const lines = ['host_agent: false', 'self_scrape: false'];
    if (options.config !== undefined) lines.push(options.config);
    if (kafka !== undefined) {
      const { bootstrap } = kafka;
      const wish = { ...options, bootstrap, replication: kafka.brokers.length };
      lines.push(`kafka: ${await freshTopics(wish)}`);
    }
    const config = `mon: {${lines.join(', ')}}\n`;
    if (form === 'a cluster') {
      const cluster = await ClusterWorld.start(stores, { collectors, config, args });
      return new FormWorld(options, cluster.mon, { cluster });
    }
    const folder = await MonFolder.make();
    const port = await freePort();
    const path = await folder.file('mon.yml', config);
    const again = (): Promise<MonProcess> =>
      startMon({ dataDir: folder.dataDir, port, config: path, args });
    try {
      return new FormWorld(options, await again(), { folder, again });
    } catch (thrown) {
      await folder.remove();
      throw thrown;
    }
  }

  get url(): string {
    return this.#mon.url;
  }

  /** Where its configuration lies, and its data below it. */
  get folder(): MonFolder {
    const folder = this.cluster?.folder ?? this.#folder;
    assert.ok(folder, 'a world has its folder');
    return folder;
  }

  output(): string {
    return this.#mon.output();
  }

  /** What can be killed by name. */
  async members(): Promise<string[]> {
    if (this.cluster === undefined) return ['mon'];
    return (await this.cluster.roles()).map(({ member }) => member);
  }

  /** Kills a process with -9; it is being started again when this resolves. */
  async kill(member: string): Promise<void> {
    if (this.cluster !== undefined) return this.cluster.kill(member);
    assert.equal(await this.#mon.end('SIGKILL'), 'SIGKILL');
    assert.ok(this.#again, 'a process can be started again');
    this.#mon = await this.#again();
  }

  /** Waits until all is ready. */
  async ready(): Promise<void> {
    await this.cluster?.ready();
  }

  async remove(): Promise<void> {
    if (this.cluster !== undefined) return this.cluster.remove();
    const { child } = this.#mon;
    if (child.exitCode === null && child.signalCode === null) await this.#mon.end('SIGKILL');
    await this.#folder?.remove();
  }
}
