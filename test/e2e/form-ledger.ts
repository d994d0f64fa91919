// A ledger of samples over any form of the system while troubles come: what was acknowledged is
// there once, and the rollups of it count each sample once. Easy to get wrong: what lies in a spool
// is acknowledged and not readable yet, and hours that changed are rolled up anew a little later,
// so both are waited for.
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import type { Random } from '../../src/engine/runtime/random.ts';
import { FormWorld } from './form-world.ts';
import type { FormOptions } from './form-world.ts';
import { Ledger } from './ledger.ts';

const SERIES = 20;
const SENDERS = 2;
const DRAIN_MS_MAX = 90_000;
const ROLLED_MS_MAX = 120_000;
const WHOLE_MS_MAX = 40_000;
const MINUTE = 60_000;

export class FormLedger {
  readonly world: FormWorld;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly #seed: number;

  private constructor(world: FormWorld, seed: number) {
    this.world = world;
    this.random = seededRandom(seed);
    this.#seed = seed;
    // Whole minutes of days ago: windows of rollups are closed, and begin with the first sample.
    const startMs = Math.floor((Date.now() - 864_000_000) / 86_400_000) * 86_400_000;
    this.ledger = new Ledger(SERIES, startMs, this.random);
  }

  static async start(options: FormOptions, seed: number): Promise<FormLedger> {
    const { config: given = 'default_rules: false' } = options;
    const config = `checkpoint_interval: 1s, ${given}`;
    const world = await FormWorld.start({ ...options, config });
    await world.ready();
    return new FormLedger(world, seed);
  }

  get acknowledged(): number {
    return this.ledger.acked.reduce((sum, { size }) => sum + size, 0);
  }

  /** Writes while the trouble lasts, then checks; answers how many samples were acknowledged. */
  async round(what: string, trouble: () => Promise<void>): Promise<number> {
    const before = this.acknowledged;
    let over = false;
    const senders = Promise.all(Array.from({ length: SENDERS }, () => this.#send(() => !over)));
    try {
      await pause(100 + this.random() * 300);
      await trouble();
      await pause(200 + this.random() * 500);
    } finally {
      over = true;
      await senders;
    }
    try {
      await this.world.ready();
      await this.drained();
      await this.#whole();
      await this.ledger.check(this.world.url);
    } catch (thrown) {
      const words = `seed ${this.#seed}, ${what}: ${String(thrown)}`;
      throw new Error(`${words}\n${this.world.output().slice(-2000)}`, { cause: thrown });
    }
    return this.acknowledged - before;
  }

  /** Bodies that are refused for now are no failure. */
  async #send(goOn: () => boolean): Promise<void> {
    const ended = new AbortController();
    while (goOn()) {
      const sending = this.ledger.sendUntilGone(this.world.url, {
        ...{ refusals: true, signal: ended.signal },
      });
      const watch = (async (): Promise<void> => {
        while (goOn()) await pause(20);
        ended.abort();
      })();
      await Promise.race([sending, watch]);
      if (!goOn()) await Promise.race([sending, pause(15_000)]);
      else await pause(50);
    }
  }

  /** Checks with all stores stopped but those of one zone, once they hold everything. */
  async checkAlone(members: readonly string[], rollups = false): Promise<void> {
    const { cluster } = this.world;
    assert.ok(cluster, 'a cluster has stores');
    const stores = (await cluster.roles()).filter(({ role }) => role === 'store');
    const others = stores.filter(({ member }) => !members.includes(member));
    const thaws: (() => void)[] = [];
    for (const { member } of others) thaws.push(await cluster.freeze(member));
    try {
      await this.#whole();
      await this.ledger.check(this.world.url);
      if (rollups) await this.checkRollups(false);
    } finally {
      for (const thaw of thaws) thaw();
    }
    await this.world.ready();
  }

  /** Waits until an answer is not marked as partial: then it has to be right. */
  async #whole(): Promise<void> {
    const deadline = performance.now() + WHOLE_MS_MAX;
    for (;;) {
      const answer = await fetch(`${this.world.url}/api/v1/query?query=count(up)`);
      const { warnings } = (await answer.json()) as { warnings?: string[] };
      if (answer.ok && warnings === undefined) return;
      assert.ok(performance.now() < deadline, `not whole: ${JSON.stringify(warnings)}`);
      await pause(200);
    }
  }

  /** A figure of the process that is asked. */
  async figure(name: string): Promise<number> {
    const text = await (await fetch(`${this.world.url}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? 0 : Number(line.slice(name.length + 1));
  }

  /** Waits until nothing lies in the spool of who took the samples. */
  async drained(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS_MAX;
    while ((await this.figure('mon_kafka_spool_bytes')) > 0) {
      assert.ok(performance.now() < deadline, 'the spool is drained');
      await pause(100);
    }
  }

  /** Waits until no hour waits, and compares the rollups' counts with the samples. */
  async checkRollups(all = true): Promise<number> {
    const { url } = this.world;
    const endMs = Math.ceil(this.#lastMs() / MINUTE) * MINUTE;
    const seconds = (endMs - this.ledger.startMs) / 1000 + 60;
    const raw = await this.#sums(`count_over_time(ledger[${seconds}s])`, endMs);
    const rolled = `sum_over_time(ledger{__rollup__="1m:count"}[${seconds}s])`;
    const deadline = performance.now() + ROLLED_MS_MAX;
    for (;;) {
      const counts = await this.#sums(rolled, endMs);
      const same = [...raw].every(([series, count]) => counts.get(series) === count);
      const done = same && counts.size === SERIES;
      // Stores that are stopped cannot say what waits.
      if (done && (!all || (await this.#waiting()) === 0)) break;
      const words = `rolled up ${JSON.stringify([...counts])}, samples ${JSON.stringify([...raw])}`;
      assert.ok(performance.now() < deadline, `${url}: ${words}`);
      await pause(1000);
    }
    return [...raw.values()].reduce((sum, count) => sum + count, 0);
  }

  #lastMs(): number {
    return Math.max(...this.ledger.sent.map((times) => Math.max(...times)));
  }

  async #waiting(): Promise<number> {
    const answer = await fetch(`${this.world.url}/api/v1/replay?group=rollup`);
    const { data } = (await answer.json()) as { data?: { waiting?: number } };
    return data?.waiting ?? Infinity;
  }

  async #sums(query: string, atMs: number): Promise<Map<string, number>> {
    const params = new URLSearchParams({ query, time: String(atMs / 1000) });
    const answer = await fetch(`${this.world.url}/api/v1/query`, { method: 'POST', body: params });
    const { data } = (await answer.json()) as {
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    const result = data?.result ?? [];
    return new Map(result.map(({ metric, value }) => [metric['series'], Number(value[1])]));
  }

  remove(): Promise<void> {
    return this.world.remove();
  }
}
