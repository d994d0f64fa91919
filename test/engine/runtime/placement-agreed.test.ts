// Who may work on a place that is handed over: processes that sleep for a while, a State that
// takes its time, members that come, go, die and are started again under their old name, by
// chance; and never do two of them believe at one moment that a place is theirs. Easy to get wrong:
// a process that sleeps answers nothing and runs no timers, but its clock goes on.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Assignment, State } from '../../../src/engine/ports.ts';
import { HubState } from '../../../src/engine/daemons/hub-state.ts';
import type { Clock } from '../../../src/engine/runtime/clock.ts';
import { dealSticky } from '../../../src/engine/runtime/lease-table.ts';
import { LeasePlacement } from '../../../src/engine/runtime/placement-leases.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { SqliteState } from '../../../src/engine/runtime/state-sqlite.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const LEASE = { leaseMs: 3000, beatMs: 500 };
const PLACES = 8;
const ROLE = 'collector';
const SEEDS = Number(process.env['MON_SEEDS'] ?? 25);
const STEPS = 60;
/** Leases that run out, one after the other known, and the answers of all. */
const REST_MS = 10_000;

/** A process: its timers and what it waits for stand still while it sleeps. */
class Process {
  readonly placement: LeasePlacement;
  readonly name: string;
  mine: ReadonlySet<number> = new Set();
  wanted: ReadonlySet<number> = new Set();
  gone = false;
  readonly #clock: VirtualClock;
  readonly #delay: () => number;
  #asleep: Promise<void> | undefined;
  #wake = (): void => undefined;

  constructor(name: string, owner: string, world: SleepyWorld) {
    this.name = name;
    this.#clock = world.clock;
    this.#delay = world.delay;
    const agreed = (): void => this.#gain();
    const clock: Clock = {
      now: () => world.clock.now(),
      monotonic: () => world.clock.monotonic(),
      after: (ms, call) => world.clock.after(ms, () => void this.#awake(call)),
      sleep: (ms, signal) => world.clock.sleep(ms, signal),
    };
    const state = this.#slow(world.hub);
    this.placement = new LeasePlacement({
      ...{ ...LEASE, state, clock, places: PLACES, owner, deal: dealSticky, agreed },
    });
  }

  async join(): Promise<void> {
    this.#lose(await this.placement.join(ROLE, this.name, (now) => this.#lose(now)));
    this.#gain();
  }

  get sleeps(): boolean {
    return this.#asleep !== undefined;
  }

  sleep(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#asleep = promise;
    this.#wake = resolve;
  }

  wake(): void {
    this.#asleep = undefined;
    this.#wake();
  }

  /** Places that this process would work on now, were it not asleep. */
  works(): number[] {
    if (this.gone || !this.placement.alive(ROLE, this.name)) return [];
    return [...this.mine];
  }

  #lose({ partitions }: Assignment): void {
    this.wanted = new Set(partitions);
    this.mine = new Set([...this.mine].filter((place) => this.wanted.has(place)));
  }

  #gain(): void {
    if (this.placement.agreed(ROLE, this.name)) this.mine = this.wanted;
  }

  async #awake(call: () => void): Promise<void> {
    while (this.#asleep !== undefined) await this.#asleep;
    if (!this.gone) call();
  }

  /** State over a wire: there and back takes time, and nothing comes back to a sleeper. */
  #slow(hub: State): State {
    const over = async <T>(work: () => Promise<T>): Promise<T> => {
      await this.#clock.sleep(this.#delay());
      try {
        return await work();
      } finally {
        await this.#clock.sleep(this.#delay());
        await this.#awake(() => undefined);
      }
    };
    return {
      get: (key) => over(() => hub.get(key)),
      list: (prefix) => over(() => hub.list(prefix)),
      compareAndSet: (...args) => over(() => hub.compareAndSet(...args)),
      remove: (...args) => over(() => hub.remove(...args)),
      commit: (...args) => over(() => hub.commit(...args)),
      close: () => hub.close(),
    };
  }
}

interface SleepyWorld {
  readonly clock: VirtualClock;
  hub: State;
  readonly delay: () => number;
}

