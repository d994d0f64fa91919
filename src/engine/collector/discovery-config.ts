// What discovery beyond files is told: plain options with every default filled in, as the daemons
// read them from a configuration. Easy to get wrong: two equal ones must be equal as JSON, because
// a reload compares that.
import type { ServerAccess } from './access-config.ts';

export const DNS_TYPES = ['A', 'AAAA', 'SRV', 'MX', 'NS'] as const;

export interface DnsDiscoveryConfig {
  readonly kind: 'dns';
  readonly names: readonly string[];
  readonly type: (typeof DNS_TYPES)[number];
  /** Of the targets of types other than SRV. */
  readonly port: number;
  readonly refreshMs: number;
}

export interface HttpDiscoveryConfig extends ServerAccess {
  readonly kind: 'http';
  readonly url: string;
  readonly refreshMs: number;
}

export const KUBERNETES_ROLES = [
  ...(['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'] as const),
] as const;
export type KubernetesRole = (typeof KUBERNETES_ROLES)[number];

/** What attach_metadata may ask for beside node and namespace, in Prometheus' words. */
export const OWNERS = ['deployment', 'job', 'cronjob'] as const;
export type Owner = (typeof OWNERS)[number];

/** Which objects of a kind are asked for. */
export interface KubernetesSelector {
  readonly role: KubernetesRole;
  readonly label: string;
  readonly field: string;
}

export interface KubernetesDiscoveryConfig extends ServerAccess {
  readonly kind: 'kubernetes';
  readonly role: KubernetesRole;
  /** Undefined: the cluster that this process runs in. */
  readonly apiServer?: string;
  /** None: all of them. */
  readonly namespaces: readonly string[];
  readonly ownNamespace: boolean;
  readonly selectors: readonly KubernetesSelector[];
  readonly attachNode: boolean;
  readonly attachNamespace: boolean;
  /** Whose names the labels of pods carry beside. */
  readonly attachOwners: readonly Owner[];
}

export interface ConsulDiscoveryConfig extends ServerAccess {
  readonly kind: 'consul';
  /** host:port. */
  readonly server: string;
  readonly pathPrefix: string;
  readonly scheme: 'http' | 'https';
  readonly token?: string;
  readonly datacenter: string;
  readonly namespace: string;
  readonly partition: string;
  readonly services: readonly string[];
  readonly tags: readonly string[];
  readonly nodeMeta: Readonly<Record<string, string>>;
  readonly filter: string;
  readonly healthFilter: string;
  readonly tagSeparator: string;
  readonly allowStale: boolean;
  readonly refreshMs: number;
}

export interface Ec2DiscoveryConfig extends ServerAccess {
  readonly kind: 'ec2';
  /** Empty: from the environment. */
  readonly region: string;
  /** Empty: Amazon's for the region. */
  readonly endpoint: string;
  /** Both empty: from the environment. */
  readonly accessKey: string;
  readonly secretKey: string;
  readonly port: number;
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly refreshMs: number;
}

export type DiscoveryConfig =
  | DnsDiscoveryConfig
  | HttpDiscoveryConfig
  | KubernetesDiscoveryConfig
  | ConsulDiscoveryConfig
  | Ec2DiscoveryConfig;
