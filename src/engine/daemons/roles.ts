// The roles that this build has, and how each is started. A role that is not in the table is not
// offered to anybody. Loading is lazy: a process loads what its own role needs.
import { UserError } from '../errors.ts';
import type { StartRole } from './role-frame.ts';

type Load = () => Promise<StartRole>;

/** In the order in which a cluster starts them; it drains them in the reverse one. */
export const ROLES: ReadonlyMap<string, Load> = new Map<string, Load>([
  ['log', async () => (await import('./role-log.ts')).startLog],
  ['state', async () => (await import('./role-state.ts')).startState],
  ['store', async () => (await import('./role-store.ts')).startStore],
  ['query', async () => (await import('./role-query.ts')).startQuery],
  ['alert', async () => (await import('./role-alert.ts')).startAlert],
  ['notify', async () => (await import('./role-notify.ts')).startNotify],
  ['aggregate', async () => (await import('./role-aggregate.ts')).startAggregate],
  ['region', async () => (await import('./role-region.ts')).startRegion],
  ['collector', async () => (await import('./role-collector.ts')).startCollector],
  ['api', async () => (await import('./role-api.ts')).startApi],
]);

/** @throws UserError for a role that is not there. */
export async function roleNamed(name: string): Promise<StartRole> {
  const load = ROLES.get(name);
  if (load !== undefined) return load();
  if (name === 'rollup') {
    throw new UserError('rollups have no process of their own', {
      hint: 'every store rolls up what it holds: mon run store',
    });
  }
  throw new UserError(`there is no role ${name}`, {
    hint: `the roles are ${[...ROLES.keys()].join(', ')}`,
  });
}
