// A folder of one test: mon's data, its configuration, and the servers that were started on it,
// all ended and removed afterwards whatever happened. Also the few questions that every test asks.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startMon } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { runCli } from '../support/run-cli.ts';
import type { CliOptions, CliResult } from '../support/run-cli.ts';
import { WRITE_HEADERS, writeRequestBody } from '../support/write-request.ts';
import type { WriteSeries } from '../support/write-request.ts';
import { freshTopics } from './kafka-topics.ts';
import { ask } from './peer-answers.ts';

/** Nothing but what a test sends: no host agent, no metrics and no rules of its own. */
export const QUIET_CONFIG = 'mon: {host_agent: false, self_scrape: false, default_rules: false}\n';

/** What makes a cluster of the server that a test starts. */
const CLUSTER_ARGS = ['--cluster', '--stores', '3', '--collectors', '2'];

const CLI_MS_MAX = 20_000;

export class MonFolder {
  readonly path: string;
  /** Its topics, where the run of the tests is over Kafka. */
  #kafka: string | undefined;
  readonly #running: MonProcess[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<MonFolder> {
    return new MonFolder(await mkdtemp(join(tmpdir(), 'mon-e2e-')));
  }

  get dataDir(): string {
    return join(this.path, 'data');
  }

  /** Writes a file into the folder and answers its path. */
  async file(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, text);
    return path;
  }

  /** Starts a server on this folder, in the form that the run of the tests is for. */
  async start(config = QUIET_CONFIG, given: readonly string[] = []): Promise<MonProcess> {
    const wanted = process.env['MON_TEST_FORM'] === 'cluster';
    const cluster = wanted && !given.includes('--cluster');
    const args = cluster ? [...given, ...CLUSTER_ARGS] : given;
    const mon = await startMon({
      dataDir: this.dataDir,
      port: await freePort(),
      config: await this.file('mon.yml', await this.#overKafka(config)),
      args,
    });
    this.#running.push(mon);
    return mon;
  }

  /** The configuration with the log in the brokers that the run of the tests is for. */
  async #overKafka(config: string): Promise<string> {
    const bootstrap = process.env['MON_TEST_BROKERS'] ?? '';
    if (bootstrap === '') return config;
    const replication = bootstrap.split(',').length;
    this.#kafka ??= await freshTopics({ bootstrap, replication });
    if (/^mon: *\{/m.test(config)) {
      return config.replace(/^mon: *\{/m, `mon: {kafka: ${this.#kafka}, `);
    }
    const line = `mon:\n  kafka: ${this.#kafka}\n`;
    return /^mon:$/m.test(config) ? config.replace(/^mon:\n/m, line) : config + line;
  }

  async remove(): Promise<void> {
    for (const mon of this.#running) {
      if (mon.child.exitCode !== null || mon.child.signalCode !== null) continue;
      const cluster = mon.child.spawnargs.includes('--cluster');
      // A cluster's processes write until they have ended: they end with their supervisor.
      await mon.end(cluster ? 'SIGTERM' : 'SIGKILL');
    }
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Runs a command that has to end by itself; one that does not is killed and fails the test. */
export async function endsBySelf(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  let timer: NodeJS.Timeout | undefined;
  const result = await runCli(args, {
    ...options,
    started: (child) => (timer = setTimeout(() => child.kill('SIGKILL'), CLI_MS_MAX)),
  });
  clearTimeout(timer);
  assert.notEqual(result.code, 'SIGKILL', `mon ${args.join(' ')} did not end`);
  return result;
}

/** Sends samples by remote write and answers the status and the body. */
export async function writeSamples(
  url: string,
  series: readonly WriteSeries[],
): Promise<{ status: number; text: string }> {
  return await postWrite(url, writeRequestBody(series));
}

/** Sends any bytes as if they were a remote write. */
export async function postWrite(
  url: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = WRITE_HEADERS,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers,
    body: Buffer.from(body),
  });
  return { status: response.status, text: await response.text() };
}

/** The value of a query that answers one number; NaN when it answers nothing. */
export async function numberOf(url: string, query: string, timeMs = Date.now()): Promise<number> {
  const answer = await ask(url, query, { timeMs });
  assert.ok(answer.size < 2, `${query} answers one number`);
  const [points] = answer.values();
  return points === undefined ? Number.NaN : Number(points[0][1]);
}
