// Who holds what of a role, as State keeps it, and the two ways of dealing places out. Under
// placement-leases.ts. Easy to get wrong: every change gives the whole role a new epoch, and a
// table that somebody else has changed meanwhile must not be written over.
import { MonError, assert } from '../errors.ts';
import type { Assignment, State } from '../ports.ts';
import { compareMembers, dealt } from './placement-local.ts';

export interface TableMember {
  readonly name: string;
  /** The process behind the name: another one under the same name is another member. */
  readonly owner: string;
}

/** What State keeps under `placement/<role>`. */
export interface LeaseTable {
  readonly epoch: number;
  readonly members: readonly TableMember[];
  /** The member of each place; empty when there are no members. */
  readonly holders: readonly string[];
}

export interface FoundTable {
  readonly table: LeaseTable;
  readonly version: number;
}

/** Gives each place one of the members, who are sorted; `before` are the holders until now. */
export type Deal = (
  places: number,
  members: readonly string[],
  before: readonly string[],
) => string[];

/** Places dealt round by ordinal: the same for the same members, whatever was before. */
export const dealRound: Deal = (places, members) => {
  const out = Array.from({ length: places }, () => '');
  members.forEach((name, index) => {
    for (const place of dealt(places, members.length, index)) out[place] = name;
  });
  return out;
};

/** As even as can be, and no place changes its holder that need not. */
export const dealSticky: Deal = (places, members, before) => {
  const most = Math.ceil(places / members.length);
  const least = Math.floor(places / members.length);
  const counts = new Map(members.map((name) => [name, 0]));
  const out = Array.from({ length: places }, () => '');
  const open: number[] = [];
  let large = places - least * members.length;
  for (let place = 0; place < places; place++) {
    const count = counts.get(before[place]);
    // So many members may have one more than the others, and no more.
    const room = count !== undefined && (count < least || (count < most && large > 0));
    if (!room) {
      open.push(place);
      continue;
    }
    if (count >= least) large--;
    counts.set(before[place], count + 1);
    out[place] = before[place];
  }
  for (const place of open) {
    const [name, count] = [...counts].reduce((a, b) => (b[1] < a[1] ? b : a));
    counts.set(name, count + 1);
    out[place] = name;
  }
  return out;
};

/** The members as they shall be, the same list, or nothing. */
type Change = readonly TableMember[] | undefined;

const NOBODY: LeaseTable = { epoch: 0, members: [], holders: [] };
/** Tries of one change before it is given up: other writers are few, so this is never reached. */
const TRIES_MAX = 50;

export async function findTable(state: State, role: string): Promise<FoundTable> {
  const entry = await state.get(`placement/${role}`);
  if (entry === undefined) return { table: NOBODY, version: 0 };
  const table = JSON.parse(entry.value) as LeaseTable;
  assert(Array.isArray(table.holders), 'a placement of this kind lies under this role');
  return { table, version: entry.version };
}

/**
 * Writes what `members` makes of the table's members; undefined leaves it as it is. The members
 * themselves write the same table again: whoever is about to change it has to look anew.
 */
export async function changeTable(
  state: State,
  role: string,
  { places, deal }: { places: number; deal: Deal },
  members: (old: LeaseTable) => Change | Promise<Change>,
): Promise<LeaseTable> {
  for (let i = 0; i < TRIES_MAX; i++) {
    const { table: old, version } = await findTable(state, role);
    const now = await members(old);
    if (now === undefined) return old;
    const sorted = [...now].sort((a, b) => compareMembers(a.name, b.name));
    const names = sorted.map(({ name }) => name);
    const holders = names.length === 0 ? [] : deal(places, names, old.holders);
    const next = { epoch: old.epoch + 1, members: sorted, holders };
    const table = now === old.members ? old : next;
    try {
      await state.compareAndSet(`placement/${role}`, JSON.stringify(table), version);
      return table;
    } catch (thrown) {
      if (!(thrown instanceof MonError && thrown.code === 'MON_STATE_CONFLICT')) throw thrown;
    }
  }
  throw new MonError('MON_STATE_CONFLICT', `the members of ${role} change all the time`);
}

/** What a member holds by a table; nothing when it is not in it. */
export function assignmentOf(table: LeaseTable, who: TableMember): Assignment {
  const { epoch, holders, members } = table;
  const there = members.some(({ name, owner }) => name === who.name && owner === who.owner);
  const partitions: number[] = [];
  if (there) holders.forEach((name, place) => void (name === who.name && partitions.push(place)));
  return { partitions, epoch };
}
