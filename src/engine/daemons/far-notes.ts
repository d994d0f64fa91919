// Over Kafka nobody sees all appends, so each producer tells the hub itself which times of the past
// it has changed, before its sender hears of it: kept results there are wrong from then on. Easy to
// get wrong: a hub that is away must not cost an append; who keeps results cannot ask it either and
// takes none, and what was not told yet is told when it is back.
import { MonError } from '../errors.ts';
import { REMOTE_LATE_SPANS_MAX } from '../limits-links.ts';
import type { Log } from '../ports.ts';
import type { RemoteLink } from '../remote/link.ts';
import type { Clock } from '../runtime/clock.ts';
import { WatchedLog } from './watched-log.ts';

/** A sender waits so long for the hub to hear; then it is told in the background. */
const TELL_MS = 500;
const AGAIN_MS = 500;

export class FarNotes {
  readonly #link: RemoteLink;
  readonly #clock: Clock;
  #spans: [number, number][] = [];
  #telling: Promise<void> | undefined;

  constructor(link: RemoteLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** The log through which the door appends. */
  watch(log: Log): Log {
    const note = (minMs: number, maxMs: number): void => this.#note(minMs, maxMs);
    const watched = new WatchedLog({ log, clock: this.#clock, note });
    return {
      partitions: log.partitions,
      generation: log.generation,
      append: async (batches) => {
        const appended = await watched.append(batches);
        if (this.#spans.length > 0) await this.#told();
        return appended;
      },
      start: (partition) => log.start(partition),
      end: (partition) => log.end(partition),
      read: (reader, from) => log.read(reader, from),
      close: () => log.close(),
    };
  }

  #note(minMs: number, maxMs: number): void {
    if (this.#spans.length < REMOTE_LATE_SPANS_MAX) return void this.#spans.push([minMs, maxMs]);
    const last = this.#spans[this.#spans.length - 1];
    last[0] = Math.min(last[0], minMs);
    last[1] = Math.max(last[1], maxMs);
  }

  async #told(): Promise<void> {
    this.#telling ??= this.#tell().finally(() => (this.#telling = undefined));
    const over = new AbortController();
    await Promise.race([this.#telling, this.#clock.sleep(TELL_MS, over.signal)]);
    over.abort();
  }

  async #tell(): Promise<void> {
    while (this.#spans.length > 0) {
      const [minMs, maxMs] = this.#spans[0];
      try {
        await this.#link.call('note', [minMs, maxMs]);
        this.#spans.shift();
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        await this.#clock.sleep(AGAIN_MS);
      }
    }
  }
}
