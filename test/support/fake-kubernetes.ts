// A Kubernetes API server for tests: collections with versions, lists in pages whose tokens and
// watches expire, bookmarks, selectors, tokens that must be right. Its history can be compacted, as
// etcd's is every five minutes. Easy to get wrong: a list and the watch after it must leave no gap.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { Server } from 'node:net';
import { Outage } from './discovery-room.ts';

interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly [field: string]: unknown;
}

export interface FakeObject {
  readonly metadata: Meta;
  readonly [field: string]: unknown;
}

interface Event {
  readonly version: number;
  readonly kind: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: FakeObject;
}

interface Watch {
  readonly kind: string;
  readonly query: URLSearchParams;
  readonly namespace: string | undefined;
  readonly reply: ServerResponse;
}

const API = String.raw`\/(?:api|apis\/(?:(?:discovery|networking)\.k8s\.io|apps|batch))\/v1`;
const PATH = new RegExp(String.raw`^${API}(?:\/namespaces\/([^/]+))?\/([a-z]+)$`);

function selected(object: FakeObject, query: URLSearchParams, namespace?: string): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  const labels = (query.get('labelSelector') ?? '').split(',').filter((one) => one !== '');
  const fields = (query.get('fieldSelector') ?? '').split(',').filter((one) => one !== '');
  const holds = (text: string, get: (name: string) => unknown): boolean => {
    const [name, value] = text.split('=');
    return get(name) === value;
  };
  return (
    labels.every((one) => holds(one, (name) => object.metadata.labels?.[name])) &&
    fields.every((one) => holds(one, (name) => object.metadata[name.replace('metadata.', '')]))
  );
}

export class FakeKubernetes {
  /** Objects of a page at most, whatever is asked for. */
  pageMax = 500;
  /** What requests must carry. */
  token: string | undefined;
  readonly requests: string[] = [];
  readonly outage: Outage;
  readonly #secure: boolean;
  readonly #objects = new Map<string, Map<string, FakeObject>>();
  readonly #watches = new Set<Watch>();
  #history: Event[] = [];
  #version = 100;
  #compacted = 0;

  constructor(tls?: { key: string; cert: string }) {
    const listener: RequestListener = (request, reply) => this.#answer(request, reply);
    const server = tls === undefined ? createServer(listener) : createSecure(tls, listener);
    this.#secure = tls !== undefined;
    this.outage = new Outage(server as Server);
  }

  get url(): string {
    return `${this.#secure ? 'https' : 'http'}://127.0.0.1:${this.outage.port}`;
  }

  get watching(): number {
    return this.#watches.size;
  }

  put(kind: string, object: FakeObject): void {
    const all = this.#objects.get(kind) ?? new Map<string, FakeObject>();
    this.#objects.set(kind, all);
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    this.#happen(kind, all.has(key) ? 'MODIFIED' : 'ADDED', object);
    all.set(key, this.#history[this.#history.length - 1].object);
  }

  remove(kind: string, key: string): void {
    const object = this.#objects.get(kind)?.get(key);
    if (object === undefined) throw new Error(`no ${kind} ${key}`);
    this.#objects.get(kind)?.delete(key);
    this.#happen(kind, 'DELETED', object);
  }

  /** Forgets all changes so far: older versions are answered 410 from now on. */
  compact(): void {
    this.#history = [];
    this.#compacted = this.#version;
  }

  /** Tells every watch the newest version. */
  bookmark(): void {
    for (const { kind, reply } of this.#watches) {
      const object = { kind, metadata: { name: '', resourceVersion: String(this.#version) } };
      reply.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** Ends all watches, with an event that says 410 where `expired`. */
  endWatches(expired = false): void {
    for (const watch of this.#watches) {
      const object = { kind: 'Status', code: 410, metadata: {}, message: 'too old' };
      if (expired) watch.reply.write(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      watch.reply.end();
    }
    this.#watches.clear();
  }

  #happen(kind: string, type: Event['type'], object: FakeObject): void {
    const version = ++this.#version;
    const metadata = { ...object.metadata, resourceVersion: String(version), managedFields: [{}] };
    const event = { version, kind, type, object: { ...object, metadata } };
    this.#history.push(event);
    for (const watch of this.#watches) this.#tell(watch, event);
  }

  #tell(watch: Watch, event: Event): void {
    if (event.kind !== watch.kind) return;
    if (!selected(event.object, watch.query, watch.namespace)) return;
    // In two pieces: a line may come in any number of them.
    const line = `${JSON.stringify({ type: event.type, object: event.object })}\n`;
    watch.reply.write(line.slice(0, line.length >> 1));
    watch.reply.write(line.slice(line.length >> 1));
  }

  #answer(request: IncomingMessage, reply: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://x');
    this.requests.push(request.url ?? '');
    const [, namespace, kind] = PATH.exec(url.pathname) ?? [];
    const wanted = `Bearer ${this.token}`;
    if (this.token !== undefined && request.headers.authorization !== wanted) {
      return refuse(reply, 401, 'Unauthorized');
    }
    if (kind === undefined) return refuse(reply, 404, 'the server could not find it');
    if (url.searchParams.get('watch') === null) return this.#list(reply, url, kind, namespace);
    this.#watch(request, reply, { kind, query: url.searchParams, namespace, reply });
  }

  #list(reply: ServerResponse, url: URL, kind: string, namespace: string | undefined): void {
    const query = url.searchParams;
    const limit = Math.min(Number(query.get('limit') ?? 500), this.pageMax);
    const [at = '0', version = String(this.#version)] = (query.get('continue') ?? '0').split('@');
    if (Number(version) < this.#compacted) return refuse(reply, 410, 'the token has expired');
    const all = [...(this.#objects.get(kind)?.values() ?? [])];
    const found = all.filter((object) => selected(object, query, namespace));
    const next = Number(at) + limit;
    const more = next < found.length ? { continue: `${next}@${version}` } : {};
    const metadata = { resourceVersion: version, ...more };
    reply.writeHead(200, { 'Content-Type': 'application/json' });
    reply.end(JSON.stringify({ kind: 'List', metadata, items: found.slice(Number(at), next) }));
  }

  #watch(request: IncomingMessage, reply: ServerResponse, watch: Watch): void {
    const from = Number(watch.query.get('resourceVersion'));
    if (from < this.#compacted) return refuse(reply, 410, 'too old resource version');
    reply.writeHead(200, { 'Content-Type': 'application/json' });
    reply.flushHeaders();
    for (const event of this.#history) if (event.version > from) this.#tell(watch, event);
    this.#watches.add(watch);
    request.on('close', () => this.#watches.delete(watch));
    reply.on('close', () => this.#watches.delete(watch));
  }
}

function refuse(reply: ServerResponse, code: number, message: string): void {
  reply.writeHead(code, { 'Content-Type': 'application/json' });
  reply.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }));
}
