// A notifier in a world of its own: virtual time, State in memory, receivers that do what a test
// says and remember what they were told. It can be killed at any commit and started again.
import { Notifier } from '../../src/engine/notify/notifier.ts';
import { renderDefault } from '../../src/engine/notify/default-texts.ts';
import type { PostAnswer, PostAsk } from '../../src/engine/notify/receivers/http-post.ts';
import { parseRoutes } from '../../src/engine/daemons/routes-file.ts';
import type { PostedAlert } from '../../src/engine/model/alerting.ts';
import { makeLogger } from '../../src/engine/runtime/logger.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { Killed, MemoryState } from './memory-state.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface Told {
  readonly url: string;
  readonly id: string;
  readonly atMs: number;
  readonly body: Record<string, unknown>;
  /** Hosts that fire, and hosts that are resolved. */
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
}

type Answer = Partial<PostAnswer> | Error | 'never';

export class NotifyWorld {
  readonly clock = new VirtualClock(1_800_000_000_000);
  readonly state = new MemoryState();
  readonly told: Told[] = [];
  /** Every attempt, also those that failed. */
  readonly tried: string[] = [];
  readonly bugs: unknown[] = [];
  answer: (url: string, ask: PostAsk) => Answer = () => ({});
  notifier: Notifier;
  readonly #file: string;
  readonly #seed: number;

  constructor(file: string, seed = 1) {
    this.#file = file;
    this.#seed = seed;
    this.notifier = this.#make();
  }

  #make(): Notifier {
    const { clock, state } = this;
    return new Notifier({
      routing: parseRoutes(this.#file, '/etc/alertmanager.yml').routing,
      state,
      clock,
      random: seededRandom(this.#seed),
      logger: makeLogger({ write: () => undefined, clock }),
      post: (ask) => this.#post(ask),
      readText: async () => 'secret',
      render: renderDefault,
      externalUrl: () => 'http://mon',
      onBug: (thrown) => {
        if (!(thrown instanceof Killed)) this.bugs.push(thrown);
      },
    });
  }

  async start(): Promise<this> {
    await this.notifier.start();
    return this;
  }

  /** The process dies, with what it was doing; another one starts on the same State. */
  async restart(): Promise<void> {
    const old = this.notifier;
    this.state.dead = true;
    void old.stop().catch(() => undefined);
    await this.clock.advance(0);
    this.state.dead = false;
    this.state.killAt = undefined;
    this.notifier = this.#make();
    await this.notifier.start();
    await this.clock.advance(0);
  }

  async #post(ask: PostAsk): Promise<PostAnswer> {
    const body = JSON.parse(ask.body) as Record<string, unknown>;
    const id = ask.headers?.['Idempotency-Key'] ?? String(body['dedup_key'] ?? '');
    this.tried.push(ask.url);
    const answer = this.answer(ask.url, ask);
    if (answer instanceof Error) throw answer;
    if (answer === 'never') {
      return await new Promise((_, reject) => {
        ask.signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      });
    }
    const whole = { status: 200, body: 'ok', retryAfter: '', location: '', ...answer };
    if (whole.status < 300) {
      const alerts = (body['alerts'] ?? []) as { status: string; labels: { host?: string } }[];
      const hosts = (status: string): string[] =>
        alerts
          .filter((one) => one.status === status)
          .map((one) => one.labels.host ?? '')
          .sort();
      const atMs = this.clock.now();
      const more = { firing: hosts('firing'), resolved: hosts('resolved') };
      this.told.push({ url: ask.url, id, atMs, body, ...more });
    }
    return whole;
  }

  async fire(host: string, more: Record<string, string> = {}): Promise<void> {
    await this.notifier.post([alertOf(host, more)]);
    await this.clock.advance(0);
  }

  async resolve(host: string, more: Record<string, string> = {}): Promise<void> {
    const endsAtMs = this.clock.now();
    await this.notifier.post([{ ...alertOf(host, more), endsAtMs }]);
    await this.clock.advance(0);
  }

  /** What was told, one text a notification: `url: firing | resolved`. */
  story(): string[] {
    return this.told.map(({ url, firing, resolved }) => {
      const name = url.replace('http://', '');
      return [`${name}:`, ...firing, '|', ...resolved].join(' ');
    });
  }
}

/** A firing alert that goes on until it is resolved, a year from now at the latest. */
export function alertOf(host: string, more: Record<string, string> = {}): PostedAlert {
  const labels = { alertname: 'HighCpu', host, severity: 'critical', ...more };
  return { labels, annotations: {}, endsAtMs: 1_900_000_000_000, generatorUrl: '' };
}
