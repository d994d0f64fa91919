// Brings decided notifications to their receivers: one lane an integration, a few at once, those of
// one group in their order. Retried for ever with growing waits, for they are already decided and
// in State. Easy to get wrong: a lane that is told to wait (429) waits as a whole, and the other
// lanes never notice.
import { NOTIFY_LANE_MAX, NOTIFY_WAIT_MS_MAX, NOTIFY_WAIT_MS_MIN } from '../limits.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { failedOutcome } from './receivers/http-post.ts';
import type { Outcome } from './receivers/outcome.ts';
import { targetOf } from './records.ts';
import type { SendRecord } from './records.ts';

export interface DeliveryParts {
  readonly clock: Clock;
  readonly random: Random;
  /** One attempt, with its deadline. */
  readonly attempt: (send: SendRecord, signal: AbortSignal) => Promise<Outcome>;
  /** Called after an attempt that settles it; it is forgotten here when this resolves. */
  readonly settled: (send: SendRecord, outcome: Outcome) => Promise<void>;
  /** Called after the first attempt that failed and will be tried again. */
  readonly delayed: (send: SendRecord, why: string) => void;
}

interface Waiting {
  send: SendRecord;
  attempts: number;
  /** On the monotonic clock. */
  dueMs: number;
  busy: boolean;
  /** What was decided about it, when writing that down failed. */
  outcome?: Outcome;
}

class Lane {
  readonly waiting = new Map<string, Waiting>();
  /** The same in the order of decisions; undefined when it has to be made anew. */
  ordered: Waiting[] | undefined;
  busy = 0;
  pausedUntilMs = 0;

  inOrder(): readonly Waiting[] {
    this.ordered ??= [...this.waiting.values()].sort((a, b) => a.send.order - b.send.order);
    return this.ordered;
  }

  drop(id: string): void {
    const one = this.waiting.get(id);
    if (one === undefined) return;
    this.waiting.delete(id);
    // Mostly it is among the first: the oldest are sent first.
    const at = this.ordered?.indexOf(one) ?? -1;
    if (at >= 0) this.ordered?.splice(at, 1);
  }
}

export class Delivery {
  readonly #parts: DeliveryParts;
  readonly #lanes = new Map<string, Lane>();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #timer: Timer | undefined;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** How many wait or are under way. */
  get count(): number {
    let sum = 0;
    for (const lane of this.#lanes.values()) sum += lane.waiting.size;
    return sum;
  }

  inFlight(id: string): boolean {
    for (const lane of this.#lanes.values()) {
      const found = lane.waiting.get(id);
      if (found !== undefined) return found.busy || found.outcome !== undefined;
    }
    return false;
  }

  /** Brings the lanes to what State holds: new ones are sent, those taken back are dropped. */
  sync(sends: ReadonlyMap<string, SendRecord>): void {
    for (const lane of this.#lanes.values()) {
      for (const id of lane.waiting.keys()) if (!sends.has(id)) lane.drop(id);
    }
    for (const send of sends.values()) {
      const target = targetOf(send.receiver, send.index);
      let lane = this.#lanes.get(target);
      if (lane === undefined) this.#lanes.set(target, (lane = new Lane()));
      if (!lane.waiting.has(send.id)) {
        lane.waiting.set(send.id, { send, attempts: 0, dueMs: 0, busy: false });
        lane.ordered = undefined;
      }
    }
    this.#pump();
  }

  /** Stops trying; what is under way is cut off. What is undelivered stays in State. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#timer?.cancel();
    await Promise.all(this.#running);
  }

  #pump(): void {
    if (this.#stop.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    const now = this.#parts.clock.monotonic();
    let nextMs = Infinity;
    for (const lane of this.#lanes.values()) nextMs = Math.min(nextMs, this.#pumpLane(lane, now));
    if (nextMs === Infinity) return;
    this.#timer = this.#parts.clock.after(Math.max(nextMs - now, 1), () => this.#pump(), true);
  }

  /** Starts what is due; answers when the lane has to be looked at again. */
  #pumpLane(lane: Lane, now: number): number {
    const blocked = new Set<string>();
    let nextMs = Infinity;
    if (lane.busy >= NOTIFY_LANE_MAX) return nextMs;
    for (const one of lane.inOrder()) {
      const { group } = one.send;
      if (blocked.has(group)) continue;
      blocked.add(group);
      if (one.busy) continue;
      if (lane.busy >= NOTIFY_LANE_MAX) break;
      const dueMs = Math.max(one.dueMs, lane.pausedUntilMs);
      if (dueMs > now) nextMs = Math.min(nextMs, dueMs);
      else this.#start(lane, one);
    }
    return nextMs;
  }

  #start(lane: Lane, one: Waiting): void {
    one.busy = true;
    lane.busy++;
    const run = this.#run(lane, one).finally(() => {
      one.busy = false;
      lane.busy--;
      this.#running.delete(run);
      this.#pump();
    });
    this.#running.add(run);
  }

  async #run(lane: Lane, one: Waiting): Promise<void> {
    const { clock, attempt, delayed, settled } = this.#parts;
    const { signal } = this.#stop;
    one.outcome ??= await attempt(one.send, signal).catch(failedOutcome);
    if (signal.aborted && one.outcome.kind === 'again') return;
    const { outcome } = one;
    if (outcome.kind === 'again') {
      one.outcome = undefined;
      if (one.attempts === 0) delayed(one.send, outcome.why);
      const waitMs = outcome.afterMs ?? this.#waitMs(one.attempts);
      one.attempts++;
      one.dueMs = clock.monotonic() + waitMs;
      if (outcome.afterMs !== undefined) lane.pausedUntilMs = one.dueMs;
      return;
    }
    try {
      await settled(one.send, outcome);
      lane.drop(one.send.id);
    } catch {
      // It is delivered and cannot be written down now; sending it again would help nobody.
      one.dueMs = clock.monotonic() + NOTIFY_WAIT_MS_MIN;
    }
  }

  #waitMs(attempts: number): number {
    const whole = Math.min(NOTIFY_WAIT_MS_MAX, NOTIFY_WAIT_MS_MIN * 2 ** Math.min(attempts, 20));
    return whole * (0.5 + this.#parts.random() / 2);
  }
}
