// The role `aggregate`: reads the log, folds what aggregation rules match into windows and appends
// what windows became. One process does at a time, with its state in a file of its own. Wiring
// only. Easy to get wrong: doors hold nothing back before the hub's State says, durably, that it is
// taken; and when the file was lost, what was held back since the log begins is given on.
import { join } from 'node:path';
import type { AggregateRule } from '../collector/aggregate/aggregate-rule.ts';
import { ruleKey } from '../collector/aggregate/aggregate-rule.ts';
import { Aggregator } from '../collector/aggregate/aggregator.ts';
import type { Door } from '../collector/door.ts';
import type { Log } from '../ports.ts';
import { RemoteState } from '../remote/state-remote.ts';
import { lockFolder } from '../runtime/folder-lock.ts';
import { makeFolderNow } from '../runtime/make-folder.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { ActiveRole } from './active-role.ts';
import { AGGREGATE_FILE, showAggregation } from './aggregate-wiring.ts';
import { heldText, HELD_RULES } from './cluster-door.ts';
import { aggregatesOf } from './explore-wiring.ts';
import type { ExploreSettings } from './explore-wiring.ts';
import { farProducer } from './far-producer.ts';
import { settleHome } from './role-home.ts';
import type { RoleWorld } from './role-frame.ts';

const READER = 'aggregate';
const HOME = {
  key: 'aggregate/home',
  what: 'the open windows',
  hint: 'one process of the role aggregate folds them; start it under that name, on its folder',
};

export async function startAggregate(world: RoleWorld): Promise<void> {
  const { options, services, counters } = world;
  const { dataDir, member, settings, reloader } = options;
  makeFolderNow(dataDir);
  const lock = lockFolder(dataDir, {
    ...{ pid: process.pid, startedMs: world.startedMs, listen: '' },
    command: `mon run aggregate (${member})`,
  });
  services.add({ name: 'folder', stop: async () => lock.release() });
  await settleHome(world, HOME.key, HOME);
  const turn = { active: false };
  const ticks = (): boolean => turn.active;
  const far = { spool: false, reader: READER, ticks, holds: false };
  const { log, door, beside } = await farProducer(world, far);
  const folding = new Folding(world, log, door);
  showAggregation(counters, () => folding.now);
  const follow = async (next: ExploreSettings): Promise<void> => {
    beside.limits.follow(next.cardinality);
    await folding.replace(aggregatesOf(next));
  };
  reloader?.serve({ apply: async () => undefined }, follow);
  world.reload = async () => {
    await reloader?.reload();
    return undefined;
  };
  ActiveRole.join(world, async (failed) => {
    turn.active = true;
    try {
      await folding.start(aggregatesOf(settings), failed);
    } catch (thrown) {
      turn.active = false;
      throw thrown;
    }
    return {
      async stop() {
        turn.active = false;
        await folding.stop();
      },
    };
  });
}

/** The aggregator of a turn; another one with other rules when they change. */
class Folding {
  now: Aggregator | undefined;
  readonly #world: RoleWorld;
  readonly #log: Log;
  readonly #door: Door;
  readonly #path: string;
  #failed: (thrown: unknown) => void = () => undefined;

  constructor(world: RoleWorld, log: Log, door: Door) {
    this.#world = world;
    this.#log = log;
    this.#door = door;
    this.#path = join(world.options.dataDir, AGGREGATE_FILE);
  }

  /** Resolves when these rules are durable, here and for the doors. @throws MonError. */
  async start(rules: readonly AggregateRule[], failed: (thrown: unknown) => void): Promise<void> {
    const { clock, options } = this.#world;
    const { logger } = options;
    this.#failed = failed;
    const state = new RemoteState(this.#world.hub('state'));
    const told = await state.get(HELD_RULES);
    const held = told !== undefined && told.value !== heldText([]);
    const lost = held && !(await systemDisk.exists(this.#path));
    if (lost) logger.error('the open windows are lost: what is in the log is stored as it is');
    const made = new Aggregator({
      ...{ log: this.#log, kernels: this.#door.kernels, disk: systemDisk, clock, failed },
      ...{ path: this.#path, writer: this.#door, begin: lost ? 'start' : 'end' },
      warn: (words) => logger.warn(words),
      // Who comes to a rule later is in the definitions that a reader of the log begins with.
      seriesOf: () => ({ epoch: 0, canonicals: [] }),
    });
    await made.start(rules);
    this.now = made;
    const text = heldText(rules.map(ruleKey));
    if (told?.value !== text) await state.compareAndSet(HELD_RULES, text, told?.version ?? 0);
  }

  /** Works by other rules: what begins anew reads all definitions again. */
  async replace(rules: readonly AggregateRule[]): Promise<void> {
    if (this.now === undefined) return;
    await this.stop();
    await this.start(rules, this.#failed);
  }

  async stop(): Promise<void> {
    const { now } = this;
    this.now = undefined;
    await now?.stop();
  }
}
