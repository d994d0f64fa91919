// From the objects of a cluster to target groups: the roles node, service and pod; endpoints have a
// file of their own. It stands between the watches and the pool of a job. Easy to get wrong: a pod
// without an address yet is no target, and a container without ports is one, without a port.
import { groupsOf, hostPort, labelWord } from './discovery.ts';
import type { KubernetesDiscoveryConfig, KubernetesRole, Owner } from './discovery-config.ts';
import { endpointSliceGroups, endpointsGroups } from './kubernetes-endpoints.ts';
import { ingressGroups } from './kubernetes-ingress.ts';
import {
  META,
  containerLabels,
  emptyLabels,
  nodeMetadata,
  podLabels,
  podSpec,
  podStatus,
  putMeta,
  serviceLabels,
} from './kubernetes-labels.ts';
import { putOwners } from './kubernetes-owners.ts';
import type { ClusterView, Found, ObjectKind } from './kubernetes-view.ts';
import { ROLE_KIND } from './kubernetes-view.ts';
import type { KubernetesObject } from './kubernetes-watch.ts';
import { objectKey } from './kubernetes-watch.ts';
import type { TargetGroup } from './scrape-config.ts';

/** The order in which a node's address is chosen. */
const ADDRESS_ORDER = [
  ...['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname'],
];

function nodeGroups(node: KubernetesObject): TargetGroup[] {
  const status = (node.status ?? {}) as {
    addresses?: readonly { type: string; address: string }[];
    daemonEndpoints?: { kubeletEndpoint?: { Port?: number } };
    conditions?: readonly { type: string; status: string }[];
  };
  const addresses = status.addresses ?? [];
  const first = (type: string): string | undefined =>
    addresses.find((one) => one.type === type)?.address;
  const address = ADDRESS_ORDER.map(first).find((found) => found !== undefined);
  if (address === undefined) return [];
  const labels = emptyLabels();
  const { name } = node.metadata;
  labels[`${META}node_name`] = name;
  labels[`${META}node_provider_id`] = String(
    (node.spec as { providerID?: string })?.providerID ?? '',
  );
  putMeta(labels, node, 'node');
  for (const { type, status: is } of status.conditions ?? []) {
    labels[`${META}node_condition_${labelWord(type.toLowerCase())}`] = is.toLowerCase();
  }
  const own = emptyLabels();
  own.instance = name;
  for (const { type } of addresses) {
    own[`${META}node_address_${labelWord(type)}`] = first(type) ?? '';
  }
  const port = status.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  return groupsOf(`node/${name}`, labels, [[hostPort(address, port), own]]);
}

interface ServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly externalName?: string;
  readonly loadBalancerIP?: string;
  readonly ports?: readonly { name?: string; port: number; protocol?: string }[];
}

function serviceGroups(service: KubernetesObject): TargetGroup[] {
  const { name, namespace = '' } = service.metadata;
  const spec = (service.spec ?? {}) as ServiceSpec;
  const found = (spec.ports ?? []).map((port): Found => {
    const labels = emptyLabels();
    labels[`${META}service_port_name`] = port.name ?? '';
    labels[`${META}service_port_number`] = String(port.port);
    labels[`${META}service_port_protocol`] = port.protocol ?? '';
    labels[`${META}service_type`] = spec.type ?? '';
    if (spec.type === 'ExternalName') {
      labels[`${META}service_external_name`] = spec.externalName ?? '';
    } else labels[`${META}service_cluster_ip`] = spec.clusterIP ?? '';
    if (spec.type === 'LoadBalancer') {
      labels[`${META}service_loadbalancer_ip`] = spec.loadBalancerIP ?? '';
    }
    return [hostPort(`${name}.${namespace}.svc`, port.port), labels];
  });
  return groupsOf(`svc/${namespace}/${name}`, serviceLabels(service), found);
}

