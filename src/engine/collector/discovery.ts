// What finds targets, whatever it asks: the one small interface that the pool of a job knows, and
// what its makers are handed. Each kind has a file of its own beside this one. Easy to get wrong:
// while the other side is away its last answer stays in force; only an answer takes targets away.
import { messageOf } from '../errors.ts';
import { DISCOVERY_FIRST_MS } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import type { TargetGroup } from './scrape-config.ts';

/** Finds the targets of one job in one place. Life: start() once, stop() once. */
export interface Discovery {
  /** Questions that failed since the start. */
  readonly failures: number;
  /** The targets of the last good answers. */
  groups(): readonly TargetGroup[];
  /** Resolves with the first answer, or soon without one; `changed` is called from then on. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What every discovery is handed. */
export interface DiscoveryRoom {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The answer of groups() is another one now. */
  readonly changed: () => void;
  readonly warn: (sentence: string) => void;
  /** Variables of the process, for credentials and for being inside a cluster. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Label sets that were found, each a target; those of a group share `common`. */
export function groupsOf(
  source: string,
  common: Readonly<Record<string, string>>,
  found: readonly (readonly [address: string, labels: Readonly<Record<string, string>>])[],
): TargetGroup[] {
  return found.map(([address, labels]) => ({
    source,
    targets: [address],
    labels: Object.assign(Object.create(null), common, labels) as Record<string, string>,
  }));
}

/** Any text as the end of a label name: what is neither letter nor digit becomes an underscore. */
export function labelWord(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9_]/g, '_');
}

/** host:port, an IPv6 address in brackets. */
export function hostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Says each complaint about a thing once, until it changes or the thing is well again. */
export class Complaints {
  failures = 0;
  readonly #said = new Map<string, string>();
  readonly #warn: (sentence: string) => void;

  constructor(warn: (sentence: string) => void) {
    this.#warn = warn;
  }

  about(what: string, thrown: unknown): void {
    this.failures++;
    const reason = messageOf(thrown).split('\n', 1)[0];
    if (this.#said.get(what) === reason) return;
    this.#said.set(what, reason);
    this.#warn(`discovery: ${what}: ${reason}; the targets known so far stay`);
  }

  well(what: string): void {
    this.#said.delete(what);
  }
}

/** Waits for the first answer, but not long: a job whose discovery is away must not hold others. */
export async function firstAnswer(
  clock: Clock,
  answered: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const waited = new AbortController();
  const patience = AbortSignal.any([signal, waited.signal]);
  await Promise.race([answered, clock.sleep(DISCOVERY_FIRST_MS, patience)]);
  waited.abort();
}

export interface PollOptions {
  readonly room: DiscoveryRoom;
  /** What is asked, for complaints. */
  readonly what: string;
  readonly refreshMs: number;
  readonly look: (signal: AbortSignal) => Promise<readonly TargetGroup[]>;
  readonly close?: () => void;
}

/** Asks again and again; what `look` throws leaves the targets as they were. */
export class PolledDiscovery implements Discovery {
  readonly #options: PollOptions;
  readonly #complaints: Complaints;
  readonly #stopping = new AbortController();
  #groups: readonly TargetGroup[] = [];
  #text = '[]';
  #done: Promise<void> = Promise.resolve();

  constructor(options: PollOptions) {
    this.#options = options;
    this.#complaints = new Complaints(options.room.warn);
  }

  get failures(): number {
    return this.#complaints.failures;
  }

  groups(): readonly TargetGroup[] {
    return this.#groups;
  }

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#done = this.#run(signal, resolve);
    await firstAnswer(this.#options.room.clock, promise, signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
    this.#options.close?.();
  }

  async #run(signal: AbortSignal, asked: () => void): Promise<void> {
    const { room, refreshMs } = this.#options;
    while (!signal.aborted) {
      if (await this.#look(signal)) room.changed();
      asked();
      await room.clock.sleep(refreshMs, signal);
    }
  }

  /** True when the targets changed. */
  async #look(signal: AbortSignal): Promise<boolean> {
    const { what, look } = this.#options;
    try {
      const groups = await look(signal);
      this.#complaints.well(what);
      const text = JSON.stringify(groups);
      if (text === this.#text) return false;
      this.#groups = groups;
      this.#text = text;
      return true;
    } catch (thrown) {
      if (!signal.aborted) this.#complaints.about(what, thrown);
      return false;
    }
  }
}
