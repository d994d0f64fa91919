// What `mon status` tells: each server of this machine, or the one that was named, and whether it
// is ready. Easy to get wrong: a server that does not answer is a row with its reason, not a
// failure.
import { rolesFile } from '../engine/daemons/folders.ts';
import type { RoleStatus } from '../engine/daemons/supervisor.ts';
import { messageOf } from '../engine/errors.ts';
import type { HttpTarget } from '../engine/remote/http-request.ts';
import { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import type { Listing } from './listing.ts';
import type { Running } from './running.ts';
import type { Stage } from './stage.ts';
import { timeText } from './times.ts';

/** A server that keeps `mon status` waiting longer is not well, ms. */
const ANSWER_MS_MAX = 2000;

const COLUMNS = ['url', 'state', 'version', 'targets', 'pid', 'started', 'folder'] as const;

/** One row for each running server. */
export async function localStatus(all: readonly Running[], stage: Stage): Promise<Listing> {
  const rows = [];
  for (const { folder, owner } of all) {
    const url = owner.listen === '' ? '' : `http://${owner.listen}`;
    const facts = url === '' ? ['starting', '', ''] : await factsOf({ url }, stage);
    rows.push([url, ...facts, owner.pid, timeText()(owner.startedMs), folder]);
  }
  return listingOf(rows);
}

const ROLE_COLUMNS = ['role', 'state', 'pid', 'restarts', 'started', 'why', 'url'] as const;

/** The processes of a cluster that runs on this folder, the whole first; undefined: none does. */
export async function clusterStatus(
  { folder, owner }: Running,
  stage: Stage,
): Promise<Listing | undefined> {
  const path = rolesFile(folder);
  if (!(await systemDisk.exists(path))) return undefined;
  const text = Buffer.from(await systemDisk.readFile(path)).toString('utf8');
  const { pid, roles } = JSON.parse(text) as { pid: number; roles: RoleStatus[] };
  if (pid !== owner.pid) return undefined;
  const url = owner.listen === '' ? '' : `http://${owner.listen}`;
  const [state] = url === '' ? ['starting'] : await factsOf({ url }, stage);
  const time = timeText();
  const bad = roles.filter((one) => one.state !== 'ready').map(({ member }) => member);
  const why = bad.length === 0 ? '' : `waits for ${bad.join(', ')}`;
  const restarts = roles.reduce((sum, one) => sum + one.restarts, 0);
  const rows: Listing['rows'] = [
    ['all', state, owner.pid, restarts, time(owner.startedMs), why, url],
    ...roles.map((one) => [
      ...[one.member, one.state, one.pid, one.restarts],
      ...[one.startedMs === 0 ? '' : time(one.startedMs), one.why, ''],
    ]),
  ];
  const right = new Set<string>(['pid', 'restarts']);
  const columns = ROLE_COLUMNS.map((name) =>
    right.has(name) ? { name, align: 'right' as const } : { name },
  );
  return { kind: 'Status', columns, rows, valueColumn: 1 };
}

/** One row for a server that was named. */
export async function remoteStatus(target: HttpTarget, stage: Stage): Promise<Listing> {
  return listingOf([[target.url, ...(await factsOf(target, stage)), '', '', '']]);
}

function listingOf(rows: Listing['rows']): Listing {
  const right = new Set(['targets', 'pid']);
  const columns = COLUMNS.map((name) =>
    right.has(name) ? { name, align: 'right' as const } : { name },
  );
  return { kind: 'Status', columns, rows, valueColumn: 1 };
}

/** State, version and `up/all` targets. */
async function factsOf(target: HttpTarget, stage: Stage): Promise<string[]> {
  const client = new PrometheusClient(target, stage.clock, ANSWER_MS_MAX);
  try {
    const ready = await client.ready(stage.signal);
    const { version } = await client.buildInfo(stage.signal);
    const targets = await client.targets(stage.signal);
    const up = targets.filter(({ health }) => health === 'up').length;
    return [ready ? 'ready' : 'not ready', version, `${up}/${targets.length}`];
  } catch (thrown) {
    return [messageOf(thrown), '', ''];
  } finally {
    client.close();
  }
}
