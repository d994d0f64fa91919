// What the watcher knows of every check, and what of it was told: a state that survives a restart,
// so that nothing is told twice. A failure becomes news when it has lasted; what was told is
// followed by exactly one recovery. Easy to get wrong: time between two runs of the watcher is not
// time in which a check failed, so a run that begins counts anew unless it had told already.
import { WATCH_CHECKS_MAX, WATCH_FORGET_MS, WATCH_OUTBOX_MAX } from '../limits-watch.ts';
import { checkKey, fieldsOf, jsonOf } from './check.ts';
import type { Finding } from './check.ts';

export type Unwell = 'late' | 'down';
export type NewsKind = Unwell | 'recovered';

/** One thing to be told, to each target once. */
export interface News {
  /** Unique for ever: the receiver may drop what it has already. */
  readonly id: string;
  readonly kind: NewsKind;
  readonly server: string;
  readonly check: string;
  readonly words: string;
  /** When it began, and when this was noticed; ms since 1970. */
  readonly sinceMs: number;
  readonly atMs: number;
  /** What was told before this of the same check, and is over now. */
  readonly was?: Unwell;
}

/** A check as it stands. */
export interface CheckRecord {
  readonly server: string;
  readonly check: string;
  /** What the last probe said. */
  state: 'ok' | Unwell;
  words: string;
  /** Since when it is so, ms since 1970. */
  sinceMs: number;
  checkedMs: number;
  /** What people have been told; undefined: nothing, or that it is well again. */
  told: Unwell | undefined;
  /** When what was told began. */
  toldSinceMs: number;
  ms?: number;
}

interface Saved {
  readonly version: 1;
  readonly watcher: string;
  readonly sequence: number;
  readonly checks: readonly CheckRecord[];
  readonly outbox: readonly (readonly [target: string, news: News])[];
  readonly dropped: number;
  readonly heartbeatMs: number;
  readonly canaryMs: Readonly<Record<string, number>>;
}

export interface LedgerOptions {
  readonly watcher: string;
  /** A failure is told when it has lasted so long, ms; 0: at once. */
  readonly afterMs: number;
  /** Names of those who are told. */
  readonly targets: readonly string[];
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #checks = new Map<string, CheckRecord>();
  #outbox: (readonly [target: string, news: News])[] = [];
  #sequence = 0;
  /** News that were dropped because nobody took them. */
  dropped = 0;
  /** When the heartbeat of the alerts came last, ms since 1970; 0: never. */
  heartbeatMs = 0;
  /** How long the last canary of each server took. */
  readonly canaryMs = new Map<string, number>();

  constructor(options: LedgerOptions, saved?: string) {
    this.#options = options;
    if (saved !== undefined) this.#load(saved);
  }

