// The store's upkeep as events of the simulation: seals up to any time and compactions of any day,
// beside everything else. Easy to get wrong: a seal may take what is still coming in late.
import type { Chain } from './chain.ts';
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
