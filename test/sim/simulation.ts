// A run: from one seed several lives of the program over one disk, each ended by a power loss, a
// kill or an orderly stop, with checks against the model after each. Single thread, virtual time:
// the same seed gives the same run.
import { MonError } from '../../src/engine/errors.ts';
import { settle } from '../support/virtual-clock.ts';
import type { Seams } from './chain.ts';
import { Life } from './life.ts';
import { LifeOver, World } from './world.ts';
import type { Tally } from './world.ts';

/** Attempts to open until the disk lets it; faults are switched off after the first. */
const OPENINGS_MAX = 4;

/** Runs a seed. @throws whatever the checks find, with the seed in front. */
export async function simulate(seed: number, seams: Seams = {}): Promise<Tally> {
  const stray: unknown[] = [];
  const note = (thrown: unknown): void => void stray.push(thrown);
  process.on('unhandledRejection', note);
  try {
    const tally = await new Run(seed, seams).all();
    if (stray.length > 0) throw stray[0];
    return tally;
  } catch (thrown) {
    const why = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    const again = `node dist/test/sim/run.js ${seed}`;
    throw new Error(`seed ${seed} (alone: ${again}): ${why}`, { cause: thrown });
  } finally {
    // What a run leaves behind may still fail; it is this run's, not the next one's.
    await settle();
    process.off('unhandledRejection', note);
  }
}

class Run {
  readonly #world: World;
  readonly #seams: Seams;

  constructor(seed: number, seams: Seams) {
    this.#world = new World(seed);
    this.#seams = seams;
  }

  async all(): Promise<Tally> {
    const world = this.#world;
    const { plan, dice, tally, model } = world;
    for (let i = 0; i < plan.lives; i++) {
      const life = await this.#open(dice.chance(0.2));
      if (dice.chance(0.5)) world.cutAfter(dice.scale(1, plan.operations));
      await this.#live(life);
    }
    world.mend();
    const last = await this.#open(false);
    await last.verify();
    await last.stop();
    world.count('unanswered that stand', model.adopted);
    world.count('unanswered that are gone', model.forgotten);
    world.count('samples', model.samples);
    world.count(
      'records',
      model.durable.reduce((sum, records) => sum + records.length, 0),
    );
    return tally;
  }

  /** Begins a life; what it finds is checked at once. */
  async #open(cut: boolean): Promise<Life> {
    const world = this.#world;
    for (let i = 0; ; i++) {
      world.begin();
      const life = new Life(world, this.#seams);
      if (cut && i === 0) world.cutAfter(world.dice.int(1, 40));
      try {
        await life.open();
        return life;
      } catch (thrown) {
        const known = thrown instanceof LifeOver || isDisk(thrown);
        if (!known || i === OPENINGS_MAX) throw thrown;
        world.count('failedStarts');
        await world.end(world.dice.chance(0.5) ? 'power' : 'kill');
        world.mend();
      }
    }
  }

  async #live(life: Life): Promise<void> {
    const world = this.#world;
    const { plan, dice } = world;
    const end = dice.weighted(plan.ends);
    try {
      if (dice.chance(0.6)) await life.check();
      await life.live(plan.steps);
      if (end === 'orderly') {
        await life.stop();
        world.count('restarts');
      }
    } catch (thrown) {
      if (!(thrown instanceof LifeOver) && !isDisk(thrown)) throw thrown;
    }
    life.tell();
    await world.end(end === 'power' ? 'power' : 'kill');
  }
}

/** True for what a bad disk may do to anybody. */
function isDisk(thrown: unknown): boolean {
  return thrown instanceof MonError && /^MON_DISK_(FULL|FAILED)$/.test(thrown.code);
}
