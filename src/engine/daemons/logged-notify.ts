// A notifier for a process that has none: it remembers what it was told and writes it to the log.
// Easy to get wrong: an event that comes twice is told once.
import { labelValue } from '../model/labels.ts';
import type { AlertEvent, Notify } from '../ports.ts';
import type { Logger } from '../runtime/logger.ts';

/** Ids that are remembered: those of many hours. */
const KEPT = 10_000;

export class LoggedNotify implements Notify {
  /** Events in the order they came, the newest last. */
  readonly events: AlertEvent[] = [];
  readonly #ids = new Set<string>();
  readonly #logger: Pick<Logger, 'info'>;

  constructor(logger: Pick<Logger, 'info'>) {
    this.#logger = logger;
  }

  async take(events: readonly AlertEvent[]): Promise<void> {
    for (const event of events) {
      if (this.#ids.has(event.id)) continue;
      this.#ids.add(event.id);
      this.events.push(event);
      const state = event.endsAtMs === 0 ? 'fires' : 'is resolved';
      const alert = labelValue(event.labels, 'alertname');
      this.#logger.info(`the alert ${alert} ${state}`, { id: event.id });
    }
    while (this.events.length > KEPT) {
      this.#ids.delete((this.events.shift() as AlertEvent).id);
    }
  }
}
