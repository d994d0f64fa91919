// What a configuration asks for that processes of a cluster do not do: told in a line when one is
// started, so that nobody waits for what never comes. Asked by `mon up --cluster` and `mon run`.
// Easy to get wrong: the hint has to say what can be done instead.
import { UserError } from '../errors.ts';
import type { RoleSettings } from './role-frame.ts';

/** @throws UserError for what would otherwise be ignored. */
export function refuseInCluster(settings: RoleSettings): void {
  if (settings.behind === undefined) return;
  throw new UserError('a cluster of processes keeps its history itself: it takes no mon: store', {
    hint: 'leave mon: store out, or leave --cluster out: one process takes one',
  });
}
