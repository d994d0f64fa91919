// What goes between a store and the process of its cold tier: calls by number, answers by the same
// number, and with each how far the objects reach now. Easy to get wrong: failures cross as plain
// data, with the fields that say which file is damaged.
import type { ColdKind, ColdReach } from '../ports-cold.ts';
import type { PlainError } from './shard-protocol.ts';

export interface ColdCall {
  readonly id: number;
  readonly method: 'open' | 'archive' | 'read' | 'series' | 'delete' | 'keepOnly' | 'close';
  readonly args: readonly unknown[];
}

/** By partition, then by kind. */
export type ColdReaches = ReadonlyMap<number, ReadonlyMap<ColdKind, ColdReach>>;

export interface ColdReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: PlainError;
  readonly reaches: ColdReaches;
  /** Figures of the process, by name. */
  readonly counts: Readonly<Record<string, number>>;
}

/** A process that is spoken to in messages, and how it is ended. */
export interface ColdChannel {
  on(event: 'message', listener: (value: unknown) => void): unknown;
  postMessage(value: unknown): void;
}
