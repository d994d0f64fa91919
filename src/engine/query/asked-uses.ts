// The query service tells it of each query that is asked, before it is answered: who asks for which
// metric. Beside the count of use. A class, so that V8 takes the one of a rehearsal for this one.
import type { Asker } from '../model/usage.ts';
import type { AskOptions } from '../ports.ts';
import type { Use } from '../promql/uses.ts';
import type { Clock } from '../runtime/clock.ts';
import type { UsageBook } from './usage-book.ts';

export class AskedUses {
  readonly #usage: UsageBook;
  readonly #clock: Clock;

  constructor(usage: UsageBook, clock: Clock) {
    this.#usage = usage;
    this.#clock = clock;
  }

  note(uses: readonly Use[], options: AskOptions): void {
    this.#usage.note(uses, askerOf(options), this.#clock.now());
  }
}

/** Who asks a query. */
function askerOf({ user, pool }: AskOptions): Asker {
  if (user === 'rules') return 'rule';
  return pool === 'dashboard' ? 'dashboard' : 'query';
}