  get checks(): readonly CheckRecord[] {
    return [...this.#checks.values()];
  }

  /** What is not told yet, oldest first. */
  waiting(target: string): readonly News[] {
    return this.#outbox.filter(([one]) => one === target).map(([, news]) => news);
  }

  /** Takes note of a round; answers the news that came of it. */
  note(findings: readonly Finding[], nowMs: number): readonly News[] {
    const news: News[] = [];
    for (const finding of findings) {
      if (finding.state === 'skipped') continue;
      const record = this.#record(finding, nowMs);
      if (record === undefined) continue;
      const next = finding.state;
      // From late to down is one trouble that got worse; both are failures all the time.
      if (record.state !== next) {
        if (record.state === 'ok' || next === 'ok') record.sinceMs = nowMs;
        record.state = next;
      }
      record.words = finding.words;
      record.checkedMs = nowMs;
      record.ms = finding.ms;
      const one = this.#newsOf(record, nowMs);
      if (one !== undefined) news.push(one);
    }
    this.#forget(nowMs);
    return news;
  }

  /** What people know of now: each with the news that would say it again. */
  standing(): readonly CheckRecord[] {
    return this.checks.filter(({ told }) => told !== undefined);
  }

  /** The target has taken the news. */
  delivered(target: string, id: string): void {
    this.#outbox = this.#outbox.filter(([one, news]) => one !== target || news.id !== id);
  }

  /** Processes of a server that were named there within the last day. */
  rolesOf(server: string, nowMs: number): ReadonlySet<string> {
    const roles = this.checks.filter((one) => {
      const known = one.server === server && one.check.startsWith('role ');
      return known && (one.state === 'ok' || nowMs - one.sinceMs < WATCH_FORGET_MS);
    });
    return new Set(roles.map(({ check }) => check.slice('role '.length)));
  }

  /** All of it as text, for the file. */
  save(): string {
    const saved: Saved = {
      ...{ version: 1, watcher: this.#options.watcher, sequence: this.#sequence },
      ...{ checks: this.checks, outbox: this.#outbox, dropped: this.dropped },
      ...{ heartbeatMs: this.heartbeatMs, canaryMs: Object.fromEntries(this.canaryMs) },
    };
    return `${JSON.stringify(saved)}\n`;
  }

  #record(finding: Finding, nowMs: number): CheckRecord | undefined {
    const key = checkKey(finding);
    const found = this.#checks.get(key);
    if (found !== undefined || this.#checks.size >= WATCH_CHECKS_MAX) return found;
    const { server, check } = finding;
    const fresh: CheckRecord = {
      ...{ server, check, state: 'ok', words: '', sinceMs: nowMs, checkedMs: nowMs },
      ...{ told: undefined, toldSinceMs: 0 },
    };
    this.#checks.set(key, fresh);
    return fresh;
  }

  #newsOf(record: CheckRecord, nowMs: number): News | undefined {
    const { state, told } = record;
    if (state === told || (state === 'ok' && told === undefined)) return undefined;
    if (state === 'ok') {
      const news = this.#tell(record, 'recovered', nowMs);
      record.told = undefined;
      return news;
    }
    // What people know to be unwell and got worse, or better, is told at once.
    if (told === undefined && nowMs - record.sinceMs < this.#options.afterMs) return undefined;
    if (told === undefined) record.toldSinceMs = record.sinceMs;
    const news = this.#tell(record, state, nowMs);
    record.told = state;
    return news;
  }

  #tell(record: CheckRecord, kind: NewsKind, nowMs: number): News {
    const { server, check, words, told, toldSinceMs } = record;
    const id = `${this.#options.watcher}-${nowMs.toString(36)}-${++this.#sequence}`;
    const sinceMs = toldSinceMs || record.sinceMs;
    const was = told === undefined ? {} : { was: told };
    const news: News = { id, kind, server, check, words, sinceMs, atMs: nowMs, ...was };
    for (const target of this.#options.targets) this.#outbox.push([target, news]);
    const over = this.#outbox.length - WATCH_OUTBOX_MAX;
    if (over > 0) {
      this.#outbox.splice(0, over);
      this.dropped += over;
    }
    return news;
  }

  #forget(nowMs: number): void {
    for (const [key, record] of this.#checks) {
      if (nowMs - record.checkedMs > WATCH_FORGET_MS) this.#checks.delete(key);
    }
  }

  /** A file of another watcher, or half a file, is as good as none. */
  #load(text: string): void {
    const saved = fieldsOf(jsonOf(text)) as Partial<Saved>;
    if (saved.version !== 1 || saved.watcher !== this.#options.watcher) return;
    this.#sequence = Number(saved.sequence) || 0;
    this.dropped = Number(saved.dropped) || 0;
    this.heartbeatMs = Number(saved.heartbeatMs) || 0;
    for (const [server, ms] of Object.entries(saved.canaryMs ?? {})) {
      this.canaryMs.set(server, Number(ms));
    }
    for (const one of saved.checks ?? []) {
      const record: CheckRecord = { ...one, told: one.told };
      // Nobody looked meanwhile: what was not told yet has to last anew.
      if (record.told === undefined) record.state = 'ok';
      this.#checks.set(checkKey(record), record);
    }
    const known = new Set(this.#options.targets);
    this.#outbox = (saved.outbox ?? []).filter(([target]) => known.has(target)).slice();
  }
}
