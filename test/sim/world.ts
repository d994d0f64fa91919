// What outlives the program: the disk with its faults, the wall clock, senders and targets, the
// model. Easy to get wrong: each life of the program has a clock of its own, so that no timer of a
// dead one ever fires; the world hands out one clock that follows them.
import type { Clock } from '../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { MemoryDisk } from '../support/memory-disk.ts';
import { VirtualClock, settle } from '../support/virtual-clock.ts';
import { Dice } from './dice.ts';
import { Fleet } from './fleet.ts';
import { Model } from './model.ts';
import { planOf } from './plan.ts';
import type { Plan, Trouble } from './plan.ts';
import { panelOf } from './store-check.ts';
import type { Panel } from './store-check.ts';
import { Traffic } from './traffic.ts';

const KIB = 1024;
/** More turns of the event loop than anything takes that needs no time. */
const SETTLE_TURNS = 10;
const ROOMY = 64 * KIB ** 3;

/** The program has ended while something was waited for. */
export class LifeOver extends Error {}

/** What a run has seen; plain counts for a report, which tells whether anything was tested. */
export type Tally = Record<string, number>;

export class World {
  readonly plan: Plan;
  readonly dice: Dice;
  readonly disk: MemoryDisk;
  readonly model: Model;
  readonly traffic: Traffic;
  readonly fleet: Fleet;
  /** The dashboard that somebody looks at. */
  readonly panels: readonly Panel[];
  readonly clock: Clock;
  readonly tally: Tally = {};
  /** The clock of the life that is lived. */
  time = new VirtualClock();
  /** The disk does not answer any more. */
  frozen = false;
  /** Why the program has given up, if it has. */
  failure: unknown;

  constructor(seed: number) {
    const dice = new Dice(seededRandom(seed));
    this.dice = dice;
    this.plan = planOf(dice);
    this.clock = {
      now: () => this.time.now(),
      monotonic: () => this.time.monotonic(),
      after: (ms, call) => this.time.after(ms, call),
      sleep: (ms, signal) => this.time.sleep(ms, signal),
    };
    const random = seededRandom(dice.int(1, 1 << 30));
    this.disk = new MemoryDisk({ random, clock: this.clock });
    this.model = new Model(this.plan.settings.partitions);
    this.traffic = new Traffic(dice, this.plan.traffic);
    this.fleet = new Fleet(dice, this.plan.fleet, this.clock);
    this.panels = [panelOf(dice), panelOf(dice)];
  }

  /** Adds to a count of the tally. */
  count(what: string, by = 1): void {
    this.tally[what] = (this.tally[what] ?? 0) + by;
  }

  /** A new process: its timers are its own, its monotonic clock begins anew. */
  begin(): void {
    const { dice } = this;
    const awayMs = dice.chance(0.5) ? 0 : dice.scale(1, 600_000);
    this.time = new VirtualClock(this.time.now() + awayMs);
    this.frozen = false;
    this.failure = undefined;
    this.fleet.restart();
    this.count('lives');
  }

  /** The disk stops answering after so many operations. */
  cutAfter(operations: number): void {
    const { time } = this;
    void this.disk.freezeAfter(operations).then(() => {
      if (time !== this.time) return;
      this.frozen = true;
      this.count('cut short');
    });
  }

  async end(how: 'power' | 'kill'): Promise<void> {
    this.disk.freeze();
    await settle();
    if (how === 'power') {
      this.disk.powerLoss();
      this.count('powerLosses');
    } else {
      this.disk.processCrash();
      this.count('kills');
    }
  }

  trouble(kind: Trouble): void {
    const { dice, disk } = this;
    this.count(`trouble ${kind}`);
    const { faults } = disk;
    const chance = dice.scale(1, 50) / 100;
    if (kind === 'full') disk.capacityBytes = disk.usedBytes + dice.scale(1, 64 * KIB);
    else if (kind === 'enospc') faults.enospc = chance;
    else if (kind === 'writes') faults.writeError = chance;
    else if (kind === 'syncs') faults.syncError = chance;
    else if (kind === 'reads') faults.readError = chance;
    else if (kind === 'dying') {
      // The last that a disk does before the machine goes.
      faults.syncError = dice.pick([1, dice.random()]);
      faults.writeError = dice.pick([0, 1, dice.random()]);
      this.cutAfter(dice.int(1, 20));
    } else {
      faults.slow = chance;
      faults.slowMs = dice.scale(1, 3_000);
    }
  }

  /** Everything about the disk is well again. */
  mend(): void {
    this.disk.capacityBytes = ROOMY;
    const none = { enospc: 0, readError: 0, writeError: 0, syncError: 0, slow: 0, slowMs: 0 };
    Object.assign(this.disk.faults, none);
  }

  /**
   * Waits for a promise and lets time pass as it needs it, up to `msMax`.
   * @throws LifeOver when the program ends before.
   */
  async until<T>(work: Promise<T>, what: string, msMax = 3_600_000): Promise<T> {
    let state: 'waiting' | 'done' | 'failed' = 'waiting';
    work.then(
      () => (state = 'done'),
      () => (state = 'failed'),
    );
    const began = this.time.monotonic();
    for (;;) {
      await settle(1);
      if (state !== 'waiting') return work;
      if (this.frozen || this.failure !== undefined) throw new LifeOver(what);
      const next = this.time.untilNext();
      if (next === undefined) await settle(SETTLE_TURNS);
      if (state !== 'waiting') return work;
      const waited = this.time.monotonic() - began;
      if (next === undefined || waited > msMax) {
        throw new Error(`${what} does not end: waited ${waited} ms, next timer ${next}`);
      }
      await this.time.advance(next);
    }
  }
}
