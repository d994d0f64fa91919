// The stores of the cluster as those who ask see them: who holds what, and what every answer has to
// contain. The plug between the directory and the fan-out over replicas. Easy to get wrong: a store
// that has just failed is asked last, not never: it may be the only one.
import type { MonError } from '../errors.ts';
import type { Offset } from '../ports.ts';
import type { Holder } from '../query/holders.ts';
import type { ScanHolder, ScanReplicas } from '../query/replica-readings.ts';
import { RemoteScans } from '../remote/scans-remote.ts';
import { RemoteSource } from '../remote/source-remote.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { ClusterDirectory } from './cluster-directory.ts';
import type { ClusterLog } from './cluster-log-port.ts';
import type { StoreFacts } from './role-store.ts';

/** For so long others are asked before a store that did not answer, ms. */
const DOUBT_MS = 10_000;
/** The log is asked where it ends; without an answer in this time the newest may be missing. */
const ENDS_MS = 2000;

export interface ClusterStoresOptions {
  readonly directory: ClusterDirectory;
  readonly log: ClusterLog;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ClusterStores implements ScanReplicas {
  readonly #options: ClusterStoresOptions;
  readonly #doubts = new Map<string, number>();
  #asking: Promise<ReadonlyMap<number, Offset>> | undefined;

  constructor(options: ClusterStoresOptions) {
    this.#options = options;
  }

  get partitions(): number {
    return this.#options.log.partitions;
  }

  holders(): readonly ScanHolder[] {
    const { directory, clock } = this.#options;
    const now = clock.monotonic();
    return directory.members('store').flatMap(({ key, facts }): ScanHolder[] => {
      // One that has just joined holds nothing yet and says nothing.
      if (facts === null) return [];
      const { address, zone, partitions, lacks, ready } = facts as StoreFacts;
      const doubtful = !ready || now - (this.#doubts.get(key) ?? -Infinity) < DOUBT_MS;
      const source = new RemoteSource(directory.link(address, 'source'));
      const within = (only: readonly number[], until: ReadonlyMap<number, Offset>): RemoteSource =>
        source.within({ only, until });
      const scans: ScanHolder['scans'] = (until, signal) =>
        new RemoteScans(directory.link(address, 'samples'), until, signal);
      return [{ name: key, zone, partitions, lacks, doubtful, within, scans }];
    });
  }

  /** Questions that come while one is under way share the next: theirs came after it began. */
  ends(): Promise<ReadonlyMap<number, Offset>> {
    this.#asking ??= Promise.resolve().then(() => {
      this.#asking = undefined;
      return this.#ends();
    });
    return this.#asking;
  }

  async #ends(): Promise<ReadonlyMap<number, Offset>> {
    const ends = await this.#options.log.ends(ENDS_MS);
    return new Map(ends.map((end, p) => [p, end]));
  }

  failed({ name }: Holder, error: MonError): void {
    const { clock, logger } = this.#options;
    const now = clock.monotonic();
    const before = this.#doubts.get(name) ?? -Infinity;
    this.#doubts.set(name, now);
    if (now - before > DOUBT_MS) {
      logger.warn('a store did not answer', { store: name, why: error.message });
    }
  }
}
