// A Consul agent for tests: catalog and health of services behind blocking queries, with tags, node
// meta, an index that may begin anew, and a token. Easy to get wrong: a question with the newest
// index is held back until something changes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { Outage } from './discovery-room.ts';

export interface FakeService {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly nodeAddress: string;
  readonly address?: string;
  readonly port: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  readonly nodeMeta?: Readonly<Record<string, string>>;
  readonly status?: string;
}

export class FakeConsul {
  token: string | undefined;
  index = 10;
  readonly requests: URL[] = [];
  readonly outage: Outage;
  readonly #services = new Map<string, FakeService>();
  readonly #held = new Set<() => void>();

  constructor() {
    this.outage = new Outage(createServer((request, reply) => this.#answer(request, reply)));
  }

  get server(): string {
    return `127.0.0.1:${this.outage.port}`;
  }

  /** Questions that are held back now. */
  get held(): number {
    return this.#held.size;
  }

  put(service: FakeService): void {
    this.#services.set(service.id, service);
    this.#changed();
  }

  remove(id: string): void {
    this.#services.delete(id);
    this.#changed();
  }

  /** As after a restore from a backup: numbers begin anew. */
  beginAnew(): void {
    this.index = 2;
    for (const go of this.#held) go();
  }

  #changed(): void {
    this.index++;
    for (const go of this.#held) go();
  }

  #answer(request: IncomingMessage, reply: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://x');
    this.requests.push(url);
    if (this.token !== undefined && request.headers['x-consul-token'] !== this.token) {
      reply.writeHead(403).end('rpc error: Permission denied');
      return;
    }
    const go = (): void => {
      this.#held.delete(go);
      this.#say(url, reply);
    };
    if (url.searchParams.get('index') !== String(this.index)) return go();
    this.#held.add(go);
    reply.on('close', () => this.#held.delete(go));
  }

  #say(url: URL, reply: ServerResponse): void {
    reply.writeHead(200, { 'X-Consul-Index': String(this.index) });
    reply.end(JSON.stringify(this.#found(url)));
  }

  #found(url: URL): unknown {
    const meta = url.searchParams.getAll('node-meta').map((one) => one.split(':'));
    const all = [...this.#services.values()].filter(({ nodeMeta }) => {
      return meta.every(([name, value]) => nodeMeta?.[name] === value);
    });
    const [, name] = /\/v1\/health\/service\/(.+)$/.exec(url.pathname) ?? [];
    if (name === undefined) {
      const tags = new Map<string, Set<string>>();
      for (const one of all) {
        const known = tags.get(one.name) ?? new Set();
        tags.set(one.name, new Set([...known, ...(one.tags ?? [])]));
      }
      return Object.fromEntries([...tags].map(([service, set]) => [service, [...set]]));
    }
    const tags = url.searchParams.getAll('tag');
    return all
      .filter((one) => one.name === decodeURIComponent(name))
      .filter((one) => tags.every((tag) => one.tags?.includes(tag)))
      .map((one) => ({
        Node: {
          ...{ Node: one.node, Address: one.nodeAddress, Datacenter: 'dc1' },
          Meta: one.nodeMeta ?? {},
          TaggedAddresses: { lan: one.nodeAddress },
        },
        Service: {
          ...{ ID: one.id, Service: one.name, Address: one.address ?? '', Port: one.port },
          ...{ Tags: one.tags ?? [], Meta: one.meta ?? {} },
        },
        Checks: [{ CheckID: 'alive', Status: one.status ?? 'passing' }],
      }));
  }
}
