// Carries transitions to the notifier, in order, until it has taken them. What is to be told is
// durable with the rules' state before it comes here. Easy to get wrong: a notifier that is away
// delays and never loses, and nothing that rules do waits for it.
import { MonError } from '../errors.ts';
import type { AlertEvent, Notify } from '../ports.ts';

export interface EventCourierOptions {
  readonly notify: Notify;
  /** The events that wait now, oldest first. */
  readonly waiting: () => readonly AlertEvent[];
  readonly told: (ids: ReadonlySet<string>) => void;
  readonly pause: (signal: AbortSignal) => Promise<void>;
  readonly warn: (words: string) => void;
  readonly failed: (thrown: unknown) => void;
  /** A point that a test may end the process at. */
  readonly point?: (name: string) => void;
}

/** Events that are told in one call. */
const BATCH = 1000;

export class EventCourier {
  readonly #options: EventCourierOptions;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: EventCourierOptions) {
    this.#options = options;
  }

  /** There may be something to tell. */
  wake(): void {
    if (this.#running !== undefined || this.#abort.signal.aborted) return;
    if (this.#options.waiting().length === 0) return;
    this.#running = this.#run()
      .catch((thrown: unknown) => this.#options.failed(thrown))
      .finally(() => (this.#running = undefined));
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { notify, waiting, told, pause, warn, point } = this.#options;
    const { signal } = this.#abort;
    let last = '';
    while (!signal.aborted) {
      const events = waiting().slice(0, BATCH);
      if (events.length === 0) return;
      try {
        await notify.take(events);
      } catch (thrown) {
        if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
        if (thrown.message !== last) warn(`alerts wait for the notifier: ${thrown.message}`);
        last = thrown.message;
        await pause(signal);
        continue;
      }
      point?.('published');
      told(new Set(events.map(({ id }) => id)));
    }
  }
}
