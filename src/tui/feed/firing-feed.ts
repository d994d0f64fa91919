// What fires, for walls: asked on a beat of its own, because a wall shows one list beside all of
// its dashboards. Works with every server of the Prometheus API. Easy to get wrong: a server that
// cannot be asked is not a server on which nothing fires.
import { messageOf } from '../../engine/errors.ts';
import { labelValue, type Labels } from '../../engine/model/labels.ts';
import type { Clock, Timer } from '../../engine/runtime/clock.ts';

/** An alert as a server tells it. */
export interface FiringAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: string;
  readonly activeAtMs: number;
}

export interface FiringSnapshot {
  readonly nowMs: number;
  /** Firing before pending, the oldest first. */
  readonly alerts: readonly FiringAlert[];
  readonly firing: number;
  /** False until the first answer. */
  readonly known: boolean;
  readonly trouble: string | undefined;
}

/** The severity of an alert that always fires, to show that alerts are alive. */
const NO_ALARM = 'none';
const BEAT_MS = 3000;
/** More cannot be told apart on a wall. */
const ALERTS_MAX = 500;

export class FiringFeed {
  readonly #ask: (signal: AbortSignal) => Promise<readonly FiringAlert[]>;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #changed: () => void;
  #snapshot: FiringSnapshot;
  #timer: Timer | undefined;
  #print = '';

  constructor(
    ask: (signal: AbortSignal) => Promise<readonly FiringAlert[]>,
    clock: Clock,
    changed: () => void,
  ) {
    this.#ask = ask;
    this.#clock = clock;
    this.#changed = changed;
    const nothing = { alerts: [], firing: 0, known: false, trouble: undefined };
    this.#snapshot = { nowMs: clock.now(), ...nothing };
  }

  get snapshot(): FiringSnapshot {
    return this.#snapshot;
  }

  start(): void {
    void this.#beat();
  }

  stop(): void {
    this.#abort.abort();
    this.#timer?.cancel();
  }

  async #beat(): Promise<void> {
    const { signal } = this.#abort;
    try {
      const found = await this.#ask(signal);
      const rank = (one: FiringAlert): number => (one.state === 'firing' ? 0 : 1);
      const alarms = found.filter(({ labels }) => labelValue(labels, 'severity') !== NO_ALARM);
      const alerts = alarms
        .toSorted((a, b) => rank(a) - rank(b) || a.activeAtMs - b.activeAtMs)
        .slice(0, ALERTS_MAX);
      const firing = alarms.filter(({ state }) => state === 'firing').length;
      this.#show({ alerts, firing, known: true, trouble: undefined });
    } catch (thrown) {
      this.#show({ ...this.#snapshot, trouble: messageOf(thrown) });
    }
    if (!signal.aborted) this.#timer = this.#clock.after(BEAT_MS, () => void this.#beat());
  }

  #show(next: Omit<FiringSnapshot, 'nowMs'>): void {
    if (this.#abort.signal.aborted) return;
    const nowMs = this.#clock.now();
    // Ages are told in minutes: nothing to paint in between.
    const minute = Math.floor(nowMs / 60_000);
    const rows = next.alerts.map(({ labels, state }) => [...labels, state]);
    const print = JSON.stringify([minute, next.trouble, next.known, next.firing, rows]);
    if (print === this.#print) return;
    this.#print = print;
    this.#snapshot = { ...next, nowMs };
    this.#changed();
  }
}
