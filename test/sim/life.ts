// One life of the program: opening, whatever the plan lets happen, and the checks. It ends by
// itself, by a disk that stops answering, or because the program gives up, as it does when a
// checkpoint cannot be written for good. Easy to get wrong: an exact check needs a moment in which
// nothing is in flight.
import { strict as assert } from 'node:assert';
import { ScrapeManager } from '../../src/engine/collector/scrape-manager.ts';
import { messageOf } from '../../src/engine/errors.ts';
import { settle } from '../support/virtual-clock.ts';
import { Chain } from './chain.ts';
import type { Seams } from './chain.ts';
import { allow, Desk } from './desk.ts';
import { glance, NAMES } from './glance.ts';
import { watchedDoor } from './fleet.ts';
import { checkMetadata, checkQueries, checkRaw, checkStores } from './store-check.ts';
import { ScribeLog } from './scribe-log.ts';
import { ask, askAgain, cleanSome, joinSome, sealSome, someDeletion } from './upkeep.ts';
import { witness } from './witness.ts';
import { LifeOver } from './world.ts';
import type { World } from './world.ts';

const SCRAPES_MAX = 1_000;

export class Life {
  readonly #world: World;
  readonly #seams: Seams;
  #chain!: Chain;
  #log!: ScribeLog;
  #desk!: Desk;
  #manager!: ScrapeManager;
  /** What goes on beside the steps: pushes, questions, reloads. */
  readonly #beside = new Set<Promise<unknown>>();
  /** What went wrong where nobody was waiting. */
  #broken: unknown;

  constructor(world: World, seams: Seams) {
    this.#world = world;
    this.#seams = seams;
  }