function podGroups(
  pod: KubernetesObject,
  view: ClusterView,
  wanted: readonly Owner[],
): TargetGroup[] {
  const { name, namespace = '' } = pod.metadata;
  const { podIP = '', ...status } = podStatus(pod);
  if (podIP === '') return [];
  const { containers = [], initContainers = [] } = podSpec(pod);
  const ids = new Map(
    [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].map((one) => {
      return [one.name, one.containerID ?? ''];
    }),
  );
  const found = [...containers, ...initContainers].flatMap((container, i): Found[] => {
    const own = emptyLabels();
    own[`${META}pod_container_id`] = ids.get(container.name) ?? '';
    own[`${META}pod_container_init`] = String(i >= containers.length);
    const ports = container.ports ?? [];
    if (ports.length === 0) {
      return [[podIP, Object.assign(containerLabels(container, undefined), own)]];
    }
    return ports.map((port) => {
      const labels = Object.assign(containerLabels(container, port), own);
      return [hostPort(podIP, port.containerPort), labels];
    });
  });
  const common = podLabels(pod);
  putOwners(common, pod, { view, wanted });
  common[`${META}namespace`] = namespace;
  return groupsOf(`pod/${namespace}/${name}`, common, found);
}

/** Adds the labels of a target's node and namespace where the configuration wants them. */
function attach(
  groups: TargetGroup[],
  config: KubernetesDiscoveryConfig,
  view: ClusterView,
): TargetGroup[] {
  const { attachNode, attachNamespace } = config;
  if (!attachNode && !attachNamespace) return groups;
  return groups.map((group) => {
    const labels = Object.assign(emptyLabels(), group.labels);
    const { role } = config;
    if (attachNode && isOfPods(role)) {
      const ofPod = labels[`${META}pod_node_name`];
      const ofTarget = labels[`${META}endpoint_node_name`];
      const ofSlice = labels[`${META}endpointslice_endpoint_node_name`];
      const node = view.one('nodes', objectKey('', ofTarget ?? ofSlice ?? ofPod ?? ''));
      if (node !== undefined) Object.assign(labels, nodeMetadata(node));
    }
    if (attachNamespace && role !== 'node') {
      const name = labels[`${META}namespace`] ?? '';
      const namespace = view.one('namespaces', objectKey('', name));
      if (namespace !== undefined) putMeta(labels, namespace, 'namespace');
    }
    return { ...group, labels };
  });
}

/** Roles whose targets are ports of pods. */
function isOfPods(role: KubernetesRole): boolean {
  return role === 'pod' || role === 'endpoints' || role === 'endpointslice';
}

/** The kinds of objects that a role has to watch. */
export function kindsOf(config: KubernetesDiscoveryConfig): ObjectKind[] {
  const { role, attachNode, attachNamespace, attachOwners } = config;
  const kinds: ObjectKind[] = [ROLE_KIND[role]];
  if (role === 'endpoints' || role === 'endpointslice') kinds.push('services', 'pods');
  if (attachNode && isOfPods(role)) kinds.push('nodes');
  if (isOfPods(role) && attachOwners.includes('deployment')) kinds.push('replicasets');
  if (isOfPods(role) && attachOwners.includes('cronjob')) kinds.push('jobs');
  if (attachNamespace && role !== 'node') kinds.push('namespaces');
  return kinds;
}

/** All targets of a role, in the order of their objects. */
export function clusterGroups(config: KubernetesDiscoveryConfig, view: ClusterView): TargetGroup[] {
  const { role, attachOwners } = config;
  const groups: TargetGroup[] = [];
  for (const object of view.all(ROLE_KIND[role])) {
    if (role === 'node') groups.push(...nodeGroups(object));
    else if (role === 'service') groups.push(...serviceGroups(object));
    else if (role === 'pod') groups.push(...podGroups(object, view, attachOwners));
    else if (role === 'ingress') groups.push(...ingressGroups(object));
    else if (role === 'endpoints') groups.push(...endpointsGroups(object, view, attachOwners));
    else groups.push(...endpointSliceGroups(object, view, attachOwners));
  }
  return attach(groups, config, view);
}
