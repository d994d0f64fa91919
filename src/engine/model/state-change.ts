// One write of many that State commits together. Part of the contract in ports.ts; every room that
// keeps more than one fact at a time speaks in these.

/** One write of many: undefined removes. */
export interface StateChange {
  readonly key: string;
  readonly value: string | undefined;
  /** As for compareAndSet. */
  readonly expected: number;
}
