// The upkeep of the store on its beat: forget, seal, join; and the same by hand for the admin API.
// Easy to get wrong: trouble that lasts (a full disk) is told once, not at every beat; and a seal
// in the middle of a replay leaves the rest of it for as long as samples that came late wait.
import { join } from 'node:path';
import type { PatternRetention, UpkeepReport } from '../model/upkeep.ts';
import type { Admin, Upkeep } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';

/** What is kept; asked at each round, since it may change. */
export interface KeepOptions {
  readonly retentionMs: number;
  readonly retentionBytes?: number;
  readonly retentionFor?: readonly PatternRetention[];
  readonly logger: Logger;
}

export interface UpkeepBeatOptions {
  readonly upkeep: Upkeep;
  readonly clock: Clock;
  readonly keep: KeepOptions;
  /** Resolves when the store has been handed all that the log held at the time of the call. */
  readonly caughtUp: () => Promise<void>;
}

const RETAIN_MS = 10 * 60_000;
/** A replay of hours needs seals on its way, and a server that stops waits for a round. */
const CATCH_UP_MS_MAX = 5000;

export class UpkeepBeat {
  readonly #options: UpkeepBeatOptions;
  #retainedMs = -Infinity;
  #told = '';

  constructor(options: UpkeepBeatOptions) {
    this.#options = options;
  }

  /** Does what is due now. */
  async round(): Promise<void> {
    const { upkeep, clock } = this.#options;
    const now = clock.now();
    const { retentionMs, retentionBytes, retentionFor } = this.#options.keep;
    if (now - this.#retainedMs >= RETAIN_MS) {
      this.#retainedMs = now;
      const keep = { retentionMs, bytesMax: retentionBytes, patterns: retentionFor };
      this.#tell(await upkeep.keepOnly(now, keep));
    }
    await this.#catchUp();
    const sealed = await upkeep.seal(now);
    this.#tell(sealed);
    this.#tell(await upkeep.compact(now, retentionMs));
    this.#tell(await upkeep.upload());
  }

  async #catchUp(): Promise<void> {
    const enough = new AbortController();
    const long = this.#options.clock.sleep(CATCH_UP_MS_MAX, enough.signal);
    try {
      await Promise.race([this.#options.caughtUp(), long]);
    } finally {
      enough.abort();
    }
  }

  #tell({ postponed, ...done }: UpkeepReport): void {
    const { logger } = this.#options.keep;
    if (Object.values(done).some((count) => count > 0)) logger.info('store upkeep', done);
    const words = postponed.join('; ');
    if (words !== '' && words !== this.#told) logger.warn(`store upkeep put off: ${words}`);
    if (words !== '') this.#told = words;
  }
}

export interface AdminOptions {
  readonly upkeep: Upkeep;
  readonly dataDir: string;
  readonly clock: Clock;
  /** Resolves when the store has been handed all that was acknowledged before. */
  readonly caughtUp: () => Promise<void>;
  /** Told of a range in which samples are gone: kept results there are wrong. */
  readonly changed: (minMs: number, maxMs: number) => void;
}

/** What the admin API does, over all shards of this server. */
export function adminOf({ upkeep, dataDir, clock, caughtUp, changed }: AdminOptions): Admin {
  return {
    async deleteSeries(selections, minMs, maxMs) {
      await caughtUp();
      await upkeep.delete(selections, minMs, maxMs);
      changed(minMs, maxMs);
    },
    cleanTombstones: async () => void (await upkeep.cleanTombstones()),
    async snapshot() {
      await caughtUp();
      const name = new Date(clock.now()).toISOString().replaceAll(/[-:]/g, '');
      await upkeep.snapshot(join(dataDir, 'snapshots', name, 'head'));
      return name;
    },
  };
}
