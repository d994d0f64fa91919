// consul_sd_configs: the services of a Consul catalog, each followed by blocking queries. Easy to
// get wrong: an index that goes back means a server that began anew, so the next question must not
// wait; a catalog that cannot be asked changes nothing, and a service that is gone takes its
// targets along. Source: Consul's documentation, "Blocking queries".
import { MonError } from '../errors.ts';
import {
  CONSUL_SERVICES_MAX,
  CONSUL_WAIT_MS,
  DISCOVERY_RETRY_MS_MAX,
  DISCOVERY_RETRY_MS_MIN,
  DISCOVERY_TIMEOUT_MS,
} from '../limits.ts';
import type { Discovery, DiscoveryRoom } from './discovery.ts';
import { Complaints, firstAnswer, groupsOf, hostPort, labelWord } from './discovery.ts';
import { HttpClient, jsonOf, refusedBy } from './http-client.ts';
import type { ConsulDiscoveryConfig } from './discovery-config.ts';
import type { TargetGroup } from './scrape-config.ts';

type Texts = Readonly<Record<string, string>> | null | undefined;

interface ServiceEntry {
  readonly Node: {
    readonly Node: string;
    readonly Address: string;
    readonly Datacenter?: string;
    readonly Partition?: string;
    readonly Meta?: Texts;
    readonly TaggedAddresses?: Texts;
  };
  readonly Service: {
    readonly ID: string;
    readonly Address?: string;
    readonly Port?: number;
    readonly Tags?: readonly string[] | null;
    readonly Meta?: Texts;
    readonly Namespace?: string;
  };
  readonly Checks?: readonly { readonly CheckID?: string; readonly Status?: string }[] | null;
}

/** The worst of all checks, as Consul's own client sums them up. */
function healthOf(checks: ServiceEntry['Checks']): string {
  const states = (checks ?? []).map(({ CheckID = '', Status = '' }) => {
    const isMaintenance = CheckID === '_node_maintenance' || CheckID.startsWith('_service_maint');
    return isMaintenance ? 'maintenance' : Status;
  });
  return ['maintenance', 'critical', 'warning'].find((one) => states.includes(one)) ?? 'passing';
}

function serviceGroups(
  name: string,
  config: ConsulDiscoveryConfig,
  entries: readonly ServiceEntry[],
): TargetGroup[] {
  const { tagSeparator } = config;
  const found = entries.map(({ Node, Service, Checks }) => {
    const tags = tagSeparator + (Service.Tags ?? []).join(tagSeparator) + tagSeparator;
    const port = Service.Port ?? 0;
    const labels: Record<string, string> = {
      __meta_consul_address: Node.Address,
      __meta_consul_dc: Node.Datacenter ?? config.datacenter,
      __meta_consul_health: healthOf(Checks),
      __meta_consul_namespace: Service.Namespace ?? '',
      __meta_consul_node: Node.Node,
      __meta_consul_partition: Node.Partition ?? '',
      __meta_consul_service_address: Service.Address ?? '',
      __meta_consul_service_id: Service.ID,
      __meta_consul_service_port: String(port),
      __meta_consul_tags: tags,
    };
    const put = (prefix: string, texts: Texts): void => {
      for (const [key, value] of Object.entries(texts ?? {})) {
        labels[`__meta_consul_${prefix}_${labelWord(key)}`] = value;
      }
    };
    put('metadata', Node.Meta);
    put('service_metadata', Service.Meta);
    put('tagged_address', Node.TaggedAddresses);
    const host = Service.Address ? Service.Address : Node.Address;
    return [hostPort(host, port), labels] as const;
  });
  return groupsOf(name, { __meta_consul_service: name }, found);
}

/** One question asked again and again, held back by the server until its answer changes. */
class BlockingQuery {
  readonly #work: Promise<void>;
  readonly #stopping = new AbortController();

  constructor(
    what: string,
    owner: { clock: DiscoveryRoom['clock']; refreshMs: number; complaints: Complaints },
    ask: (index: string, signal: AbortSignal) => Promise<string>,
  ) {
    const { signal } = this.#stopping;
    const { clock, refreshMs, complaints } = owner;
    const run = async (): Promise<void> => {
      let index = '0';
      let pauseMs = DISCOVERY_RETRY_MS_MIN;
      while (!signal.aborted) {
        try {
          const next = await ask(index, signal);
          complaints.well(what);
          const wentBack = Number(next) < Number(index);
          index = wentBack ? '0' : next;
          pauseMs = DISCOVERY_RETRY_MS_MIN;
          await clock.sleep(refreshMs, signal);
        } catch (thrown) {
          if (signal.aborted) return;
          complaints.about(what, thrown);
          // Whoever answers next may be another server with other numbers.
          index = '0';
          await clock.sleep(pauseMs, signal);
          pauseMs = Math.min(pauseMs * 2, DISCOVERY_RETRY_MS_MAX);
        }
      }
    };
    this.#work = run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }
}

export class ConsulDiscovery implements Discovery {
  readonly #config: ConsulDiscoveryConfig;
  readonly #room: DiscoveryRoom;
  readonly #client: HttpClient;
  readonly #complaints: Complaints;
  readonly #services = new Map<string, BlockingQuery>();
  readonly #groups = new Map<string, readonly TargetGroup[]>();
  readonly #stopping = new AbortController();
  readonly #leaving = new Set<Promise<void>>();
  readonly #first = Promise.withResolvers<void>();
  #catalog: BlockingQuery | undefined;

