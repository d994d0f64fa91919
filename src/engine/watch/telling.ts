// News on their way to people: Alertmanager's API v2, or one JSON object that chats and scripts
// read. Each target gets its news in order, again and again until it took them. Easy to get wrong:
// Alertmanager forgets what nobody repeats, so what stands is said again there and nowhere else.
import { messageOf } from '../errors.ts';
import {
  WATCH_AGAIN_MS,
  WATCH_ALERT_MS,
  WATCH_ASK_MS,
  WATCH_RETRY_MS_MAX,
  WATCH_RETRY_MS_MIN,
} from '../limits-watch.ts';
import type { Clock } from '../runtime/clock.ts';
import { seconds } from './canary.ts';
import type { WatchHttp } from './check.ts';
import type { CheckRecord, Ledger, News, Unwell } from './ledger.ts';

export type TellForm = 'alertmanager' | 'json';

export interface TellTarget {
  /** The whole address. */
  readonly url: string;
  readonly form: TellForm;
  readonly http: WatchHttp;
}

/** One JSON object a news: `text` is what Slack and Mattermost show. */
export function newsJson(news: News, watcher: string): object {
  const { id, kind, server, check, words, sinceMs, atMs } = news;
  return {
    apiVersion: 'mon/watch/v1',
    ...{ id, watcher, status: kind, server, check, what: words },
    since: new Date(sinceMs).toISOString(),
    at: new Date(atMs).toISOString(),
    text: newsLine(news),
  };
}

/** A line for a person. */
export function newsLine({ kind, server, check, words, sinceMs, atMs }: News): string {
  if (kind === 'recovered') {
    return `recovered: ${check} of ${server}, after ${seconds(atMs - sinceMs)}`;
  }
  return `${kind}: ${check} of ${server}: ${words}`;
}

interface PlainAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

interface AlertOf {
  readonly server: string;
  readonly check: string;
  readonly words: string;
  readonly kind: Unwell;
  readonly sinceMs: number;
  readonly endsMs: number;
  readonly watcher: string;
}

/** Two watchers say the same labels, so that people hear it once. */
function alertOf(one: AlertOf): PlainAlert {
  const { server, check, words, kind, sinceMs, endsMs, watcher } = one;
  const alertname = kind === 'late' ? 'MonWatchLate' : 'MonWatchDown';
  const severity = kind === 'late' ? 'warning' : 'critical';
  return {
    labels: { alertname, severity, server, check },
    annotations: { summary: `${check} of ${server} is ${kind}: ${words}`, watcher },
    startsAt: new Date(sinceMs).toISOString(),
    endsAt: new Date(endsMs).toISOString(),
  };
}

/** What Alertmanager has to hear of one news: what is over, and what begins. */
export function newsAlerts(news: News, watcher: string): PlainAlert[] {
  const { kind, was, server, check, words, sinceMs, atMs } = news;
  const place = { server, check, words, sinceMs, watcher };
  const alerts: PlainAlert[] = [];
  if (was !== undefined && was !== kind)
    alerts.push(alertOf({ ...place, kind: was, endsMs: atMs }));
  if (kind !== 'recovered') {
    alerts.push(alertOf({ ...place, kind, endsMs: atMs + WATCH_ALERT_MS }));
  }
  return alerts;
}

function standingAlerts(
  standing: readonly CheckRecord[],
  nowMs: number,
  watcher: string,
): PlainAlert[] {
  return standing.flatMap(({ server, check, words, told, toldSinceMs }) => {
    if (told === undefined) return [];
    const place = { server, check, words, sinceMs: toldSinceMs, watcher };
    return [alertOf({ ...place, kind: told, endsMs: nowMs + WATCH_ALERT_MS })];
  });
}

export interface CourierOptions {
  readonly target: TellTarget;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly watcher: string;
  /** What was delivered has to be written down before anything else happens. */
  readonly save: () => Promise<void>;
  /** Told once when the target stops taking news, and with undefined when it does again. */
  readonly away: (url: string, why: string | undefined) => void;
}

/** Brings the news to one target. */
export class Courier {
  readonly #options: CourierOptions;
  #againMs = 0;
  #waitMs = WATCH_RETRY_MS_MIN;
  #retryAt = 0;
  #lost = false;
  #busy = false;
  /** Requests that the target did not take. */
  failures = 0;
  /** News that it took. */
  told = 0;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.target.url;
  }

  /** Tells what waits, if it is time to try. Answers true when nothing waits any more. */
  async run(signal: AbortSignal, force = false): Promise<boolean> {
    const { ledger, clock } = this.#options;
    if (this.#busy || (!force && clock.monotonic() < this.#retryAt)) return false;
    this.#busy = true;
    try {
      for (const news of ledger.waiting(this.url)) {
        if (!(await this.#send(this.#bodyOf(news), news.id, signal))) return false;
        ledger.delivered(this.url, news.id);
        this.told++;
        await this.#options.save();
      }
      await this.#repeat(signal);
      return true;
    } finally {
      this.#busy = false;
    }
  }

  #bodyOf(news: News): string {
    const { target, watcher } = this.#options;
    const json = target.form === 'json' ? newsJson(news, watcher) : newsAlerts(news, watcher);
    return JSON.stringify(json);
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    const { target, ledger, clock, watcher } = this.#options;
    if (target.form !== 'alertmanager' || clock.monotonic() - this.#againMs < WATCH_AGAIN_MS)
      return;
    const alerts = standingAlerts(ledger.standing(), clock.now(), watcher);
    if (alerts.length > 0 && !(await this.#send(JSON.stringify(alerts), '', signal))) return;
    this.#againMs = clock.monotonic();
  }

  async #send(body: string, id: string, signal: AbortSignal): Promise<boolean> {
    const { target, clock, away } = this.#options;
    let why: string;
    try {
      const { status } = await target.http.ask({
        ...{ method: 'POST', path: '', body, contentType: 'application/json' },
        ...{ timeoutMs: WATCH_ASK_MS, signal },
      });
      if (status < 300) {
        if (this.#lost) away(target.url, undefined);
        this.#lost = false;
        this.#waitMs = WATCH_RETRY_MS_MIN;
        return true;
      }
      why = `it answers ${status}`;
    } catch (thrown) {
      why = messageOf(thrown);
    }
    if (signal.aborted) return false;
    this.failures++;
    if (!this.#lost) away(target.url, id === '' ? why : `${why}; news ${id} waits`);
    this.#lost = true;
    this.#retryAt = clock.monotonic() + this.#waitMs;
    this.#waitMs = Math.min(2 * this.#waitMs, WATCH_RETRY_MS_MAX);
    return false;
  }
}
