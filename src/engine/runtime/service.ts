// The life of a process that is put together from parts: start in order, ready, drain, stop in
// reverse order within a deadline. Easy to get wrong: when a start fails, what has started already
// must be stopped; and one part that hangs on stopping must not keep the others from closing their
// files.
import { MonError, assert } from '../errors.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

export interface Service {
  readonly name: string;
  start?(): Promise<void>;
  /** False while it cannot serve yet (replaying, connecting); asked by /-/ready. */
  ready?(): boolean;
  /** Takes nothing new and finishes what is under way. */
  drain?(): Promise<void>;
  stop?(): Promise<void>;
}

/**
 * 1 idle: nothing runs. 2 starting: services start one after the other. 3 running. 4 draining:
 * nothing new is taken. 5 stopping: services stop in reverse order. 6 stopped: for good. Legal
 * moves: 1 to 2, 2 to 3 or 5, 3 to 4, 4 to 5, 5 to 6.
 */
export type ServiceState = 'idle' | 'starting' | 'running' | 'draining' | 'stopping' | 'stopped';

export interface ServicesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** For draining and for stopping together, ms. */
  readonly stopMsMax: number;
}

export class Services {
  readonly #options: ServicesOptions;
  readonly #services: Service[] = [];
  readonly #started: Service[] = [];
  #state: ServiceState = 'idle';
  #stopping: Promise<readonly string[]> | undefined;

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  get state(): ServiceState {
    return this.#state;
  }

  add(service: Service): void {
    assert(this.#state === 'idle', 'services are added before they start');
    this.#services.push(service);
  }

  /**
   * Starts all in the order added. When one fails, stops those before it and throws its failure.
   */
  async start(): Promise<void> {
    assert(this.#state === 'idle', 'services start once');
    this.#state = 'starting';
    for (const service of this.#services) {
      try {
        await service.start?.();
      } catch (thrown) {
        await this.stop();
        throw thrown;
      }
      // A signal may come while a service starts: the one that just started has to stop as well.
      this.#started.push(service);
      if (this.state !== 'starting') {
        await this.stop();
        if (service.stop) await this.#within(service, 'stop', Infinity);
        throw new MonError('MON_ABORTED', 'stopped while it was starting');
      }
    }
    this.#state = 'running';
  }

  /** Names of services that are not ready yet; all of them before the start has ended. */
  waitingFor(): readonly string[] {
    if (this.#state !== 'running') return this.#services.map((s) => s.name);
    return this.#started.filter((s) => s.ready?.() === false).map((s) => s.name);
  }

  get ready(): boolean {
    return this.#state === 'running' && this.waitingFor().length === 0;
  }

  /**
   * Drains, then stops, both in reverse order. A second call waits for the first. Answers the names
   * of those that failed or did not end in time; their failures are logged.
   */
  stop(): Promise<readonly string[]> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<readonly string[]> {
    const { clock, stopMsMax } = this.#options;
    const deadline = clock.monotonic() + stopMsMax;
    const services = [...this.#started].reverse();
    const bad = new Set<string>();
    const wasRunning = this.#state === 'running';
    this.#state = 'draining';
    for (const service of wasRunning ? services : []) {
      if (!(await this.#within(service, 'drain', deadline))) bad.add(service.name);
    }
    this.#state = 'stopping';
    for (const service of services) {
      if (!(await this.#within(service, 'stop', deadline))) bad.add(service.name);
    }
    this.#state = 'stopped';
    return [...bad];
  }

  /** True when the step ended well before the deadline. */
  async #within(service: Service, step: 'drain' | 'stop', deadline: number): Promise<boolean> {
    const { clock, logger } = this.#options;
    const work = service[step]?.();
    if (!work) return true;
    // What is past the deadline still gets a moment: closing a file is better than dropping it.
    const leftMs = Math.max(deadline - clock.monotonic(), 50);
    const over = new AbortController();
    const late = Number.isFinite(leftMs)
      ? clock.sleep(leftMs, over.signal).then(() => 'late' as const)
      : new Promise<'late'>(() => undefined);
    const done = work.then(
      () => 'done' as const,
      (thrown: unknown) => {
        logger.failure(`${service.name} failed to ${step}`, thrown);
        return 'failed' as const;
      },
    );
    const outcome = await Promise.race([done, late]);
    over.abort();
    if (outcome === 'late') logger.error(`${service.name} did not ${step} in time`);
    return outcome === 'done';
  }
}
