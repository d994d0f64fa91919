// The role `state`: the hub of a cluster over Kafka. It lends State, with the leases by which the
// roles find one another, and remembers which times have changed; samples never pass it. Easy to
// get wrong: it is no log, so while it is away everything that holds its lease goes on.
import { makeFolderNow } from '../runtime/make-folder.ts';
import { awaitClients, openHub } from './hub-services.ts';
import type { RoleWorld } from './role-frame.ts';

export async function startState(world: RoleWorld): Promise<void> {
  makeFolderNow(world.options.dataDir);
  openHub(world);
  awaitClients(world);
}
