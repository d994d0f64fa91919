// A server that is measured: a real `mon up` as a process of its own, on a free port of loopback,
// in a folder that is removed afterwards, and what it tells of itself. Easy to get wrong: work
// that was put off is work, so a figure is taken when the server rests.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HttpClient } from '../../collector/http-client.ts';
import type { LoadFleet } from '../../collector/load-fleet.ts';
import { MonError } from '../../errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { folderOwner } from '../../runtime/folder-lock.ts';
import { startBackground } from '../../runtime/background.ts';
import type { Background } from '../../runtime/background.ts';
import { systemDisk } from '../../runtime/system-disk.ts';

/** Nothing but what is measured: no host agent, no metrics and no rules of its own. */
export const QUIET = 'host_agent: false, self_scrape: false, default_rules: false';

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 30_000;
const LOOK_MS = 50;
const ASK_MS = 60_000;
const REST_MS_MAX = 60_000;
/** A server below this part of a core for a second is at rest. */
const REST_CORES = 0.15;
const AT_ONCE = 4;
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

export class BenchServer {
  readonly dataDir: string;
  readonly url: string;
  readonly #child: Background;
  readonly #client: HttpClient;
  readonly #signal: AbortSignal;

  private constructor(dataDir: string, url: string, child: Background, signal: AbortSignal) {
    this.dataDir = dataDir;
    this.url = url;
    this.#child = child;
    this.#signal = signal;
    this.#client = new HttpClient(
      { disk: systemDisk, clock: systemClock },
      { followRedirects: false },
    );
  }

  /** Starts one on this folder with these words under `mon:`. @throws MonError. */
  static async start(
    folder: string,
    mon: string,
    signal: AbortSignal,
    args: readonly string[] = [],
  ): Promise<BenchServer> {
    const dataDir = join(folder, 'data');
    const config = join(folder, 'mon.yml');
    await systemDisk.makeFolder(dataDir);
    await systemDisk.replaceFile(config, [Buffer.from(`mon: {${mon}}\n`)]);
    const run = fileURLToPath(new URL('../../../../../bin/run.js', import.meta.url));
    const words = [run, 'up', '--background', '--data-dir', dataDir, '--config', config];
    const output = join(folder, 'mon.out');
    const child = startBackground([...words, '--listen', '127.0.0.1:0', ...args], output);
    const deadline = systemClock.monotonic() + START_MS_MAX;
    for (;;) {
      const owner = folderOwner(dataDir);
      if (owner?.pid === child.pid && owner.listen !== '') {
        return new BenchServer(dataDir, `http://${owner.listen}`, child, signal);
      }
      const late = systemClock.monotonic() > deadline;
      if (late || child.ended() !== undefined || signal.aborted) {
        if (child.ended() === undefined) process.kill(child.pid, 'SIGKILL');
        const said = Buffer.from(await systemDisk.readFile(output))
          .toString('utf8')
          .trim();
        const why = signal.aborted ? 'interrupted' : said.split('\n').slice(-3).join(' ');
        throw new MonError('MON_SERVER_FAILED', `the server to be measured did not start: ${why}`);
      }
      await systemClock.sleep(LOOK_MS, signal);
    }
  }

  /** Sends every series of a fleet once, some bodies at a time. @throws MonError. */
  async send(fleet: LoadFleet, timestampMs: number): Promise<void> {
    let next = 0;
    const sender = async (): Promise<void> => {
      while (next < fleet.bodies) await this.#push(fleet.body(next++, timestampMs));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
  }

  async #push(body: Uint8Array): Promise<void> {
    const headers = {
      'Content-Type': 'application/x-protobuf',
      'Content-Encoding': 'snappy',
      'X-Prometheus-Remote-Write-Version': '0.1.0',
      'Content-Length': String(body.length),
    };
    for (;;) {
      this.#signal.throwIfAborted();
      const reply = await this.#client.ask(`${this.url}/api/v1/write`, {
        ...{ method: 'POST', headers, body, signal: this.#signal, timeoutMs: ASK_MS },
      });
      if (reply.status < 300) return;
      if (reply.status !== 503) throw refused('a write', reply);
      await systemClock.sleep(LOOK_MS, this.#signal);
    }
  }

  /** Asks a query in whatever way; answers its JSON. @throws MonError. */
  async ask(path: string, form: Readonly<Record<string, string>>): Promise<string> {
    const body = new TextEncoder().encode(new URLSearchParams(form).toString());
    const reply = await this.#client.ask(`${this.url}${path}`, {
      ...{ method: 'POST', headers: FORM, body, signal: this.#signal, timeoutMs: ASK_MS },
    });
    if (reply.status !== 200) throw refused('a query', reply);
    return new TextDecoder().decode(reply.body);
  }

  /** The metrics that the server tells of itself, by name; those with labels are summed up. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const reply = await this.#client.ask(`${this.url}/metrics`, { signal: this.#signal });
    const found = new Map<string, number>();
    for (const line of new TextDecoder().decode(reply.body).split('\n')) {
      const parts = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? (\S+)/.exec(line);
      if (parts === null) continue;
      found.set(parts[1], (found.get(parts[1]) ?? 0) + Number(parts[2]));
    }
    return found;
  }

  async cpuSeconds(): Promise<number> {
    return (await this.metrics()).get('process_cpu_seconds_total') ?? 0;
  }

  /** Waits until the server does nothing any more, and answers its CPU seconds then. */
  async atRest(): Promise<number> {
    const deadline = systemClock.monotonic() + REST_MS_MAX;
    let before = await this.cpuSeconds();
    for (;;) {
      const began = systemClock.monotonic();
      await systemClock.sleep(1000, this.#signal);
      this.#signal.throwIfAborted();
      const now = await this.cpuSeconds();
      const cores = (now - before) / ((systemClock.monotonic() - began) / 1000);
      if (cores < REST_CORES || systemClock.monotonic() > deadline) return now;
      before = now;
    }
  }

  /** Ends the server and waits for it. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    this.#client.close();
    if (this.#child.ended() !== undefined) return;
    process.kill(this.#child.pid, signal);
    const deadline = systemClock.monotonic() + STOP_MS_MAX;
    while (this.#child.ended() === undefined) {
      if (systemClock.monotonic() > deadline) process.kill(this.#child.pid, 'SIGKILL');
      await systemClock.sleep(LOOK_MS);
    }
  }
}

function refused(what: string, reply: { status: number; body: Uint8Array }): MonError {
  const said = new TextDecoder().decode(reply.body.subarray(0, 200));
  return new MonError('MON_SERVER_FAILED', `${what} was answered ${reply.status}: ${said}`);
}
