// kubernetes_sd_configs: the targets of a role, from watches on the objects that it needs. In a
// cluster the service account of the pod signs in; outside, what the configuration says. Easy to
// get wrong: before every watch has its first list there is no answer at all, or targets would
// appear without the labels of their service.
import { MonError } from '../errors.ts';
import { DISCOVERY_SETTLE_MS } from '../limits.ts';
import type { Timer } from '../runtime/clock.ts';
import type { ServerAccess } from './access-config.ts';
import type { Discovery, DiscoveryRoom } from './discovery.ts';
import { Complaints, firstAnswer } from './discovery.ts';
import { HttpClient } from './http-client.ts';
import type { KubernetesDiscoveryConfig } from './discovery-config.ts';
import { clusterGroups, kindsOf } from './kubernetes-targets.ts';
import type { ClusterView, ObjectKind } from './kubernetes-view.ts';
import { ROLE_KIND } from './kubernetes-view.ts';
import type { KubernetesObject } from './kubernetes-watch.ts';
import { KubernetesWatch } from './kubernetes-watch.ts';
import type { TargetGroup } from './scrape-config.ts';

/** Where a pod finds its service account. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

const API_PATH: Readonly<Record<ObjectKind, string>> = {
  nodes: '/api/v1',
  services: '/api/v1',
  pods: '/api/v1',
  endpoints: '/api/v1',
  namespaces: '/api/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
  ingresses: '/apis/networking.k8s.io/v1',
  replicasets: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
};

/** Kinds that no namespace holds. */
const CLUSTER_WIDE = new Set<ObjectKind>(['nodes', 'namespaces']);

interface Cluster {
  readonly server: string;
  readonly access: ServerAccess;
}

function clusterOf(config: KubernetesDiscoveryConfig, room: DiscoveryRoom): Cluster {
  const { apiServer, auth, tls, followRedirects } = config;
  if (apiServer !== undefined) {
    return { server: apiServer.replace(/\/+$/, ''), access: { auth, tls, followRedirects } };
  }
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = room.env;
  if (!host || !port) {
    const words = 'this process runs in no Kubernetes cluster, and no api_server is given';
    throw new MonError('MON_CONFIG_INVALID', words);
  }
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const credentialsFile = `${ACCOUNT}/token`;
  return {
    server,
    access: {
      followRedirects,
      auth: { kind: 'credentials', type: 'Bearer', credentialsFile },
      tls: { caFile: `${ACCOUNT}/ca.crt`, insecureSkipVerify: false },
    },
  };
}

export class KubernetesDiscovery implements Discovery {
  readonly #config: KubernetesDiscoveryConfig;
  readonly #room: DiscoveryRoom;
  readonly #complaints: Complaints;
  readonly #watches = new Map<ObjectKind, KubernetesWatch[]>();
  readonly #stopping = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #client: HttpClient | undefined;
  #groups: readonly TargetGroup[] = [];
  #text = '[]';
  #timer: Timer | undefined;
  #answered = false;

  constructor(config: KubernetesDiscoveryConfig, room: DiscoveryRoom) {
    this.#config = config;
    this.#room = room;
    this.#complaints = new Complaints(room.warn);
  }

  get failures(): number {
    return this.#complaints.failures;
  }

  groups(): readonly TargetGroup[] {
    return this.#groups;
  }

  async start(): Promise<void> {
    try {
      const { server, access } = clusterOf(this.#config, this.#room);
      this.#client = new HttpClient(this.#room, access);
      const namespaces = await this.#namespaces();
      for (const kind of kindsOf(this.#config)) this.#begin(kind, server, namespaces);
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      this.#complaints.about(`kubernetes ${this.#config.role}`, thrown);
      return;
    }
    const { clock } = this.#room;
    await firstAnswer(clock, this.#synced.promise, this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#timer?.cancel();
    await Promise.all([...this.#watches.values()].flat().map((watch) => watch.stop()));
    this.#client?.close();
  }

  /** The namespaces to watch; one empty name for all of them. */
  async #namespaces(): Promise<string[]> {
    const { namespaces, ownNamespace } = this.#config;
    const names = [...namespaces];
    if (ownNamespace) {
      const text = await this.#room.disk.readFile(`${ACCOUNT}/namespace`);
      names.push(new TextDecoder().decode(text).trim());
    }
    return names.length === 0 ? [''] : [...new Set(names)];
  }

  #begin(kind: ObjectKind, server: string, namespaces: readonly string[]): void {
    const client = this.#client as HttpClient;
    const selector = this.#config.selectors.find(({ role }) => ROLE_KIND[role] === kind);
    const watches = (CLUSTER_WIDE.has(kind) ? [''] : namespaces).map((namespace) => {
      const scope = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
      return new KubernetesWatch({
        ...{ client, clock: this.#room.clock, complaints: this.#complaints },
        url: `${server}${API_PATH[kind]}${scope}/${kind}`,
        labelSelector: selector?.label ?? '',
        fieldSelector: selector?.field ?? '',
        changed: () => this.#changed(),
      });
    });
    this.#watches.set(kind, watches);
    for (const watch of watches) watch.start();
  }

  #changed(): void {
    const all = [...this.#watches.values()].flat();
    if (!all.every((watch) => watch.synced)) return;
    if (!this.#answered) {
      this.#answered = true;
      this.#show();
      this.#synced.resolve();
      return;
    }
    this.#timer ??= this.#room.clock.after(DISCOVERY_SETTLE_MS, () => this.#show(), true);
  }

  #show(): void {
    this.#timer = undefined;
    if (this.#stopping.signal.aborted) return;
    const groups = clusterGroups(this.#config, this.#view());
    const text = JSON.stringify(groups);
    if (text === this.#text) return;
    this.#groups = groups;
    this.#text = text;
    this.#room.changed();
  }

  #view(): ClusterView {
    const of = (kind: ObjectKind): KubernetesWatch[] => this.#watches.get(kind) ?? [];
    return {
      *all(kind): Iterable<KubernetesObject> {
        for (const watch of of(kind)) yield* watch.objects.values();
      },
      one: (kind, key) =>
        of(kind)
          .find((watch) => watch.objects.has(key))
          ?.objects.get(key),
    };
  }
}
