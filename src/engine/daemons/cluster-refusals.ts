// What a configuration asks for that processes of a cluster do not do: told in a line when one is
// started, so that nobody waits for what never comes. Asked by `mon up --cluster` and `mon run`.
// Easy to get wrong: the hint has to say what can be done instead.
import { UserError } from '../errors.ts';
import type { RoleSettings } from './role-frame.ts';

/** @throws UserError for the first of what would otherwise be ignored. */
export function refuseInCluster(settings: RoleSettings): void {
  const { behind, regions } = settings;
  if (behind === undefined && regions === undefined) return;
  throw new UserError('a cluster of processes takes no remote store and no regions yet', {
    hint: 'leave --cluster out: one process does all',
  });
}
