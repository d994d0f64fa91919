// Names for completion: metrics, labels and values of labels, asked of the server in the background
// and kept for five minutes. A screen asks while it draws and gets what is there at once. Easy to
// get wrong: a server that is away must not be asked at every key press, and a hostile one must not
// fill the memory.
import type { Clock } from '../../engine/runtime/clock.ts';

/** What a server can tell of its names. */
export interface NameSource {
  metrics(): Promise<readonly string[]>;
  /** Labels of a metric, or of all for ''. */
  labels(metric: string): Promise<readonly string[]>;
  values(label: string, metric: string): Promise<readonly string[]>;
  /** Metric -> type and a line about it. */
  about(): Promise<ReadonlyMap<string, string>>;
}

/** How long names are believed, and how long a failure is. */
const FRESH_MS = 5 * 60_000;
const FAILED_MS = 5_000;
/** Lists kept, and names in one of them. */
const LISTS_MAX = 200;
const NAMES_MAX = 100_000;

interface Kept {
  names: readonly string[];
  untilMs: number;
  asking: boolean;
}

export class NameCache {
  readonly #source: NameSource;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #listeners = new Set<() => void>();
  #about: ReadonlyMap<string, string> = new Map();
  #version = 0;

  constructor(source: NameSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  metrics(): readonly string[] {
    return this.#names('metrics', async () => {
      const metrics = await this.#source.metrics();
      // A server without metadata has names all the same.
      this.#about = await this.#source.about().catch(() => this.#about);
      return metrics;
    });
  }

  labels(metric: string): readonly string[] {
    return this.#names(`labels ${metric}`, () => this.#source.labels(metric));
  }

  values(label: string, metric: string): readonly string[] {
    const key = `values ${JSON.stringify([label, metric])}`;
    return this.#names(key, () => this.#source.values(label, metric));
  }

  /** What the server says about a metric or its family; '' for nothing. */
  aboutMetric(metric: string): string {
    const family = metric.replace(/_(?:bucket|sum|count|total|created)$/, '');
    return this.#about.get(metric) ?? this.#about.get(family) ?? '';
  }

  /** Calls back when names have come. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Another number whenever names have come. */
  readonly version = (): number => this.#version;

  #names(key: string, ask: () => Promise<readonly string[]>): readonly string[] {
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      kept = { names: [], untilMs: -Infinity, asking: false };
      this.#kept.set(key, kept);
      if (this.#kept.size > LISTS_MAX) {
        this.#kept.delete(this.#kept.keys().next().value as string);
      }
    }
    if (!kept.asking && this.#clock.monotonic() >= kept.untilMs) void this.#fill(kept, ask);
    return kept.names;
  }

  async #fill(kept: Kept, ask: () => Promise<readonly string[]>): Promise<void> {
    kept.asking = true;
    try {
      kept.names = (await ask()).slice(0, NAMES_MAX);
      // A server that has just begun has no names yet.
      const freshMs = kept.names.length === 0 ? FAILED_MS : FRESH_MS;
      kept.untilMs = this.#clock.monotonic() + freshMs;
    } catch {
      // Completion is a help, not an answer: what is known stays, and the query itself will tell.
      kept.untilMs = this.#clock.monotonic() + FAILED_MS;
    }
    kept.asking = false;
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}
