// The role `notify`: takes the changes of alerts from their log and tells people. One process does
// at a time. Its State is a file of its own, or PostgreSQL where several machines are to take over
// from one another. Wiring only. Easy to get wrong: a second process with an empty file would tell
// everything again, so the first one's name is remembered.
import { join } from 'node:path';
import { MonError, UserError, assert } from '../errors.ts';
import type { Notifier } from '../notify/notifier.ts';
import { deskMethods } from '../remote/desk-remote.ts';
import { plainService } from '../remote/listener.ts';
import { lockFolder } from '../runtime/folder-lock.ts';
import { makeFolderNow } from '../runtime/make-folder.ts';
import { SqliteState } from '../runtime/state-sqlite.ts';
import { ActiveRole } from './active-role.ts';
import type { ActiveWork } from './active-role.ts';
import { AlertFeed } from './alert-feed.ts';
import type { AlertTaker } from './alert-feed.ts';
import { openAlertLog } from './cluster-log.ts';
import type { ClusterLog } from './cluster-log-port.ts';
import { urlOf } from './listen-address.ts';
import { makeNotifier } from './notify-wiring.ts';
import type { RunningNotifier } from './notify-wiring.ts';
import { settleHome } from './role-home.ts';
import type { RoleWorld } from './role-frame.ts';

const HOME = {
  key: 'notify/home',
  what: 'the notifications',
  hint: 'for a second process keep them in PostgreSQL: mon: {state_postgres: URL}',
};

export async function startNotify(world: RoleWorld): Promise<void> {
  const { options, services, counters, listener } = world;
  const { settings, dataDir, logger, member, failed: onBug } = options;
  const { routesPath, statePostgres, host, port } = settings;
  if (routesPath === undefined) {
    throw new UserError('the role notify has no routing file', {
      hint: 'give --routes alertmanager.yml, or mon: {routes: FILE} in the configuration',
    });
  }
  makeFolderNow(dataDir);
  const lock = lockFolder(dataDir, {
    ...{ pid: process.pid, startedMs: world.startedMs, listen: '' },
    command: `mon run notify (${member})`,
  });
  services.add({ name: 'folder', stop: async () => lock.release() });
  if (statePostgres === undefined) await settleHome(world, HOME.key, HOME);
  const state = new SqliteState(join(dataDir, 'state.db'));
  services.add({ name: 'state', stop: () => state.close() });
  const log = await openAlertLog(world);
  services.add({ name: 'alert log', stop: () => log.close() });
  let desk: RunningNotifier | undefined;
  let feed: AlertFeed | undefined;
  const now = (): RunningNotifier => desk ?? notHere();
  listener.offer('desk', plainService(deskMethods(() => now().notifier)));
  const malformed = 'Records of the log of alerts that were not understood.';
  counters.reading('mon_notify_malformed_total', malformed, { read: () => feed?.malformed ?? 0 });
  const waiting = 'Notifications that are decided and not delivered.';
  counters.reading('mon_notify_waiting', waiting, { read: () => desk?.notifier.waiting ?? 0 });
  const externalUrl = (): string => (port > 0 ? urlOf({ host, port }) : '');
  world.reload = async () => {
    await desk?.reload();
    return undefined;
  };
  ActiveRole.join(world, async (failed): Promise<ActiveWork> => {
    const made = await makeNotifier({ ...settings, state, logger, externalUrl, onBug });
    assert(made !== undefined, 'there is a routing file');
    const taker = takerOf(made.notifier, log);
    feed = new AlertFeed({ log, taker, clock: world.clock, logger, failed });
    try {
      await made.start();
      await feed.start();
    } catch (thrown) {
      await made.stop();
      throw thrown;
    }
    desk = made;
    return {
      async stop() {
        desk = undefined;
        await feed?.stop();
        await made.stop();
      },
    };
  });
}

function takerOf(notifier: Notifier, log: ClusterLog): AlertTaker {
  const name = log.identity ?? '';
  return {
    readTo: async () => notifier.readTo(name),
    take: (events, offsets) => notifier.take(events, { log: name, offsets }),
  };
}

function notHere(): never {
  throw new MonError('MON_PLACEMENT_LOST', 'another process notifies');
}
