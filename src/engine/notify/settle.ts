// What is written down when a notification has come to an end: it is off the list, its incident
// knows, and one that was refused for good is told again with the group's next moment. Easy to get
// wrong: a commit that fails must leave the list as it was, or a delivered one would be forgotten.
import { note } from './incidents.ts';
import type { Around } from './incidents.ts';
import type { Outcome } from './receivers/outcome.ts';
import { targetOf } from './records.ts';
import type { SendRecord } from './records.ts';

/** Writes down one end. `who`: the receiver, for people. */
export function settle(
  around: Pick<Around, 'tx' | 'nowMs'>,
  send: SendRecord,
  outcome: Outcome,
  who: string,
): void {
  const { tx } = around;
  tx.sends.delete(send.id);
  if (outcome.kind === 'delivered') {
    const firing = send.alerts.filter((alert) => alert.firing).length;
    const counts = `${firing} firing, ${send.alerts.length - firing} resolved`;
    note(around, send.incident, { who, what: 'notified', why: `${send.reason}: ${counts}` });
    return;
  }
  note(around, send.incident, { who, what: 'refused', why: 'why' in outcome ? outcome.why : '' });
  const group = tx.groups.get(send.group);
  const target = targetOf(send.receiver, send.index);
  const told = group?.told[target];
  if (group === undefined || told === undefined || send.kind !== 'notify') return;
  tx.groups.set({ ...group, told: { ...group.told, [target]: { ...told, again: true } } });
}