  /** Opens log and stores and learns from the log what became of what was never answered. */
  async open(): Promise<void> {
    const { disk, clock, plan, model } = this.#world;
    const world = this.#world;
    const broke = (thrown: unknown): void => void (this.#broken ??= thrown);
    const opening = Chain.open({
      ...{ disk, clock, settings: plan.settings, seams: this.#seams },
      opened: async (log, book) => {
        await witness(disk, model);
        return (this.#log = new ScribeLog({ log, model, book, broke }));
      },
      failed: (error) => void (world.failure = error ?? new Error('nothing')),
      postponed: () => world.count('checkpointsPostponed'),
    });
    this.#chain = await world.until(opening, 'opening');
    this.#desk = new Desk({ world, chain: this.#chain, log: this.#log, broke });
    world.count('cutBytes', this.#chain.log.cutBytes);
    await world.until(this.#chain.start(), 'the start of the store');
    const door = watchedDoor(this.#chain.door, (columns, now) => this.#desk.scraped(columns, now));
    const { makeReader, internal } = world.fleet;
    this.#manager = new ScrapeManager({ door, clock, disk, makeReader, warn: () => undefined });
    if (internal) this.#manager.addInternal(world.fleet.internalTarget(internal));
    await world.until(this.#manager.apply(world.fleet.configs()), 'the start of the scrapes');
  }

  /** Things happen, as the dice have it. */
  async live(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.#mayEnd();
      await this.#step();
    }
  }

  /** Waits until nothing is in flight and holds everything to the model. */
  async check(): Promise<void> {
    await this.#idle();
    await this.#exact(1);
  }

  /** Ends as a program does that was asked to. */
  async stop(): Promise<void> {
    const { until } = this.#bound;
    await this.#idle();
    await until(this.#manager.stop(), 'the end of the scrapes');
    await until(this.#chain.stop(), 'the end of the chain');
    this.tell();
    this.#mayEnd();
  }

  /** The disk is well: everything is there, once and right, and more is taken. */
  async verify(): Promise<void> {
    const world = this.#world;
    await this.#recover();
    await this.#exact(4);
    const { partitions } = world.model;
    const ends = await Promise.all(
      Array.from({ length: partitions }, (_, p) => this.#chain.log.end(p)),
    );
    ends.forEach((end, p) => assert.equal(end, world.model.durable[p].length, 'the log ends here'));
  }

  /** Adds what stores and log have counted to the tally. */
  tell(): void {
    const world = this.#world;
    for (const store of this.#chain?.stores ?? []) {
      for (const [what, count] of Object.entries(store.stats().applied)) {
        world.count(`applied ${what}`, count as number);
      }
    }
    for (const [what, count] of Object.entries(this.#chain?.results?.counts ?? {})) {
      world.count(`cache ${what}`, count as number);
    }
    for (const [code, count] of this.#log?.refusals ?? []) world.count(`batches ${code}`, count);
  }

  /** The disk is well again: the log is usable soon, and what had to wait is not forgotten. */
  async #recover(): Promise<void> {
    const world = this.#world;
    world.mend();
    // A disk that was full is looked at again when somebody asks: the first may still be refused.
    await world.until(
      this.#desk.tick().catch((thrown: unknown) => allow(thrown)),
      'a tick',
    );
    await this.#advance(3_000);
    await this.#idle();
    await this.#mustTake();
    await world.until(this.#desk.tick(), 'a tick after all troubles');
    await this.#idle();
    await askAgain(world, this.#chain);
    this.#checkFamilies();
    await this.#idle();
  }

  /**
   * The log takes something. A body as large as all that may be pending may have to come again, and
   * a look at the free space that was under way may have seen the disk as it was before.
   */
  async #mustTake(): Promise<void> {
    const world = this.#world;
    let full = 0;
    for (let left = 10; left > 0; left--) {
      const push = world.traffic.next(world.time.now(), false);
      const told = await world.until(this.#desk.push(push), 'a push after all troubles');
      if (told === undefined) return;
      this.#mayEnd();
      if (told === 'MON_DISK_FULL') full++;
      else assert.equal(told, 'MON_LOG_BUSY', 'the log is usable once the disk is well');
      assert.ok(full <= 1, 'the log sees that there is room again');
      await settle();
    }
    assert.fail('the log is busy for ever');
  }

  get #bound() {
    return { until: this.#world.until.bind(this.#world) };
  }

  /** Fails when something went wrong beside the steps, or when the program has ended. */
  #mayEnd(): void {
    if (this.#broken !== undefined) throw this.#broken;
    const { failure, frozen } = this.#world;
    if (frozen) throw new LifeOver('the disk does not answer');
    if (failure === undefined) return;
    allow(failure);
    throw new LifeOver(messageOf(failure));
  }

  async #step(): Promise<void> {
    const world = this.#world;
    const { dice, plan, time } = world;
    const event = dice.weighted(plan.events);
    world.count(`event ${event}`);
    if (dice.chance(plan.sudden)) world.cutAfter(dice.int(1, 20));
    switch (event) {
      case 'push':
      case 'again':
        this.#begin(this.#desk.push(world.traffic.next(time.now(), event === 'again')));
        return;
      case 'burst':
        for (let i = dice.int(2, 6); i > 0; i--) {
          this.#begin(this.#desk.push(world.traffic.next(time.now(), dice.chance(0.2))));
        }
        return;
      case 'wait':
        return this.#advance(dice.int(0, 40));
      case 'rest':
        return this.#advance(dice.scale(1, plan.rate.restMs));
      case 'pause':
        // Enough scrapes make a run long without making it any different.
        if ((world.tally['scrapes'] ?? 0) > SCRAPES_MAX) return;
        return this.#advance(dice.int(1, plan.rate.pauseMs));
      case 'night':
        return this.#night();
      case 'tick':
        return this.#begin(this.#desk.tick());
      case 'truncate':
        world.model.floorMs = Math.max(world.model.floorMs, time.now() - plan.settings.retentionMs);
        return this.#begin(this.#chain.truncateBefore(world.model.floorMs));
      case 'retain':
        return this.#begin(this.#retain());
      case 'jump':
        return time.jump(dice.scale(1, plan.rate.jumpMs));
      case 'faults':
        return world.trouble(dice.weighted(plan.troubles));
      case 'mend':
        return this.#recover();
      case 'reload':
        return this.#reload();
      case 'glance':
        return this.#begin(glance(world, this.#chain));
      case 'check':
        return this.check();
      case 'checkpoint':
        return this.#begin(this.#chain.sink.checkpoint());
      case 'seal':
        return this.#begin(sealSome(world, this.#chain));
      case 'compact':
        return this.#begin(joinSome(world, this.#chain));
      case 'clean':
        return this.#begin(cleanSome(world, this.#chain));
      case 'delete':
        return this.#delete();
    }
  }

  async #advance(ms: number): Promise<void> {
    const { time } = this.#world;
    const end = time.monotonic() + ms;
    while (time.monotonic() < end) {
      this.#mayEnd();
      const next = Math.min(time.untilNext() ?? Infinity, end - time.monotonic());
      await time.advance(next);
    }
    await settle();
  }

  /** Lets something go on beside the steps; the disk's troubles are no fault of it. */
  #begin(work: Promise<unknown>): void {
    const watched = work
      .catch((thrown: unknown) => allow(thrown))
      .catch((thrown: unknown) => void (this.#broken ??= thrown))
      .finally(() => this.#beside.delete(watched));
    this.#beside.add(watched);
  }

  async #idle(): Promise<void> {
    const { until } = this.#bound;
    for (;;) {
      await until(Promise.all(this.#beside), 'what goes on beside the steps');
      this.#mayEnd();
      if (this.#log.inFlight > 0) {
        await this.#advance(1);
        continue;
      }
      const before = this.#world.time.monotonic();
      await until(this.#chain.consumer.caughtUp(), 'the store');
      // Had time to pass for it, scrapes may have come in again.
      if (this.#log.inFlight === 0 && this.#world.time.monotonic() === before) return;
    }
  }

  async #exact(queries: number): Promise<void> {
    const world = this.#world;
    const { model, dice, time } = world;
    const { stores, ask } = this.#chain;
    this.#mayEnd();
    world.count('checks');
    checkStores(model, stores);
    checkMetadata(model, stores);
    // After a crash the floor may lie where it was at the last checkpoint.
    await world.until(this.#chain.truncateBefore(model.floorMs), 'the floor');
    checkStores(model, stores);
    // What nobody knows cannot be asked for exactly.
    if (model.deletions.open.length > 0) return world.count('checks of stores alone');
    const panels = world.panels.filter(() => dice.chance(0.7));
    await world.until(checkQueries({ model, ask, dice, panels }, time.now(), queries), 'queries');
    await world.until(checkRaw(model, ask, dice.pick(NAMES), time.now()), 'raw samples');
  }

  /** Hours in which nobody sends anything, so that the door forgets its series. */
  async #night(): Promise<void> {
    // A question that is still open would find itself out of time.
    await this.#idle();
    this.#mayEnd();
    if (this.#world.fleet.targets.length > 0) return;
    for (let hours = 0; hours < 5; hours++) {
      await this.#advance(3_700_000);
      this.#begin(this.#desk.tick());
    }
  }

  /** Beside seals and compactions, but not beside what it might or might not meet. */
  async #delete(): Promise<void> {
    const world = this.#world;
    await this.#idle();
    this.#mayEnd();
    if (world.dice.chance(0.3)) this.#begin(sealSome(world, this.#chain));
    await ask(world, this.#chain, someDeletion(world)).catch(allow);
  }

  async #retain(): Promise<void> {
    this.#world.count('segmentsRetained', await this.#chain.log.retain());
  }

  async #reload(): Promise<void> {
    const { fleet } = this.#world;
    await this.#idle();
    this.#mayEnd();
    fleet.change();
    const { until } = this.#bound;
    await until(this.#manager.apply(fleet.configs()), 'a reload');
    fleet.settled();
  }

  #checkFamilies(): void {
    const { fleet, model } = this.#world;
    for (const entry of fleet.metadata) {
      assert.deepEqual(model.metadata.get(entry.family), entry, `metadata of ${entry.family}`);
    }
  }
}
