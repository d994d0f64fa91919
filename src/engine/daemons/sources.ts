// Sources beside scraping and pushing: groups of the Pushgateway's paths, kept in State, StatsD
// over UDP, and the guard that every new series of any source passes. Wiring only: both are shown
// as targets within the process. Easy to get wrong: groups of an earlier run have to be read before
// their target is shown, or their series would end.
import type { ListenAddress } from './listen-address.ts';
import { CardinalityGuard } from '../collector/cardinality-guard.ts';
import type { CardinalityLimits } from '../collector/cardinality-guard.ts';
import { PushGroups } from '../collector/push-groups.ts';
import type { ScrapeManager } from '../collector/scrape-manager.ts';
import { Statsd } from '../collector/statsd.ts';
import type { SeriesBook } from '../kernels/series-book.ts';
import type { CardinalityReport } from '../model/cardinality-report.ts';
import type { State } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import { systemRandom } from '../runtime/random.ts';
import { listenUdp } from '../runtime/udp-socket.ts';

export interface SourcesOptions {
  readonly book: SeriesBook;
  readonly cardinality: CardinalityLimits;
  readonly state: State;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Where StatsD senders reach it; undefined: nowhere. */
  readonly statsd?: ListenAddress;
}

type Reason = keyof CardinalityReport['over'];

export class Sources {
  readonly groups: PushGroups;
  readonly guard: CardinalityGuard;
  readonly #options: SourcesOptions;
  readonly #statsd: Statsd;
  #close = async (): Promise<void> => undefined;

  constructor(options: SourcesOptions) {
    this.#options = options;
    this.groups = new PushGroups(options.state, options.clock);
    this.#statsd = new Statsd(options.clock, systemRandom);
    this.guard = new CardinalityGuard(options.cardinality);
    options.book.guard = this.guard;
  }

  async start(targets: ScrapeManager): Promise<void> {
    const { intervalMs, timeoutMs, statsd, counters } = this.#options;
    showGuard(counters, this.guard);
    await this.groups.refresh();
    // Without a group there is no target, so that nobody wonders about an empty one.
    this.groups.whenAny(() => targets.addInternal(this.groups.target(intervalMs, timeoutMs)));
    if (statsd === undefined) return;
    targets.addInternal(this.#statsd.target(intervalMs, timeoutMs));
    this.#close = await listenStatsd(this.#statsd, statsd, counters);
  }

  async stop(): Promise<void> {
    await this.#close();
  }
}

/** Takes packets at an address and shows what became of them; answers what ends it. */
export async function listenStatsd(
  statsd: Statsd,
  { host, port }: ListenAddress,
  counters: Counters,
): Promise<() => Promise<void>> {
  const socket = await listenUdp(host, port, (packet) => statsd.take(packet));
  const { counts } = statsd;
  const help = 'Lines of StatsD packets, by what became of them.';
  for (const result of ['updates', 'malformed', 'refused'] as const) {
    const read = (): number => counts[result];
    counters.reading('mon_statsd_lines_total', help, { read, labels: { result } });
  }
  return () => socket.close();
}

/** The figures of a guard. */
export function showGuard(counters: Counters, guard: CardinalityGuard): void {
  const help = 'New series over a cardinality limit; refused where the mode is reject.';
  for (const reason of Object.keys(guard.report().over) as Reason[]) {
    const read = (): number => guard.over(reason);
    counters.reading('mon_cardinality_over_total', help, { read, labels: { reason } });
  }
}
