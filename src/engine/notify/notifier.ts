// The notifier: groups alerts, decides who is told what and when, and sees to it. It is both the
// rules' Notify and the people's AlertDesk; what it decides is in State before anybody hears of it.
// Easy to get wrong: one timer drives all groups, set anew after all that moves the next moment.
import { MonError, UserError, messageOf } from '../errors.ts';
import { ALERT_KEEP_MS, GROUP_KEEP_MS } from '../limits.ts';
import type {
  AlertFilter,
  AlertView,
  GroupView,
  Incident,
  NotifierStatus,
  PostedAlert,
  SilenceView,
  SilenceWish,
  TestOutcome,
} from '../model/alerting.ts';
import { makeLabels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { AlertDesk } from '../model/alert-desk.ts';
import type { AlertEvent, Notify, Offset, State } from '../ports.ts';
import type { Timer } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Random } from '../runtime/random.ts';
import { acknowledgeIncidents } from './acknowledge.ts';
import { Attempts } from './attempts.ts';
import type { AttemptTools } from './attempts.ts';
import { Book } from './book.ts';
import type { Transaction } from './book.ts';
import { channelReceivers } from './channels.ts';
import { Delivery } from './delivery.ts';
import { escalate } from './escalation.ts';
import { fingerprintOf } from './fingerprint.ts';
import { flushGroup } from './flush.ts';
import type { FlushParts } from './flush.ts';
import { forgetIncidents, note } from './incidents.ts';
import { mergeEvent, mergePost, postFault, takeIn } from './intake.ts';
import { RouteTree } from './matching.ts';
import { Mutes, isFiring } from './muting.ts';
import type { Muting } from './muting.ts';
import type { Outcome } from './receivers/outcome.ts';
import type { AlertRecord, ReadOf, SendRecord } from './records.ts';
import { rerouted } from './reroute.ts';
import { settle } from './settle.ts';
import type { Routing } from './routing.ts';
import { checkWish, endSilence, forgetSilences, putSilence, uuidOf } from './silencing.ts';
import { SteadyClock } from './steady-clock.ts';
import { testMessage, testOutcome } from './test-message.ts';
import { alertViews, groupViews, silenceViews } from './views.ts';

export interface NotifierOptions extends AttemptTools {
  readonly routing: Routing;
  readonly state: State;
  readonly random: Random;
  readonly logger: Logger;
  /** Told of a broken promise. */
  readonly onBug: (thrown: unknown) => void;
}

/** Longest wait of the timer: a clock that is behind itself is noticed. */
const LOOK_MS_MAX = 10_000;
const FORGET_MS = 10 * 60_000;
const RETRY_MS = 1000;

export class Notifier implements Notify, AlertDesk {
  readonly book: Book;
  /** Notifications that were settled, and first attempts that failed for a while. */
  readonly counts = { delivered: 0, refused: 0, delayed: 0 };
  readonly #options: NotifierOptions;
  readonly #steady: SteadyClock;
  readonly #startedMs: number;
  readonly #delivery: Delivery;
  readonly #attempts: Attempts;
  #routing: Routing;
  #tree: RouteTree;
  #mutes: Mutes;
  #timer: Timer | undefined;
  #settling: (readonly [send: SendRecord, outcome: Outcome])[] = [];
  #settled: Promise<void> | undefined;
  #ticking = false;
  #stopped = true;
  #forgottenMs = 0;

