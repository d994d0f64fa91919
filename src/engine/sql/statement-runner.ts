// The near side of one process for statements: what is told and asked in turn, page by page in both
// directions. Easy to get wrong: whoever leaves in the middle must leave the process ready for the
// next one, or ended; a process that does not let go is killed.
import { MonError } from '../errors.ts';
import { SQL_LETS_GO_MS, SQL_PAGES_AHEAD } from '../limits-sql.ts';
import type { Clock } from '../runtime/clock.ts';
import { thrownFailure } from './sql-protocol.ts';
import type { FromStatement, SqlSettings, ToStatement } from './sql-protocol.ts';
import type { StatementScope } from './statement-scope.ts';

/** A process as it is started; `message` hears what it says, `ended` why it is gone. */
export interface StatementChild {
  readonly pid: number;
  send(message: ToStatement): boolean;
  kill(): void;
  unref(): void;
}

export type StartChild = (
  message: (value: FromStatement) => void,
  ended: (why: string) => void,
) => StatementChild;

export class StatementRunner {
  readonly pid: number;
  readonly #child: StatementChild;
  readonly #clock: Clock;
  readonly #heard: FromStatement[] = [];
  #wake: (() => void) | undefined;
  #gone: Error | undefined;
  /** Pages that were handed over and not yet taken. */
  #under = 0;
  /** Why it was told to let go. */
  #stopped: unknown;
  #told = false;

  private constructor(start: StartChild, clock: Clock) {
    this.#clock = clock;
    this.#child = start(
      (message) => this.#hear(message),
      (why) => this.#end(why),
    );
    this.pid = this.#child.pid;
  }

  /** Starts a process and waits until it is ready. @throws MonError MON_QUERY_FAILED. */
  static async start(
    start: StartChild,
    settings: SqlSettings,
    clock: Clock,
  ): Promise<StatementRunner> {
    const runner = new StatementRunner(start, clock);
    runner.#send({ do: 'open', settings });
    await runner.#next('ready');
    runner.#child.unref();
    return runner;
  }

  get isGone(): boolean {
    return this.#gone !== undefined;
  }

  /** Tells it to let go; whoever waits for something of it gets the reason. */
  interrupt(reason: unknown): void {
    this.#stopped ??= reason;
    this.#tellEnd();
    this.#wake?.();
  }

  #tellEnd(): void {
    if (this.#told || this.#gone !== undefined) return;
    this.#told = true;
    this.#send({ do: 'end' });
  }

  async check(text: string, zone: string): Promise<StatementScope> {
    this.#send({ do: 'check', text, zone });
    return (await this.#next('scope')).scope;
  }

  /** Makes ready for an export, whose rows are all that is handed over. */
  async beginExport(): Promise<void> {
    this.#send({ do: 'export' });
    await this.#next('scope');
  }

  /** Hands a page over; waits while too many are on their way. */
  async give(message: ToStatement): Promise<void> {
    this.#send(message);
    this.#under++;
    while (this.#under >= SQL_PAGES_AHEAD) await this.#taken();
  }

  /** The bytes of the answer. */
  async *run(message: ToStatement): AsyncGenerator<Uint8Array, void, void> {
    while (this.#under > 0) await this.#taken();
    this.#send(message);
    for (;;) {
      const told = await this.#next('bytes', 'done');
      if (told.told === 'done') return;
      yield told.bytes;
      this.#send({ do: 'more' });
    }
  }

  /** Lets go of the statement; false when the process is no longer of use. */
  async end(): Promise<boolean> {
    if (this.#gone !== undefined) return false;
    const late = this.#clock.after(SQL_LETS_GO_MS, () => this.kill(), true);
    try {
      this.#tellEnd();
      // What it said before it heard that is of no interest.
      for (;;) {
        const told = await this.#any();
        if (told.told === 'ready') break;
      }
      this.#under = 0;
      this.#told = false;
      this.#stopped = undefined;
      return true;
    } catch {
      return false;
    } finally {
      late.cancel();
    }
  }

  kill(): void {
    this.#child.kill();
    this.#end('it was ended');
  }

  async #taken(): Promise<void> {
    await this.#next('taken');
    this.#under--;
  }

  async #next<K extends FromStatement['told']>(
    ...kinds: readonly K[]
  ): Promise<Extract<FromStatement, { readonly told: K }>> {
    const told = await this.#any(() => this.#stopped);
    if (told.told === 'failed') throw thrownFailure(told.failure);
    if ((kinds as readonly string[]).includes(told.told)) {
      return told as Extract<FromStatement, { readonly told: K }>;
    }
    throw new Error(`BUG: the statement's process says ${told.told}, not ${kinds.join(' or ')}`);
  }

  async #any(stopped?: () => unknown): Promise<FromStatement> {
    for (;;) {
      const reason = stopped?.();
      if (reason !== undefined) throw reason;
      const first = this.#heard.shift();
      if (first !== undefined) return first;
      if (this.#gone !== undefined) throw this.#gone;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #hear(message: FromStatement): void {
    this.#heard.push(message);
    this.#wake?.();
  }

  #end(why: string): void {
    const hint = 'ask for less: a shorter time, fewer metrics, or fewer groups';
    const words = `the process that ran the statement has ended (${why})`;
    this.#gone ??= new MonError('MON_QUERY_FAILED', words, { hint });
    this.#wake?.();
  }

  #send(message: ToStatement): void {
    if (this.#gone !== undefined) throw this.#gone;
    if (!this.#child.send(message)) this.#end('its channel is broken');
  }
}
