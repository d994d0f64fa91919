// What the roles see of a cluster: its objects by kind, whoever brought them. It stands between the
// watches and the making of targets. Easy to get wrong: an object that another one names may not be
// there, or not yet.
import type { LabelMap } from './kubernetes-labels.ts';
import type { KubernetesObject } from './kubernetes-watch.ts';

/** Kinds of objects that a role needs. */
export type ObjectKind =
  | 'nodes'
  | 'services'
  | 'pods'
  | 'endpoints'
  | 'endpointslices'
  | 'ingresses'
  | 'namespaces'
  | 'replicasets'
  | 'jobs';

/** The kind of object that a role is about. */
export const ROLE_KIND = {
  node: 'nodes',
  service: 'services',
  pod: 'pods',
  endpoints: 'endpoints',
  endpointslice: 'endpointslices',
  ingress: 'ingresses',
} as const;

/** All that is known of a cluster. */
export interface ClusterView {
  all(kind: ObjectKind): Iterable<KubernetesObject>;
  /** One object by its key. */
  one(kind: ObjectKind, key: string): KubernetesObject | undefined;
}

/** One target and its labels. */
export type Found = readonly [address: string, labels: LabelMap];
