// One kind of object of a Kubernetes API server as it is now: a list in pages, then a watch that
// carries every change, until it expires and all is listed anew. It stands under Kubernetes
// discovery. Easy to get wrong: an expired version (410, as a status or as an event) means a new
// list, any other failure means the same watch again; what is known stays until a whole list says
// otherwise. Source: Kubernetes API concepts, "Efficient detection of changes".
import { MonError } from '../errors.ts';
import {
  DISCOVERY_RETRY_MS_MAX,
  DISCOVERY_RETRY_MS_MIN,
  DISCOVERY_TIMEOUT_MS,
  KUBERNETES_OBJECTS_MAX,
  KUBERNETES_PAGE,
  KUBERNETES_WATCH_MS,
} from '../limits.ts';
import type { Complaints } from './discovery.ts';
import type { HttpClient } from './http-client.ts';
import { jsonOf, refusedBy } from './http-client.ts';
import type { Clock } from '../runtime/clock.ts';

/** What discovery reads of an object; the rest of it is as the server sent it. */
export interface KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

interface ListPage {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly KubernetesObject[] | null;
}

interface WatchEvent {
  readonly type: string;
  readonly object: KubernetesObject & { readonly code?: number; readonly message?: string };
}

export interface WatchOptions {
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly complaints: Complaints;
  /** Address of the collection: https://host/api/v1/namespaces/shop/pods. */
  readonly url: string;
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly changed: () => void;
}

/** The version from which a watch would go on is not kept any more. */
class Expired extends MonError {
  constructor() {
    super('MON_SERVER_FAILED', 'the version is not kept any more');
  }
}

/** The key of an object among those of its kind. */
export function objectKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

function keyOf({ metadata }: KubernetesObject): string {
  return objectKey(metadata.namespace, metadata.name);
}

function slim(object: KubernetesObject): KubernetesObject {
  // Half of many an object, and nobody asks for it.
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Life: start() once, stop() once. `objects` is whole from the time when `synced` is true. */
export class KubernetesWatch {
  objects = new Map<string, KubernetesObject>();
  synced = false;
  readonly #options: WatchOptions;
  readonly #stopping = new AbortController();
  #version = '';
  #done: Promise<void> = Promise.resolve();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#done = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, complaints, url } = this.#options;
    let pauseMs = DISCOVERY_RETRY_MS_MIN;
    while (!signal.aborted) {
      const began = clock.monotonic();
      try {
        if (this.#version === '') await this.#list(signal);
        await this.#watch(signal);
        complaints.well(url);
        pauseMs = DISCOVERY_RETRY_MS_MIN;
        // A server that ends every watch at once must not be asked without a pause.
        if (clock.monotonic() - began >= pauseMs) continue;
      } catch (thrown) {
        if (signal.aborted) return;
        if (thrown instanceof Expired) this.#version = '';
        else complaints.about(url, thrown);
      }
      await clock.sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, DISCOVERY_RETRY_MS_MAX);
    }
  }

  #address(parameters: Record<string, string>): string {
    const { url, labelSelector, fieldSelector } = this.#options;
    const query = new URLSearchParams(parameters);
    if (labelSelector !== '') query.set('labelSelector', labelSelector);
    if (fieldSelector !== '') query.set('fieldSelector', fieldSelector);
    return `${url}?${query.toString()}`;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const found = new Map<string, KubernetesObject>();
    let version = '';
    for (let token = ''; ;) {
      const page = await this.#page(token, signal);
      for (const object of page.items ?? []) found.set(keyOf(object), slim(object));
      if (found.size > KUBERNETES_OBJECTS_MAX) {
        const words = `more than ${KUBERNETES_OBJECTS_MAX} objects; use selectors or namespaces`;
        throw new MonError('MON_LIMIT_EXCEEDED', words);
      }
      version = page.metadata?.resourceVersion ?? '';
      token = page.metadata?.continue ?? '';
      if (token === '') break;
    }
    this.objects = found;
    this.synced = true;
    this.#version = version;
    this.#options.complaints.well(this.#options.url);
    this.#options.changed();
  }

  async #page(token: string, signal: AbortSignal): Promise<ListPage> {
    const more: Record<string, string> = token === '' ? {} : { continue: token };
    const address = this.#address({ limit: String(KUBERNETES_PAGE), ...more });
    const headers = { Accept: 'application/json' };
    const reply = await this.#options.client.ask(address, { headers, signal });
    if (reply.status === 410) throw new Expired();
    if (reply.status !== 200) throw refusedBy(address, reply);
    return jsonOf(address, reply.body) as ListPage;
  }

  /** Follows one watch to its end. @throws Expired, MonError. */
  async #watch(signal: AbortSignal): Promise<void> {
    const address = this.#address({
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version,
      timeoutSeconds: String(KUBERNETES_WATCH_MS / 1000),
    });
    const headers = { Accept: 'application/json' };
    const timeoutMs = KUBERNETES_WATCH_MS + DISCOVERY_TIMEOUT_MS;
    const question = { headers, signal, timeoutMs };
    const take = (line: string): void => {
      this.#take(jsonOf(address, Buffer.from(line)));
      this.#options.complaints.well(this.#options.url);
    };
    const refused = await this.#options.client.follow(address, question, take);
    if (refused?.status === 410) throw new Expired();
    if (refused !== undefined) throw refusedBy(address, refused);
  }

  #take(found: unknown): void {
    const { type, object } = found as WatchEvent;
    if (type === 'ERROR') {
      if (object.code === 410) throw new Expired();
      const words = `the watch ended: ${object.message ?? `code ${object.code}`}`;
      throw new MonError('MON_SERVER_FAILED', words);
    }
    if (type === 'ADDED' || type === 'MODIFIED') this.#put(object);
    else if (type === 'DELETED') {
      this.objects.delete(keyOf(object));
      this.#options.changed();
    }
    this.#version = object.metadata.resourceVersion ?? this.#version;
  }

  #put(object: KubernetesObject): void {
    const key = keyOf(object);
    if (!this.objects.has(key) && this.objects.size >= KUBERNETES_OBJECTS_MAX) {
      const words = `more than ${KUBERNETES_OBJECTS_MAX} objects; use selectors or namespaces`;
      throw new MonError('MON_LIMIT_EXCEEDED', words);
    }
    this.objects.set(key, slim(object));
    this.#options.changed();
  }
}
