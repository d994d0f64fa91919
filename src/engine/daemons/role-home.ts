// A role whose state is a file of one process: the first one's name is remembered in the hub's
// State, since a second process with an empty file would begin everything again. Wiring of such
// roles. Easy to get wrong: the same member may come back, on the same folder.
import { UserError } from '../errors.ts';
import { RemoteState } from '../remote/state-remote.ts';
import type { RoleWorld } from './role-frame.ts';

/** @throws UserError when the file is another member's. */
export async function settleHome(
  world: RoleWorld,
  key: string,
  { what, hint }: { readonly what: string; readonly hint: string },
): Promise<void> {
  const { member } = world.options;
  const hub = new RemoteState(world.hub('state'));
  const home = await hub.get(key);
  if (home === undefined) return void (await hub.compareAndSet(key, member, 0));
  if (home.value === member) return;
  throw new UserError(`${what} of this cluster are kept by ${home.value}`, { hint });
}
