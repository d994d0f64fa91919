// Keeps the processes of a cluster on one machine alive: starts them in order, starts again what
// ends, ever more slowly when it ends again and again, and drains all in the reverse order. Easy to
// get wrong: a process that crashes in a loop must be named with its last words, not hidden by
// being started again; and what was told to stop must not be started again.
import type { Clock } from '../runtime/clock.ts';
import { Child } from '../runtime/child.ts';
import type { ChildEnd } from '../runtime/child.ts';
import type { Logger } from '../runtime/logger.ts';

export type RoleState = 'waiting' | 'starting' | 'not ready' | 'ready' | 'restarting' | 'crashing';

export interface RoleSpec {
  readonly role: string;
  readonly member: string;
  /** Arguments of Node; the hub's address is known once it answers. */
  readonly args: (hub: string) => readonly string[];
}

/** One process as it is told to people. */
export interface RoleStatus {
  readonly role: string;
  readonly member: string;
  readonly state: RoleState;
  readonly pid: number;
  readonly restarts: number;
  readonly startedMs: number;
  /** What it waits for, or why it ended. */
  readonly why: string;
}

export interface SupervisorOptions {
  /** Stages: the processes of one start when those before it are there. */
  readonly stages: readonly (readonly RoleSpec[])[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** What a process says on stderr. */
  readonly noise: (member: string, text: string) => void;
  /** Called after each change of anything. */
  readonly changed: () => void;
}

/** A process reports itself so, one line each time something changes. */
export interface RoleReport {
  readonly state: 'ready' | 'not ready';
  readonly why: string;
  readonly address: string;
  readonly url: string;
}

const AGAIN_MS = 100;
const AGAIN_MS_MAX = 15_000;
/** One that lived so long has not crashed in a loop. */
const STABLE_MS = 20_000;
const CRASHING_AFTER = 3;
/** A stage is not waited for longer: what does not come is started again meanwhile. */
const STAGE_MS_MAX = 15_000;
const DRAIN_MS_MAX = 20_000;

interface Kept {
  readonly spec: RoleSpec;
  state: RoleState;
  restarts: number;
  failures: number;
  startedMs: number;
  why: string;
  url: string;
  address: string;
  child: Child | undefined;
  keeping: Promise<void>;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #stages: readonly (readonly Kept[])[];
  readonly #stopping = new AbortController();
  #wake: (() => void)[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#stages = options.stages.map((specs) =>
      specs.map((spec): Kept => {
        const none = { restarts: 0, failures: 0, startedMs: 0, why: '', url: '', address: '' };
        const keeping = Promise.resolve();
        return { spec, state: 'waiting', ...none, child: undefined, keeping };
      }),
    );
  }

  get #all(): Kept[] {
    return this.#stages.flat();
  }

  status(): RoleStatus[] {
    return this.#all.map(({ spec, state, child, restarts, startedMs, why }) => {
      const { role, member } = spec;
      return { role, member, state, pid: child?.pid ?? 0, restarts, startedMs, why };
    });
  }

  /** Names of processes that are not ready. */
  waitingFor(): string[] {
    return this.#all.filter(({ state }) => state !== 'ready').map(({ spec }) => spec.member);
  }

  /** Where people ask; empty until the process that serves them has said it. */
  get url(): string {
    return this.#all.find(({ url }) => url !== '')?.url ?? '';
  }

  /** Starts stage after stage; resolves when all have been started. */
  async start(): Promise<void> {
    for (const stage of this.#stages) {
      for (const one of stage) one.keeping = this.#keep(one);
      await this.#until(() => stage.every(({ state }) => state === 'ready'), STAGE_MS_MAX);
      if (this.#stopping.signal.aborted) return;
    }
  }

  /** Resolves when a condition of the status holds, or after a time; answers whether it does. */
  async until(holds: () => boolean, ms: number): Promise<boolean> {
    await this.#until(holds, ms);
    return holds();
  }

  /** Tells one role's processes a line. */
  tell(role: string, line: string): void {
    for (const { spec, child } of this.#all) if (spec.role === role) child?.tell(line);
  }

  /** Has the processes of these roles read their files again. */
  hangup(roles: readonly string[]): void {
    for (const { spec, child } of this.#all) if (roles.includes(spec.role)) child?.kill('SIGHUP');
  }

  /** Drains all, the last stage first; answers the names of those that had to be killed. */
  async stop(): Promise<readonly string[]> {
    this.#stopping.abort();
    this.#changed();
    const killed: string[] = [];
    for (const stage of this.#stages.toReversed()) {
      await Promise.all(
        stage.map(async (one) => {
          if (!(await this.#end(one))) killed.push(one.spec.member);
        }),
      );
    }
    return killed;
  }

  async #end(one: Kept): Promise<boolean> {
    const { child } = one;
    if (child === undefined) return true;
    child.kill('SIGTERM');
    const over = new AbortController();
    const late = this.#options.clock.sleep(DRAIN_MS_MAX, over.signal).then(() => 'late' as const);
    const outcome = await Promise.race([one.keeping.then(() => 'done' as const), late]);
    over.abort();
    if (outcome === 'done') return true;
    child.kill('SIGKILL');
    await one.keeping;
    return false;
  }

  async #keep(one: Kept): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const begun = clock.monotonic();
      const end = await this.#once(one);
      if (signal.aborted) return;
      const livedMs = clock.monotonic() - begun;
      one.failures = livedMs > STABLE_MS ? 1 : one.failures + 1;
      one.restarts++;
      one.state = one.failures >= CRASHING_AFTER ? 'crashing' : 'restarting';
      one.why = whyEnded(end);
      logger.warn(`${one.spec.member} has ended`, { why: one.why, restarts: one.restarts });
      this.#changed();
      await clock.sleep(Math.min(AGAIN_MS * 2 ** (one.failures - 1), AGAIN_MS_MAX), signal);
    }
  }

  async #once(one: Kept): Promise<ChildEnd> {
    const { clock, noise } = this.#options;
    const { spec } = one;
    one.startedMs = clock.now();
    // One that crashes in a loop goes by that name, with its last words, until it is ready.
    if (one.state !== 'crashing') one.state = 'starting';
    const child = new Child({
      args: spec.args(this.#stages[0][0].address),
      line: (text) => this.#reported(one, text),
      noise: (text) => noise(spec.member, text),
    });
    one.child = child;
    this.#changed();
    const end = await child.ended;
    one.child = undefined;
    return end;
  }

  #reported(one: Kept, text: string): void {
    let report: RoleReport;
    try {
      report = JSON.parse(text) as RoleReport;
    } catch {
      return this.#options.noise(one.spec.member, `${text}\n`);
    }
    const again = one.state === 'crashing' && report.state !== 'ready';
    one.state = again ? one.state : report.state;
    one.why = again ? one.why : report.why;
    one.address = report.address;
    one.url = report.url;
    this.#changed();
  }

  #changed(): void {
    this.#options.changed();
    for (const wake of this.#wake.splice(0)) wake();
  }

  async #until(holds: () => boolean, ms: number): Promise<void> {
    const { clock } = this.#options;
    const over = AbortSignal.any([this.#stopping.signal]);
    const deadline = clock.monotonic() + ms;
    while (!holds() && !over.aborted && clock.monotonic() < deadline) {
      const woken = new AbortController();
      this.#wake.push(() => woken.abort());
      await clock.sleep(deadline - clock.monotonic(), AbortSignal.any([over, woken.signal]));
    }
  }
}

/** The line that says it, as the command line prints failures; else how it ended. */
function whyEnded({ code, signal, lastWords }: ChildEnd): string {
  const lines = lastWords.split('\n').filter((line) => line.trim() !== '');
  const said = lines.findLast((line) => /^(?:error|BUG): /.test(line)) ?? lines.at(-1);
  if (signal !== null) return `killed by ${signal}`;
  return said ?? `exit ${code}`;
}
