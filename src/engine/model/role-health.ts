// How one process of a server is, as /api/v1/status tells it and `mon watch` reads it. Plain data
// that crosses processes. Easy to get wrong: a process that answers and waits for something is not
// away, and one that does not answer may not be called dead before its lease has run out.

export type RoleState = 'ready' | 'not ready' | 'away';

export interface RoleHealth {
  /** `store`, `query`, …; `all` where one process does everything. */
  readonly role: string;
  /** Its name among those of its role: `store-0`. */
  readonly member: string;
  readonly state: RoleState;
  /** What it waits for, or why it is taken to be away; empty when it is ready. */
  readonly why: string;
}
