// What the hub of a cluster offers whichever log it has: State with the leases in memory, and what
// is known of late samples; and the patience with which it ends last. Used by the roles log and
// state. Easy to get wrong: whoever drains at the same time has something to write down yet.
import { join } from 'node:path';
import { plainService } from '../remote/listener.ts';
import { stateMethods } from '../remote/state-remote.ts';
import { lockFolder } from '../runtime/folder-lock.ts';
import { SqliteState } from '../runtime/state-sqlite.ts';
import { HubState } from './hub-state.ts';
import { LateNotes } from './late-notes.ts';
import type { RoleWorld } from './role-frame.ts';

/** Who drains at the same time has something to write down yet: it is waited for. */
const LEAVE_MS_MAX = 5000;
const LEAVE_LOOK_MS = 50;

/** Takes the folder and offers State and late samples. @throws MonError MON_FOLDER_LOCKED. */
export function openHub(world: RoleWorld): LateNotes {
  const { options, services, listener, startedMs } = world;
  const { dataDir, member, role } = options;
  const lock = lockFolder(dataDir, {
    ...{ pid: process.pid, startedMs, listen: '', command: `mon run ${role} (${member})` },
  });
  services.add({ name: 'folder', stop: async () => lock.release() });
  const durable = new SqliteState(join(dataDir, 'state.db'));
  const state = new HubState(durable, startedMs);
  services.add({ name: 'state', stop: () => state.close() });
  const late = new LateNotes(world.owner);
  listener.offer('state', plainService(stateMethods(state)));
  listener.offer('late', plainService(late.methods));
  return late;
}

/** Waits, when it drains, for those who are still connected. */
export function awaitClients({ services, listener, clock }: RoleWorld): void {
  services.add({
    name: 'clients',
    drain: async () => {
      const deadline = clock.monotonic() + LEAVE_MS_MAX;
      while (listener.connections > 0 && clock.monotonic() < deadline) {
        await clock.sleep(LEAVE_LOOK_MS);
      }
    },
  });
}
