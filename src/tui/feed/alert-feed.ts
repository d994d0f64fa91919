// The beat of the alert centre: alerts, silences and incidents asked for together, and a snapshot
// that only changes when something did. Easy to get wrong: five thousand alerts come with every
// answer; what is the same must stay the same object, or every beat draws everything anew.
import { messageOf } from '../../engine/errors.ts';
import type { AlertView, Incident, SilenceView, SilenceWish } from '../../engine/model/alerting.ts';
import type { Clock, Timer } from '../../engine/runtime/clock.ts';

/** What the screen asks and does; the client of a server, or a fake in a test. */
export interface AlertSource {
  alerts(signal: AbortSignal): Promise<readonly AlertView[]>;
  silences(signal: AbortSignal): Promise<readonly SilenceView[]>;
  incidents(signal: AbortSignal): Promise<readonly Incident[]>;
  silence(wish: SilenceWish): Promise<string>;
  expire(id: string): Promise<void>;
  acknowledge(incident: string, why: string): Promise<void>;
  /** Values of the last hour behind an alert; empty when nobody knows them. */
  history(alert: AlertView, signal: AbortSignal): Promise<readonly number[]>;
}

export interface AlertSnapshot {
  readonly nowMs: number;
  readonly alerts: readonly AlertView[];
  readonly silences: readonly SilenceView[];
  readonly incidents: readonly Incident[];
  /** False until the first answer. */
  readonly known: boolean;
  readonly paused: boolean;
  readonly trouble: string | undefined;
}

const BEAT_MS = 2000;
/** Ages on the screen are at most this old when nothing else changes. */
const AGES_MS = 10_000;

export class AlertFeed {
  readonly #source: AlertSource;
  readonly #clock: Clock;
  readonly #beatMs: number;
  readonly #listeners = new Set<() => void>();
  readonly #abort = new AbortController();
  #snapshot: AlertSnapshot;
  #print = '';
  #timer: Timer | undefined;
  #busy = false;
  #again = false;

  constructor(source: AlertSource, clock: Clock, beatMs = BEAT_MS) {
    this.#source = source;
    this.#clock = clock;
    this.#beatMs = beatMs;
    this.#snapshot = {
      ...{ nowMs: clock.now(), alerts: [], silences: [], incidents: [], known: false },
      ...{ paused: false, trouble: undefined },
    };
  }

  readonly snapshot = (): AlertSnapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    void this.#beat();
  }

  stop(): void {
    this.#abort.abort();
    this.#timer?.cancel();
  }

  pause(paused: boolean): void {
    if (paused === this.#snapshot.paused) return;
    this.#publish({ ...this.#snapshot, paused });
    if (!paused) this.hurry();
  }

  /** Asks at once: something was changed. */
  hurry(): void {
    if (this.#abort.signal.aborted) return;
    if (this.#busy) this.#again = true;
    else {
      this.#timer?.cancel();
      void this.#beat();
    }
  }

  async #beat(): Promise<void> {
    const { signal } = this.#abort;
    this.#busy = true;
    try {
      if (!this.#snapshot.paused) await this.#ask(signal);
    } catch (thrown) {
      const trouble = messageOf(thrown);
      if (!signal.aborted && trouble !== this.#snapshot.trouble) {
        this.#publish({ ...this.#snapshot, trouble, nowMs: this.#clock.now() });
      }
    } finally {
      this.#busy = false;
      const waitMs = this.#again ? 0 : this.#beatMs;
      this.#again = false;
      if (!signal.aborted) this.#timer = this.#clock.after(waitMs, () => void this.#beat());
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const source = this.#source;
    const [alerts, silences, incidents] = await Promise.all([
      source.alerts(signal),
      source.silences(signal),
      source.incidents(signal),
    ]);
    if (signal.aborted) return;
    const nowMs = this.#clock.now();
    const print = printOf(alerts, silences, incidents);
    const before = this.#snapshot;
    const same = print === this.#print && before.known && before.trouble === undefined;
    if (same && nowMs - before.nowMs < AGES_MS) return;
    this.#print = print;
    const lists = same ? before : { alerts, silences, incidents };
    const { alerts: a, silences: s, incidents: i } = lists;
    this.#publish({
      ...before,
      ...{ alerts: a, silences: s, incidents: i, nowMs, known: true, trouble: undefined },
    });
  }

  #publish(next: AlertSnapshot): void {
    this.#snapshot = next;
    for (const listener of this.#listeners) listener();
  }
}

/** A text that is the same exactly when what is shown is the same. */
function printOf(
  alerts: readonly AlertView[],
  silences: readonly SilenceView[],
  incidents: readonly Incident[],
): string {
  const parts: string[] = [];
  for (const one of alerts) {
    parts.push(one.fingerprint, one.state, one.incident ?? '', one.silencedBy.join());
    parts.push(String(one.startsAtMs), one.inhibitedBy.join());
  }
  for (const one of silences) parts.push(one.id, one.state, String(one.endsAtMs));
  for (const one of incidents) {
    parts.push(one.id, one.status, String(one.firing), String(one.history.length));
  }
  return parts.join(' ');
}
