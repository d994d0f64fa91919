// Two ends of a connection for tests: a listener with services on a unix socket or a TCP port,
// links to it, and a way to break what stands between them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../../src/engine/remote/address.ts';
import { RemoteLink } from '../../src/engine/remote/link.ts';
import { RemoteListener } from '../../src/engine/remote/listener.ts';
import type { Service } from '../../src/engine/remote/listener.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';

const PAIR_TOKEN = 'between-us';

export class RemotePair {
  readonly bugs: unknown[] = [];
  #listener: RemoteListener;
  #address: Address;
  readonly #services: Readonly<Record<string, Service>>;
  readonly #links: RemoteLink[] = [];
  readonly #folder: string | undefined;

  private constructor(services: Readonly<Record<string, Service>>, folder: string | undefined) {
    this.#services = services;
    this.#folder = folder;
    this.#listener = this.#made();
    this.#address =
      folder === undefined ? { host: '127.0.0.1', port: 0 } : { path: join(folder, 'sock') };
  }

  static async open(
    services: Readonly<Record<string, Service>>,
    over: 'unix' | 'tcp' = 'unix',
  ): Promise<RemotePair> {
    const folder = over === 'tcp' ? undefined : await mkdtemp(join(tmpdir(), 'mon-pair-'));
    const pair = new RemotePair(services, folder);
    pair.#address = await pair.#listener.listen(pair.#address);
    return pair;
  }

  get address(): Address {
    return this.#address;
  }

  link(service: string, { token = PAIR_TOKEN, waitMs = 2000 } = {}): RemoteLink {
    const address = this.#address;
    const link = new RemoteLink({ address, token, service, clock: systemClock, waitMs });
    this.#links.push(link);
    return link;
  }

  /** Ends the listener and all connections, as the death of its process does. */
  async down(): Promise<void> {
    await this.#listener.close();
  }

  /** Listens again at the same address. */
  async up(): Promise<void> {
    this.#listener = this.#made();
    await this.#listener.listen(this.#address);
  }

  async close(): Promise<void> {
    for (const link of this.#links) link.close();
    await this.#listener.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  #made(): RemoteListener {
    const onBug = (thrown: unknown): void => void this.bugs.push(thrown);
    const listener = new RemoteListener({ clock: systemClock, token: PAIR_TOKEN, onBug });
    for (const [name, service] of Object.entries(this.#services)) listener.offer(name, service);
    return listener;
  }
}
