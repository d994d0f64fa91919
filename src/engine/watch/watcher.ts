// The rounds of the watcher: all servers and peers asked at once, the ledger told, the news sent.
// Easy to get wrong: a round that hangs must not hide that it hangs, so its end is what peers look
// at; and nobody who has to be told may hold up the next round.
import { messageOf } from '../errors.ts';
import { WATCH_ASK_MS, WATCH_PEER_LATE_MS } from '../limits-watch.ts';
import type { Clock } from '../runtime/clock.ts';
import { firstLine, seconds } from './canary.ts';
import { fieldsOf, jsonOf } from './check.ts';
import type { Finding, WatchHttp } from './check.ts';
import type { Ledger, News } from './ledger.ts';
import { probeServer } from './probe-server.ts';
import type { ServerWatch } from './probe-server.ts';
import type { Courier } from './telling.ts';

export interface WatchedServer {
  readonly watch: ServerWatch;
  readonly http: WatchHttp;
}

export interface WatchedPeer {
  readonly url: string;
  readonly http: WatchHttp;
}

export interface WatcherOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly servers: readonly WatchedServer[];
  readonly peers: readonly WatchedPeer[];
  readonly couriers: readonly Courier[];
  readonly lateMs: number;
  /** False for a single round. */
  readonly standing: boolean;
  /** The heartbeat of the alerts has to come within this; undefined: none is expected. */
  readonly heartbeatMs: number | undefined;
  /** Writes the ledger down. */
  readonly save: () => Promise<void>;
  readonly news: (news: News) => void;
}

/** What changes without news is written down this often, ms. */
const SAVE_MS = 60_000;
/** The name under which the heartbeat is told. */
const ALERTS = 'alerts';

export class Watcher {
  readonly #options: WatcherOptions;
  readonly #startedMs: number;
  #savedAt = Number.NEGATIVE_INFINITY;
  #endedAt: number;
  /** Rounds that came to their end. */
  rounds = 0;
  /** What the last round found. */
  findings: readonly Finding[] = [];

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#startedMs = options.clock.now();
    this.#endedAt = options.clock.monotonic();
  }

  /** How long ago the last round ended, ms. */
  get sinceRoundMs(): number {
    return this.#options.clock.monotonic() - this.#endedAt;
  }

  /** Somebody brought the heartbeat of the alerts. */
  beat(): void {
    this.#options.ledger.heartbeatMs = this.#options.clock.now();
  }

  /** Asks all once and sends the news. */
  async round(signal: AbortSignal): Promise<void> {
    const { ledger, clock, save, news } = this.#options;
    const found = await Promise.all([
      ...this.#options.servers.map((one) => this.#server(one, signal)),
      ...this.#options.peers.map((one) => probePeer(one, signal)),
    ]);
    // What was asked while everything was being stopped tells nothing.
    if (signal.aborted) return;
    this.findings = [...found.flat(), ...this.#heartbeat()];
    const told = ledger.note(this.findings, clock.now());
    for (const one of told) news(one);
    if (told.length > 0 || clock.monotonic() - this.#savedAt > SAVE_MS) {
      await save();
      this.#savedAt = clock.monotonic();
    }
    this.rounds++;
    this.#endedAt = clock.monotonic();
  }

  /** Rounds until the signal fires, at most one each `everyMs`. */
  async run(everyMs: number, signal: AbortSignal): Promise<void> {
    const { clock, couriers } = this.#options;
    while (!signal.aborted) {
      const begun = clock.monotonic();
      await this.round(signal);
      const running = couriers.map((one) => one.run(signal));
      await Promise.race([Promise.all(running), clock.sleep(everyMs, signal)]);
      await clock.sleep(Math.max(0, everyMs - (clock.monotonic() - begun)), signal);
    }
  }

  async #server({ watch, http }: WatchedServer, signal: AbortSignal): Promise<Finding[]> {
    const { clock, ledger, lateMs, name, standing } = this.#options;
    const found = await probeServer({
      ...{ http, clock, watch, lateMs, signal, standing, watcher: name },
      seenRoles: ledger.rolesOf(watch.url, clock.now()),
      lastCanaryMs: ledger.canaryMs.get(watch.url),
    });
    const read = found.find((one) => one.check === 'canary');
    if (read?.ms !== undefined) ledger.canaryMs.set(watch.url, read.ms);
    return found;
  }

  #heartbeat(): Finding[] {
    const { clock, ledger, heartbeatMs } = this.#options;
    if (heartbeatMs === undefined) return [];
    const came = ledger.heartbeatMs;
    const ageMs = clock.now() - Math.max(came, this.#startedMs);
    const place = { server: ALERTS, check: 'heartbeat' } as const;
    if (ageMs <= heartbeatMs) return [{ ...place, state: 'ok', words: '' }];
    const ever = came === 0 ? 'no heartbeat ever came' : 'no heartbeat came';
    return [{ ...place, state: 'down', words: `${ever} for ${seconds(ageMs)}` }];
  }
}

/** Asks another watcher whether it watches. */
async function probePeer({ url, http }: WatchedPeer, signal: AbortSignal): Promise<Finding[]> {
  const place = { server: url, check: 'peer' } as const;
  try {
    const path = '/-/healthy';
    const ask = { method: 'GET', path, timeoutMs: WATCH_ASK_MS, signal } as const;
    const { status, text } = await http.ask(ask);
    const said = fieldsOf(jsonOf(text));
    if (typeof said['sinceRoundMs'] !== 'number') {
      const words = `no watcher answers there (${status}): ${firstLine(text)}`;
      return [{ ...place, state: 'down', words }];
    }
    const sinceMs = said['sinceRoundMs'];
    const lateMs = 3 * (Number(said['everyMs']) || 0) + WATCH_PEER_LATE_MS;
    if (sinceMs <= lateMs) return [{ ...place, state: 'ok', words: '' }];
    const words = `its last round ended ${seconds(sinceMs)} ago`;
    return [{ ...place, state: 'late', words }];
  } catch (thrown) {
    return [{ ...place, state: 'down', words: messageOf(thrown) }];
  }
}
