// The store's upkeep as events of the simulation: seals up to any time, compactions of any day,
// deletions that are asked for until they are answered. Easy to get wrong: a seal may take what is
// still coming in late; and a deletion concerns what is there now, so nothing else that it matches
// may be on its way.
import type { Chain } from './chain.ts';
import type { Deletion } from './deletions.ts';
import type { Dice } from './dice.ts';
import { pairsOf } from './traffic.ts';
import type { World } from './world.ts';

const HOUR = 3_600_000;

export async function sealSome(world: World, chain: Chain): Promise<void> {
  const { dice, time } = world;
  world.count('sealed', await chain.seal(time.now() - dice.scale(1, 5 * HOUR)));
}

export async function joinSome(world: World, chain: Chain): Promise<void> {
  const { dice, time } = world;
  world.count('joined', await chain.compact(time.now() + dice.int(0, 48) * HOUR));
}

/** Takes what was deleted out of the files. */
export async function cleanSome(world: World, chain: Chain): Promise<void> {
  await chain.admin.cleanTombstones();
  world.count('cleaned');
}

/** Some of what senders push; what is scraped may come in at any time. */
export function someDeletion({ dice, time, plan, model }: World): Deletion {
  const pushed = { name: '__name__', op: '=~', value: 'sim_.*' } as const;
  const label = dice.pick(['id', 'id', 'zone']);
  const value = label === 'zone' ? `z${dice.int(0, 2)}` : `${dice.int(0, 40)}`;
  const matchers = dice.chance(0.1) ? [pushed] : [pushed, { name: label, op: '=', value } as const];
  const series = (key: string): boolean => {
    const pairs = pairsOf(key);
    const has = (name: string, test: (text: string) => boolean): boolean =>
      pairs.some(([known, text]) => known === name && test(text));
    const named = has('__name__', (text) => text.startsWith('sim_'));
    return named && (matchers.length === 1 || has(label, (text) => text === value));
  };
  const far = time.now() - dice.scale(1, plan.settings.retentionMs);
  const [minMs, maxMs] = dice.chance(0.3)
    ? [far, dice.chance(0.5) ? Infinity : far + dice.scale(1, 5 * HOUR)]
    : edges(
        dice,
        [...model.series].filter(([key]) => series(key)),
      );
  return { matchers, series, minMs, maxMs };
}

type Times = readonly [key: string, times: ReadonlyMap<number, bigint>];

/** From one sample to another that are there: what lies on an edge is deleted too. */
function edges(dice: Dice, all: readonly Times[]): readonly [number, number] {
  const times = all.flatMap(([, known]) => [...known.keys()]);
  if (times.length === 0 || dice.chance(0.1)) return [-Infinity, Infinity];
  const [one, other] = [dice.pick(times), dice.pick(times)];
  return [Math.min(one, other), Math.max(one, other)];
}

/** Asks for a deletion while nothing is in flight. @throws what the disk makes of it. */
export async function ask(world: World, chain: Chain, deletion: Deletion): Promise<void> {
  const { model } = world;
  const { open } = model.deletions;
  if (!open.includes(deletion)) open.push(deletion);
  const { matchers, minMs, maxMs } = deletion;
  const work = chain.admin.deleteSeries([matchers], minMs, maxMs);
  await world.until(work, 'a deletion');
  open.splice(open.indexOf(deletion), 1);
  world.count('deletions');
  world.count('deleted', model.delete(deletion));
}

/** Asks again for what was never answered. */
export async function askAgain(world: World, chain: Chain): Promise<void> {
  for (const deletion of [...world.model.deletions.open]) {
    await ask(world, chain, deletion);
    world.count('deletions asked for again');
  }
}
