// A server over real Kafka under writes, while brokers are killed, paused and started again and the
// server itself is killed; then the ledger: what was acknowledged is there once. Easy to get wrong:
// what lies in the spool is acknowledged and not readable yet, so the ledger waits for it.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import type { KafkaCluster } from '../kafka/cluster.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { runCli } from '../support/run-cli.ts';
import { Ledger } from './ledger.ts';

const DRAIN_MS_MAX = 60_000;
const SENDERS = 2;

/** What is done to brokers or server while writes go on. */
export type Trouble = (kafka: KafkaCluster, mon: MonProcess) => Promise<void>;

export class KafkaLedger {
  readonly kafka: KafkaCluster;
  readonly ledger: Ledger;
  readonly #dataDir: string;
  readonly #port: number;
  readonly #config: string;
  #mon: MonProcess | undefined;

  private constructor(kafka: KafkaCluster, ledger: Ledger, dataDir: string, port: number) {
    this.kafka = kafka;
    this.ledger = ledger;
    this.#dataDir = dataDir;
    this.#port = port;
    this.#config = join(dataDir, 'mon.yml');
  }

  /** Makes the topics by `mon kafka init` and starts a server. */
  static async make(kafka: KafkaCluster, seed: number, spoolSize = '64MB'): Promise<KafkaLedger> {
    const replication = String(kafka.brokers.length);
    const topic = `ledger.${process.pid}.${seed}`;
    const init = ['kafka', 'init', '--brokers', kafka.bootstrap, '--topic', topic];
    const made = await runCli([...init, '--partitions', '6', '--replication', replication]);
    assert.equal(made.code, 0, made.stdout + made.stderr);
    const dataDir = await mkdtemp(join(tmpdir(), 'mon-kafka-ledger-'));
    const ledger = new Ledger(20, Date.now() - 864_000_000, seededRandom(seed));
    const one = new KafkaLedger(kafka, ledger, dataDir, await freePort());
    const at = `brokers: "${kafka.bootstrap}", topic: ${topic}, spool_size: ${spoolSize}`;
    const own = 'checkpoint_interval: 1s, host_agent: false, self_scrape: false';
    await writeFile(one.#config, `mon: { ${own}, kafka: { ${at} } }\n`);
    await one.#start();
    return one;
  }

  async #start(): Promise<MonProcess> {
    this.#mon = await startMon({
      ...{ dataDir: this.#dataDir, port: this.#port, config: this.#config },
    });
    return this.#mon;
  }

  /** Writes while the trouble lasts, then checks; answers how many samples were acknowledged. */
  async round(trouble: Trouble): Promise<number> {
    const mon = this.#mon ?? (await this.#start());
    const before = acknowledged(this.ledger);
    const stop = new AbortController();
    const options = { signal: stop.signal, refusals: true };
    const senders = Promise.all(
      Array.from({ length: SENDERS }, () => this.ledger.sendUntilGone(mon.url, options)),
    );
    try {
      await pause(300);
      await trouble(this.kafka, mon);
    } finally {
      stop.abort();
      await senders;
    }
    const gone = mon.child.exitCode !== null || mon.child.signalCode !== null;
    const now = gone ? await this.#start() : mon;
    await this.#drained(now);
    await this.ledger.check(now.url);
    return acknowledged(this.ledger) - before;
  }

  /** A figure of the server's own. */
  async figure(name: string): Promise<number> {
    assert.ok(this.#mon, 'the server runs');
    const text = await fetch(`${this.#mon.url}/metrics`).then((answer) => answer.text());
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  }

  async #drained(mon: MonProcess): Promise<void> {
    const deadline = performance.now() + DRAIN_MS_MAX;
    while ((await this.figure('mon_kafka_spool_bytes')) > 0) {
      assert.ok(performance.now() < deadline, `the spool is not drained: ${mon.output()}`);
      await pause(100);
    }
  }

  output(): string {
    return this.#mon?.output() ?? '';
  }

  async remove(): Promise<void> {
    const mon = this.#mon;
    if (mon && mon.child.exitCode === null && mon.child.signalCode === null) {
      await mon.end('SIGKILL');
    }
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}

function acknowledged(ledger: Ledger): number {
  return ledger.acked.reduce((sum, { size }) => sum + size, 0);
}