  constructor(options: NotifierOptions) {
    const { routing, state, clock, random } = options;
    this.#options = options;
    this.#steady = new SteadyClock(clock);
    this.#startedMs = clock.now();
    this.book = new Book(state);
    this.#routing = routing;
    this.#tree = new RouteTree(routing.root);
    this.#mutes = new Mutes(routing);
    this.#attempts = new Attempts(options, routing);
    this.#delivery = new Delivery({
      clock,
      random,
      attempt: (send, signal) => this.#attempts.run(send, signal),
      settled: (send, outcome) => this.#settle(send, outcome),
      delayed: (send, why) => this.#delayed(send, why),
    });
  }

  /** Reads State and goes on where the last process stopped. */
  async start(): Promise<void> {
    await this.book.load();
    await this.#reroute();
    this.#stopped = false;
    this.#delivery.sync(this.book.sends.rows);
    this.#schedule();
  }

  /** Replaces the routing; groups and incidents that still have a place go on. */
  async reload(routing: Routing): Promise<void> {
    this.#routing = routing;
    this.#tree = new RouteTree(routing.root);
    this.#mutes = new Mutes(routing);
    this.#attempts.reload(routing);
    await this.#reroute();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#delivery.stop();
    await this.book.idle();
  }

  /** Notifications that are decided and not yet delivered. */
  get waiting(): number {
    return this.#delivery.count;
  }

  /** How far a log of this name was read; nothing when it was another one. */
  readTo(log: string): ReadonlyMap<number, Offset> {
    const known = this.book.meta.rows.get('log');
    return new Map(known?.log === log ? known.offsets : []);
  }

  /** @param read where the reader of a log of alerts stands then, in the same commit. */
  async take(events: readonly AlertEvent[], read?: ReadOf): Promise<void> {
    await this.#change((tx, nowMs) => {
      if (read !== undefined) {
        const offsets = [...read.offsets];
        tx.meta.set({ id: 'log', incidents: 0, sends: 0, log: read.log, offsets });
      }
      const merged = new Map<string, AlertRecord>();
      for (const event of events) {
        const print = fingerprintOf(event.labels);
        const known = merged.get(print) ?? tx.alerts.get(print);
        const next = mergeEvent(known, event, nowMs);
        if (next !== undefined) merged.set(print, next);
      }
      this.#takeIn(tx, nowMs, [...merged.values()]);
    });
  }

  async post(alerts: readonly PostedAlert[]): Promise<void> {
    const faults: string[] = [];
    await this.#change((tx, nowMs) => {
      const merged = new Map<string, AlertRecord>();
      for (const alert of alerts) {
        const fault = postFault(alert);
        if (fault !== undefined) {
          faults.push(fault);
          continue;
        }
        const labels = makeLabels(Object.entries(alert.labels));
        const print = fingerprintOf(labels);
        const { endsAtMs } = alert;
        const resolveMs =
          endsAtMs === undefined
            ? nowMs + this.#routing.resolveTimeoutMs
            : this.#steady.fromWall(endsAtMs);
        const known = merged.get(print) ?? tx.alerts.get(print);
        merged.set(print, mergePost(known, alert, { nowMs, resolveMs }));
      }
      this.#takeIn(tx, nowMs, [...merged.values()]);
    });
    if (faults.length > 0) throw new UserError([...new Set(faults)].join('; '));
  }

  async alerts(filter: AlertFilter): Promise<readonly AlertView[]> {
    return alertViews(this.#viewParts(), filter);
  }

  async groups(filter: AlertFilter): Promise<readonly GroupView[]> {
    return groupViews(this.#viewParts(), filter);
  }

  async silences(): Promise<readonly SilenceView[]> {
    return silenceViews(this.#viewParts());
  }

  async silence(wish: SilenceWish): Promise<string> {
    const startsAtMs = this.#steady.fromWall(wish.startsAtMs);
    const endsAtMs = this.#steady.fromWall(wish.endsAtMs);
    checkWish(wish, this.#options.clock.now());
    const { random } = this.#options;
    const newId = (): string => uuidOf(random);
    return await this.#change((tx, nowMs) =>
      putSilence({ tx, nowMs, newId }, { ...wish, startsAtMs, endsAtMs }),
    );
  }

  async expire(id: string): Promise<void> {
    await this.#change((tx, nowMs) => endSilence(tx, id, nowMs));
  }

  async incidents(): Promise<readonly Incident[]> {
    const all = [...this.book.incidents.rows.values()];
    return all.sort((a, b) => b.startedAtMs - a.startedAtMs || Number(b.id) - Number(a.id));
  }

  async acknowledge(
    which: { readonly id: string } | { readonly matchers: readonly Matcher[] },
    who: string,
    why: string,
  ): Promise<readonly Incident[]> {
    return await this.#change((tx, nowMs) => {
      const around = { tx, nowMs, routing: this.#routing };
      return acknowledgeIncidents(around, this.#flushParts(tx, nowMs), which, { who, why });
    });
  }

  async test(receiver: string): Promise<readonly TestOutcome[]> {
    const found = this.#routing.receivers.get(receiver);
    if (found === undefined) {
      const hint = `there are ${[...this.#routing.receivers.keys()].join(', ')}`;
      throw new MonError('MON_NOT_FOUND', `no receiver ${JSON.stringify(receiver)}`, { hint });
    }
    const nowMs = this.#options.clock.now();
    const tries = found.integrations.map(async (integration) => {
      const send = testMessage(receiver, integration, nowMs);
      const { signal } = new AbortController();
      const outcome = await this.#attempts.run(send, signal).catch((thrown: unknown) => thrown);
      return testOutcome(receiver, integration, outcome);
    });
    return await Promise.all(tries);
  }

  status(): NotifierStatus {
    const { receivers, text } = this.#routing;
    return {
      startedMs: this.#startedMs,
      configText: text,
      receivers: [...receivers.keys()],
      waiting: this.waiting,
    };
  }

  #takeIn(tx: Transaction, nowMs: number, alerts: readonly AlertRecord[]): void {
    const parts = {
      book: this.book,
      tree: this.#tree,
      steady: this.#steady,
      wallNow: () => this.#options.clock.now(),
      channelReceivers: (channel: string) => channelReceivers(this.#routing, channel),
    };
    takeIn({ tx, nowMs, routing: this.#routing }, parts, alerts);
  }

  /** A change by somebody; what it decides is sent, and the timer set, when it is durable. */
  async #change<T>(work: (tx: Transaction, nowMs: number) => T): Promise<T> {
    const out = await this.book.transact((tx) => work(tx, this.#steady.now()));
    if (!this.#stopped) {
      this.#delivery.sync(this.book.sends.rows);
      this.#schedule();
    }
    return out;
  }

  #muting(nowMs: number): Muting {
    return this.#mutes.at(nowMs, this.book.alerts.rows.values(), this.book.silences.rows.values());
  }

  #viewParts() {
    const nowMs = this.#steady.now();
    return { book: this.book, tree: this.#tree, muting: this.#muting(nowMs), nowMs };
  }

  #flushParts(tx: Transaction, nowMs: number): FlushParts {
    return {
      book: this.book,
      tree: this.#tree,
      muting: this.#mutes.at(nowMs, tx.alerts.all(), tx.silences.all()),
      inFlight: (id) => this.#delivery.inFlight(id),
    };
  }

  #schedule(): void {
    if (this.#stopped || this.#ticking) return;
    this.#timer?.cancel();
    const nowMs = this.#steady.now();
    const dueMs = Math.min(this.#nextMs(), nowMs + LOOK_MS_MAX);
    const { clock, onBug } = this.#options;
    const waitMs = Math.max(0, dueMs - nowMs);
    this.#timer = clock.after(waitMs, () => void this.#tick().catch(onBug), true);
  }

  #nextMs(): number {
    let next = Infinity;
    for (const { nextFlushMs } of this.book.groups.rows.values()) {
      if (nextFlushMs !== 0 && nextFlushMs < next) next = nextFlushMs;
    }
    for (const { escalateAtMs, status } of this.book.incidents.rows.values()) {
      if (status === 'firing' && escalateAtMs !== 0 && escalateAtMs < next) next = escalateAtMs;
    }
    return next;
  }

  async #tick(): Promise<void> {
    if (this.#ticking || this.#stopped) return;
    this.#ticking = true;
    let failed = false;
    try {
      await this.book.transact((tx) => this.#decide(tx, this.#steady.now()));
      if (!this.#stopped) this.#delivery.sync(this.book.sends.rows);
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      failed = true;
      this.#options.logger.failure('notifications put off', thrown);
    } finally {
      this.#ticking = false;
    }
    if (failed) await this.#options.clock.sleep(RETRY_MS);
    this.#schedule();
  }

  /** Everything that is due now, in one commit. */
  #decide(tx: Transaction, nowMs: number): void {
    const around = { tx, nowMs, routing: this.#routing };
    let parts: FlushParts | undefined;
    for (const group of this.book.groups.rows.values()) {
      if (group.nextFlushMs === 0 || group.nextFlushMs > nowMs) continue;
      flushGroup(around, (parts ??= this.#flushParts(tx, nowMs)), group);
    }
    for (const known of this.book.incidents.rows.values()) {
      const incident = tx.incidents.get(known.id);
      if (incident === undefined || incident.escalateAtMs === 0) continue;
      if (incident.escalateAtMs > nowMs) continue;
      escalate(around, (parts ??= this.#flushParts(tx, nowMs)), incident);
    }
    if (nowMs - this.#forgottenMs >= FORGET_MS) {
      this.#forgottenMs = nowMs;
      this.#forget(tx, nowMs);
    }
  }

  #forget(tx: Transaction, nowMs: number): void {
    forgetIncidents({ tx, nowMs });
    forgetSilences(tx, nowMs);
    for (const alert of this.book.alerts.rows.values()) {
      const over = !isFiring(alert, nowMs) && alert.groups.length === 0;
      if (over && nowMs - alert.resolveAtMs > ALERT_KEEP_MS) tx.alerts.delete(alert.fingerprint);
    }
    for (const group of this.book.groups.rows.values()) {
      const idle = group.nextFlushMs === 0 && !this.book.members.has(group.id);
      if (idle && nowMs - group.touchedMs > GROUP_KEEP_MS) tx.groups.delete(group.id);
    }
  }

  async #reroute(): Promise<void> {
    await this.book.transact((tx) => {
      const nowMs = this.#steady.now();
      const around = { tx, nowMs, routing: this.#routing };
      this.#takeIn(tx, nowMs, rerouted(around, this.book, this.#tree));
    });
  }

  /** Writes down what became of a notification; those that end together in one commit. */
  #settle(send: SendRecord, outcome: Outcome): Promise<void> {
    this.#settling.push([send, outcome]);
    this.counts[outcome.kind === 'refused' ? 'refused' : 'delivered']++;
    this.#settled ??= this.book.transact((tx) => {
      this.#settled = undefined;
      const around = { tx, nowMs: this.#steady.now() };
      for (const [one, its] of this.#settling.splice(0)) {
        settle(around, one, its, this.#attempts.nameOf(one));
      }
    });
    if (outcome.kind === 'refused') {
      const receiver = this.#attempts.nameOf(send);
      const fields = { receiver, why: outcome.why, id: send.id };
      this.#options.logger.error('a notification was refused', fields);
    }
    return this.#settled;
  }

  #delayed(send: SendRecord, why: string): void {
    this.counts.delayed++;
    const who = this.#attempts.nameOf(send);
    this.#options.logger.warn('a notification is delayed', { receiver: who, why, id: send.id });
    const noted = this.book.transact((tx) => {
      note({ tx, nowMs: this.#steady.now() }, send.incident, { who, what: 'delayed', why });
    });
    noted.catch((thrown: unknown) => {
      this.#options.logger.warn('not written down', { why: messageOf(thrown) });
    });
  }
}
