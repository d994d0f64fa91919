// What crosses between the thread that serves HTTP and the one that computes costly roots: a query
// and its times one way, pages of finished JSON the other. Easy to get wrong: pages change hands,
// and no more than a few may be under way, or a slow reader fills the memory.
import type { AskOptions, JsonWish, QueryTimes } from '../ports.ts';
import type { PlainError } from './shard-protocol.ts';

/** Pages of some 256 KiB that may be unread at once. */
export const PAGES_UNDER_WAY = 8;

/** What of the options can cross. */
export type PlainAskOptions = Pick<AskOptions, 'lookbackMs' | 'timeoutMs' | 'maxCost' | 'user'>;

export interface RootAsk {
  readonly id: number;
  readonly query: string;
  readonly times: QueryTimes;
  readonly options: PlainAskOptions;
  readonly json: JsonWish;
}

/** `ask` begins one, `more` says that a page was read, `cancel` that nobody wants the rest. */
export type RootRequest =
  { readonly ask: RootAsk } | { readonly more: number } | { readonly cancel: number };

/** Pages in order, then `end`; or an error at any place. Each ask ends with one of the two. */
export type RootReply =
  | { readonly id: number; readonly page: Uint8Array }
  | { readonly id: number; readonly end: true }
  | { readonly id: number; readonly error: PlainError };
