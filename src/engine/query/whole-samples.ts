// Samples for who takes them for all there are: an export lies about for years, and nobody reads
// the words beside it. Between the samples of a process or a cluster and what it hands out. Easy to
// get wrong: a damaged block is found while it is read, and is not on the list of the missing
// before; its page says so.
import { MonError } from '../errors.ts';
import type { OpenedScan, SamplePage, Samples, SamplesAsk } from '../ports-sql.ts';
import type { Clock } from '../runtime/clock.ts';

/** Metric by metric, a look before each reading would cost more than the reading. */
const LOOK_MS = 1000;

export class WholeSamples implements Samples {
  readonly #samples: Samples;
  readonly #clock: Clock;
  #looked = { at: -Infinity, minMs: 0, maxMs: 0 };

  constructor(samples: Samples, clock: Clock) {
    this.#samples = samples;
    this.#clock = clock;
  }

  /** @throws MonError MON_SERVER_FAILED as soon as something is known to be missing. */
  async *pages(
    ask: SamplesAsk,
    signal?: AbortSignal,
    left?: (opened: OpenedScan) => void,
  ): AsyncGenerator<SamplePage, void, void> {
    const { at, minMs, maxMs } = this.#looked;
    const fresh = this.#clock.monotonic() - at < LOOK_MS;
    if (!fresh || minMs !== ask.minMs || maxMs !== ask.maxMs) await this.#look(ask);
    for await (const page of this.#samples.pages(ask, signal, left)) {
      throwMissing(page.warnings ?? []);
      yield page;
    }
  }

  estimate(ask: SamplesAsk): Promise<{ readonly series: number; readonly samples: number }> {
    return this.#samples.estimate(ask);
  }

  missing(minMs: number, maxMs: number): Promise<readonly string[]> {
    return this.#samples.missing(minMs, maxMs);
  }

  async #look({ minMs, maxMs }: SamplesAsk): Promise<void> {
    throwMissing(await this.#samples.missing(minMs, maxMs));
    this.#looked = { at: this.#clock.monotonic(), minMs, maxMs };
  }
}

function throwMissing([words]: readonly string[]): void {
  if (words === undefined) return;
  const hint = 'leave that time out, or ask again when it can be read';
  throw new MonError('MON_SERVER_FAILED', `the export would not be whole: ${words}`, { hint });
}
