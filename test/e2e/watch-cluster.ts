// Each role of a cluster killed while nobody starts it again: the watcher has to notice, and to say
// so once, and once that it is over. Easy to get wrong: the supervisor is held, not killed, because
// its processes would end with it.
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { ClusterWorld } from './cluster-world.ts';
import { Hook, WatchProcess } from './watch-world.ts';

/** What is told when a role dies; when the log dies much else is. */
const NOTICED: readonly (readonly [member: string, check: RegExp])[] = [
  ['store-0', /^role store-0$/],
  ['collector-0', /^role collector-0$/],
  ['query', /^role query$/],
  ['log', /^role log$/],
  ['api', /^healthy$/],
];

export interface Noticed {
  readonly member: string;
  readonly ms: number;
}

/** Kills each role in turn; answers how long it took until somebody was told. */
export async function watchCluster(
  args: readonly string[],
  msMax: number,
): Promise<readonly Noticed[]> {
  const world = await ClusterWorld.start(2);
  const hook = await Hook.open();
  const state = join(world.folder.path, 'watch.json');
  const all = ['--url', world.url, '--tell', hook.url, '--state', state, ...args];
  let watcher: WatchProcess | undefined;
  const noticed: Noticed[] = [];
  try {
    await world.ready();
    watcher = await WatchProcess.start(all);
    for (const [member, check] of NOTICED) {
      const { pid } = await world.role(member);
      const from = hook.told.length;
      world.mon.child.kill('SIGSTOP');
      try {
        process.kill(pid, 'SIGKILL');
        noticed.push({ member, ms: await hook.heard('down', check, msMax, from) });
      } finally {
        world.mon.child.kill('SIGCONT');
      }
      await hook.heard('recovered', check, 60_000, from);
      await world.ready();
      await quiet(hook);
    }
    onceEach(hook);
    assert.equal(await watcher.end('SIGTERM'), 143);
  } finally {
    await watcher?.end('SIGKILL');
    hook.close();
    await world.remove();
  }
  return noticed;
}

/** Until all that was told to be unwell is well again. */
async function quiet(hook: Hook): Promise<void> {
  const down = new Set(hook.told.map(({ check }) => check));
  for (const check of down) {
    const last = hook.told.findLast((one) => one.check === check);
    if (last?.status === 'recovered') continue;
    const name = check.replaceAll(/[^\w -]/g, '.');
    await hook.heard('recovered', new RegExp(`^${name}$`), 60_000, hook.told.indexOf(last!));
  }
}

/** No id twice; a check is not told to be in a state that it was told to be in. */
function onceEach(hook: Hook): void {
  const ids = hook.told.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const standing = new Map<string, string>();
  for (const { check, status, text } of hook.told) {
    assert.notEqual(standing.get(check) ?? 'recovered', status, text);
    standing.set(check, status);
  }
}