  constructor(config: ConsulDiscoveryConfig, room: DiscoveryRoom) {
    this.#config = config;
    this.#room = room;
    this.#client = new HttpClient(room, config);
    this.#complaints = new Complaints(room.warn);
  }

  get failures(): number {
    return this.#complaints.failures;
  }

  groups(): readonly TargetGroup[] {
    return [...this.#groups.values()].flat();
  }

  async start(): Promise<void> {
    const { services, tags } = this.#config;
    if (services.length > 0 && tags.length === 0) for (const name of services) this.#follow(name);
    else {
      this.#catalog = this.#query('consul catalog', (index, signal) => {
        return this.#askCatalog(index, signal);
      });
    }
    await firstAnswer(this.#room.clock, this.#first.promise, this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#catalog?.stop();
    await Promise.all([...this.#services.values()].map((query) => query.stop()));
    await Promise.all(this.#leaving);
    this.#client.close();
  }

  #query(
    what: string,
    ask: (index: string, signal: AbortSignal) => Promise<string>,
  ): BlockingQuery {
    const { refreshMs } = this.#config;
    const owner = { clock: this.#room.clock, refreshMs, complaints: this.#complaints };
    return new BlockingQuery(what, owner, ask);
  }

  /** One blocking question: what it answered, and the index from which to ask again. */
  async #ask(path: string, more: readonly [string, string][], index: string, signal: AbortSignal) {
    const { scheme, server, pathPrefix, datacenter, namespace, partition } = this.#config;
    const query = new URLSearchParams([...more]);
    if (index !== '0') query.set('index', index);
    query.set('wait', `${CONSUL_WAIT_MS}ms`);
    if (datacenter !== '') query.set('dc', datacenter);
    if (namespace !== '') query.set('ns', namespace);
    if (partition !== '') query.set('partition', partition);
    if (this.#config.allowStale) query.set('stale', '');
    for (const [key, value] of Object.entries(this.#config.nodeMeta)) {
      query.append('node-meta', `${key}:${value}`);
    }
    const prefix = pathPrefix === '' ? '' : `/${pathPrefix.replaceAll(/^\/+|\/+$/g, '')}`;
    const url = `${scheme}://${server}${prefix}/v1/${path}?${query.toString()}`;
    const { token } = this.#config;
    const headers: Record<string, string> = token === undefined ? {} : { 'X-Consul-Token': token };
    // Consul spreads the ends of its waits over a sixteenth more.
    const timeoutMs = CONSUL_WAIT_MS * (17 / 16) + DISCOVERY_TIMEOUT_MS;
    const reply = await this.#client.ask(url, { headers, signal, timeoutMs });
    if (reply.status !== 200) throw refusedBy(url, reply);
    const next = reply.headers['x-consul-index'];
    return { found: jsonOf(url, reply.body), next: typeof next === 'string' ? next : '0' };
  }

  async #askCatalog(index: string, signal: AbortSignal): Promise<string> {
    const { services, tags, filter } = this.#config;
    const more: [string, string][] = filter === '' ? [] : [['filter', filter]];
    const { found, next } = await this.#ask('catalog/services', more, index, signal);
    const all = Object.entries(found as Record<string, readonly string[] | null>);
    const wanted = all.filter(([name, own]) => {
      const isNamed = services.length === 0 || services.includes(name);
      return isNamed && tags.every((tag) => own?.includes(tag) ?? false);
    });
    if (wanted.length > CONSUL_SERVICES_MAX) {
      const words = `${wanted.length} services; the limit is ${CONSUL_SERVICES_MAX}`;
      throw new MonError('MON_LIMIT_EXCEEDED', words, { hint: 'name services, tags or a filter' });
    }
    const names = new Set(wanted.map(([name]) => name));
    for (const name of names) this.#follow(name);
    for (const [name, query] of this.#services) if (!names.has(name)) this.#forget(name, query);
    if (names.size === 0) this.#first.resolve();
    return next;
  }

  #follow(name: string): void {
    if (this.#services.has(name)) return;
    const more: [string, string][] = this.#config.tags.map((tag) => ['tag', tag]);
    if (this.#config.healthFilter !== '') more.push(['filter', this.#config.healthFilter]);
    const path = `health/service/${encodeURIComponent(name)}`;
    const query = this.#query(`consul service ${name}`, async (index, signal) => {
      const { found, next } = await this.#ask(path, more, index, signal);
      const groups = serviceGroups(name, this.#config, found as readonly ServiceEntry[]);
      const same = JSON.stringify(this.#groups.get(name)) === JSON.stringify(groups);
      if (!same && this.#services.has(name)) {
        this.#groups.set(name, groups);
        this.#room.changed();
      }
      if (this.#groups.size >= this.#services.size) this.#first.resolve();
      return next;
    });
    this.#services.set(name, query);
  }

  #forget(name: string, query: BlockingQuery): void {
    this.#services.delete(name);
    const leaving = query.stop().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
    if (this.#groups.delete(name)) this.#room.changed();
  }
}
