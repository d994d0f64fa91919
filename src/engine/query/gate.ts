// Who may run a query now: so many at a time for each user, the rest wait in order, and past a
// bound are refused at once. Easy to get wrong: a waiter that gives up must leave the queue, or
// its turn is lost for everybody behind it.
import { MonError } from '../errors.ts';

/** Gives the turn back; more than once is harmless. */
export type Release = () => void;

interface Waiter {
  readonly start: () => void;
}

interface Line {
  running: number;
  readonly waiting: Waiter[];
}

export class Gate {
  readonly #running: number;
  readonly #waiting: number;
  readonly #lines = new Map<string, Line>();

  constructor(limits: { readonly runningMax: number; readonly waitingMax: number }) {
    this.#running = limits.runningMax;
    this.#waiting = limits.waitingMax;
  }

  /**
   * Resolves when it is the user's turn.
   * @throws MonError MON_QUERY_BUSY when too many wait already; the signal's reason when it fires.
   */
  async enter(user: string, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    let line = this.#lines.get(user);
    if (line === undefined) this.#lines.set(user, (line = { running: 0, waiting: [] }));
    // A turn is handed on with its place among the running, so that nobody slips in between.
    if (line.running >= this.#running) await this.#turn(line, user, signal);
    else line.running++;
    return this.#release(user, line);
  }

  /** A turn at once, when so many are free and nobody waits; otherwise nothing. */
  enterFree(user: string, free: number): Release | undefined {
    const line = this.#lines.get(user) ?? { running: 0, waiting: [] };
    if (line.waiting.length > 0 || this.#running - line.running < free) return undefined;
    this.#lines.set(user, line);
    line.running++;
    return this.#release(user, line);
  }

  #turn(line: Line, user: string, signal: AbortSignal): Promise<void> {
    if (line.waiting.length >= this.#waiting) {
      const words = `too many queries of ${JSON.stringify(user)} are waiting`;
      throw new MonError('MON_QUERY_BUSY', words, {
        hint: 'ask again when earlier ones are done',
      });
    }
    return new Promise((resolve, reject) => {
      const waiter = {
        start: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = (): void => {
        line.waiting.splice(line.waiting.indexOf(waiter), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      line.waiting.push(waiter);
    });
  }

  #release(user: string, line: Line): Release {
    let done = false;
    return () => {
      if (done) return;
      done = true;
      const next = line.waiting.shift();
      if (next !== undefined) return next.start();
      line.running--;
      if (line.running === 0) this.#lines.delete(user);
    };
  }
}