/** Chance at work, then rest, after which every place has to be somebody's. */
async function walk(seed: number, durable: State): Promise<void> {
  const random = seededRandom(seed);
  const below = (n: number): number => Math.floor(random() * n);
  const clock = new VirtualClock();
  const made = (): HubState => new HubState(durable, clock.now());
  // Mostly quick, at times so slow that several beats are late.
  let quick = false;
  const delay = (): number => (!quick && below(10) === 0 ? below(900) : below(20));
  const world: SleepyWorld = { clock, hub: made(), delay };
  const processes: Process[] = [];
  let owners = 0;
  const begin = (name: string): void => {
    const one = new Process(name, `o${owners++}`, world);
    processes.push(one);
    void one.join();
  };
  const check = (step: number): number => {
    const holders = new Map<number, string>();
    for (const one of processes) {
      for (const place of one.works()) {
        const other = holders.get(place);
        assert.equal(other, undefined, `seed ${seed}, step ${step}: ${place} of ${one.name}`);
        holders.set(place, one.name);
      }
    }
    return holders.size;
  };
  const act = (): void => {
    const one = processes[below(processes.length)];
    const kind = below(8);
    if (kind < 3 && !one.sleeps) one.sleep();
    else if (kind < 6 && one.sleeps) one.wake();
    // The old one may be asleep, and does not know.
    else if (kind === 6) begin(`c-${below(4)}`);
    else if (kind === 7 && processes.length > 1) one.gone = true;
  };
  begin('c-0');
  begin('c-1');
  for (let step = 0; step < STEPS; step++) {
    act();
    const end = clock.monotonic() + below(2500);
    while (clock.monotonic() < end) {
      await clock.advance(Math.min(50, end - clock.monotonic()));
      check(step);
    }
  }
  // Of several under one name the last is the one.
  const last = new Map(processes.filter(({ gone }) => !gone).map((one) => [one.name, one]));
  for (const one of processes) {
    one.gone ||= last.get(one.name) !== one;
    one.wake();
  }
  quick = true;
  await clock.advance(REST_MS);
  if (last.size > 0) assert.equal(check(STEPS), PLACES, `seed ${seed}: all are held in the end`);
  for (const one of processes) one.gone = true;
  await settle();
}

test('no place is two processes’ at a moment, whoever sleeps, dies or comes back', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const where = await mkdtemp(join(tmpdir(), 'mon-agreed-'));
    const state = new SqliteState(join(where, 'state.db'));
    try {
      await walk(seed, state);
    } finally {
      await state.close();
      await rm(where, { recursive: true });
    }
  }
});

test('what comes from another process begins once that one has heard', async () => {
  const where = await mkdtemp(join(tmpdir(), 'mon-agreed-'));
  const state = new SqliteState(join(where, 'state.db'));
  const clock = new VirtualClock();
  const hub = new HubState(state, clock.now());
  const world: SleepyWorld = { clock, hub, delay: () => 0 };
  const [a, b] = [new Process('c-0', 'a', world), new Process('c-1', 'b', world)];
  const joined = async (one: Process): Promise<void> => {
    const done = one.join();
    await clock.advance(1);
    await done;
  };
  await joined(a);
  assert.equal(a.works().length, PLACES, 'who is alone waits for nobody');
  a.sleep();
  await joined(b);
  await clock.advance(2000);
  assert.deepEqual(b.works(), [], 'the other one does not know yet');
  assert.equal(a.works().length, PLACES);
  a.wake();
  await clock.advance(1100);
  assert.equal(b.works().length, PLACES / 2);
  assert.equal(a.works().length, PLACES / 2);

  // One that died is started again: by what the others can see, the first may be asleep.
  b.gone = true;
  const again = new Process('c-1', 'c', world);
  await joined(again);
  await clock.advance(LEASE.leaseMs - 200);
  assert.deepEqual(again.works(), []);
  await clock.advance(1200);
  assert.equal(again.works().length, PLACES / 2);
  for (const one of [a, again]) await one.placement.pause();
  await state.close();
  await rm(where, { recursive: true });
});
