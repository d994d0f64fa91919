// The roles endpoints and endpointslice: a target for each address and port of a service, with
// the labels of its service and its pod, and one for each further port of these pods. Easy to get
// wrong: an address may stand for no pod, a port may have no number, and the pod's own ports are
// not told twice.
import { groupsOf, hostPort } from './discovery.ts';
import type { Owner } from './discovery-config.ts';
import type { LabelMap } from './kubernetes-labels.ts';
import {
  META,
  containerLabels,
  emptyLabels,
  podLabels,
  podSpec,
  podStatus,
  putMeta,
  serviceLabels,
} from './kubernetes-labels.ts';
import { putOwners } from './kubernetes-owners.ts';
import type { ClusterView, Found } from './kubernetes-view.ts';
import type { KubernetesObject } from './kubernetes-watch.ts';
import { objectKey } from './kubernetes-watch.ts';
import type { TargetGroup } from './scrape-config.ts';

interface Reference {
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

interface Port {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

interface Address {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: Reference;
}

interface Subset {
  readonly addresses?: readonly Address[];
  readonly notReadyAddresses?: readonly Address[];
  readonly ports?: readonly Port[];
}

interface SliceEndpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  readonly targetRef?: Reference;
  readonly deprecatedTopology?: Readonly<Record<string, string>>;
}

/** Targets of one object, and which ports of which pods they are. */
class EndpointTargets {
  readonly found: Found[] = [];
  readonly #view: ClusterView;
  readonly #wanted: readonly Owner[];
  readonly #pods = new Map<string, { pod: KubernetesObject; ports: Set<number> }>();

  constructor(view: ClusterView, wanted: readonly Owner[]) {
    this.#view = view;
    this.#wanted = wanted;
  }

  /** A target with its own labels; those of its pod come on top. */
  add(ip: string, port: number | undefined, labels: LabelMap, ref: Reference | undefined): void {
    const address = port === undefined ? ip : hostPort(ip, port);
    this.found.push([address, labels]);
    if (ref?.kind !== 'Pod' || ref.name === undefined) return;
    const key = objectKey(ref.namespace, ref.name);
    const pod = this.#view.one('pods', key);
    if (pod === undefined) return;
    const seen = this.#pods.get(key) ?? { pod, ports: new Set<number>() };
    this.#pods.set(key, seen);
    if (port !== undefined) seen.ports.add(port);
    Object.assign(labels, this.#podLabels(pod));
    const { containers = [], initContainers = [] } = podSpec(pod);
    for (const container of [...containers, ...initContainers]) {
      const own = container.ports?.find(({ containerPort }) => containerPort === port);
      if (own !== undefined) Object.assign(labels, containerLabels(container, own));
    }
  }

  #podLabels(pod: KubernetesObject): LabelMap {
    const labels = podLabels(pod);
    putOwners(labels, pod, { view: this.#view, wanted: this.#wanted });
    return labels;
  }

  /** Adds the ports of the pods that no address named. */
  addRest(): void {
    for (const { pod, ports } of this.#pods.values()) {
      const { podIP = '' } = podStatus(pod);
      if (podIP === '') continue;
      for (const container of podSpec(pod).containers ?? []) {
        for (const port of container.ports ?? []) {
          if (ports.has(port.containerPort)) continue;
          const labels = Object.assign(containerLabels(container, port), this.#podLabels(pod));
          this.found.push([hostPort(podIP, port.containerPort), labels]);
        }
      }
    }
  }
}

function putRef(labels: LabelMap, prefix: string, ref: Reference | undefined): void {
  if (ref === undefined) return;
  labels[`${META}${prefix}_address_target_kind`] = ref.kind ?? '';
  labels[`${META}${prefix}_address_target_name`] = ref.name ?? '';
}

function addressLabels(address: Address, port: Port, ready: boolean): LabelMap {
  const labels = emptyLabels();
  labels[`${META}endpoint_port_name`] = port.name ?? '';
  labels[`${META}endpoint_port_protocol`] = port.protocol ?? '';
  labels[`${META}endpoint_ready`] = String(ready);
  putRef(labels, 'endpoint', address.targetRef);
  if (address.nodeName !== undefined) labels[`${META}endpoint_node_name`] = address.nodeName;
  if (address.hostname) labels[`${META}endpoint_hostname`] = address.hostname;
  return labels;
}

export function endpointsGroups(
  object: KubernetesObject,
  view: ClusterView,
  wanted: readonly Owner[],
): TargetGroup[] {
  const { name, namespace = '' } = object.metadata;
  const targets = new EndpointTargets(view, wanted);
  for (const subset of (object.subsets ?? []) as readonly Subset[]) {
    for (const port of subset.ports ?? []) {
      for (const address of subset.addresses ?? []) {
        const labels = addressLabels(address, port, true);
        targets.add(address.ip, port.port, labels, address.targetRef);
      }
      for (const address of subset.notReadyAddresses ?? []) {
        const labels = addressLabels(address, port, false);
        targets.add(address.ip, port.port, labels, address.targetRef);
      }
    }
  }
  targets.addRest();
  const common = emptyLabels();
  common[`${META}namespace`] = namespace;
  common[`${META}endpoints_name`] = name;
  putMeta(common, object, 'endpoints');
  const service = view.one('services', objectKey(namespace, name));
  if (service !== undefined) Object.assign(common, serviceLabels(service));
  return groupsOf(`endpoints/${namespace}/${name}`, common, targets.found);
}

function sliceLabels(endpoint: SliceEndpoint, port: Port): LabelMap {
  const labels = emptyLabels();
  const put = (name: string, value: string | number | boolean | null | undefined): void => {
    if (value !== undefined && value !== null) {
      labels[`${META}endpointslice_${name}`] = String(value);
    }
  };
  put('port_name', port.name);
  put('port_protocol', port.protocol);
  put('port', port.port);
  put('port_app_protocol', port.appProtocol);
  const { ready, serving, terminating } = endpoint.conditions ?? {};
  put('endpoint_conditions_ready', ready);
  put('endpoint_conditions_serving', serving);
  put('endpoint_conditions_terminating', terminating);
  put('endpoint_hostname', endpoint.hostname);
  put('endpoint_node_name', endpoint.nodeName);
  put('endpoint_zone', endpoint.zone);
  putRef(labels, 'endpointslice', endpoint.targetRef);
  for (const [key, value] of Object.entries(endpoint.deprecatedTopology ?? {})) {
    const word = key.replaceAll(/[^a-zA-Z0-9_]/g, '_');
    put(`endpoint_topology_${word}`, value);
    put(`endpoint_topology_present_${word}`, 'true');
  }
  return labels;
}

export function endpointSliceGroups(
  object: KubernetesObject,
  view: ClusterView,
  wanted: readonly Owner[],
): TargetGroup[] {
  const { name, namespace = '' } = object.metadata;
  const targets = new EndpointTargets(view, wanted);
  const ports = (object.ports ?? []) as readonly Port[];
  for (const endpoint of (object.endpoints ?? []) as readonly SliceEndpoint[]) {
    for (const port of ports) {
      for (const address of endpoint.addresses ?? []) {
        targets.add(address, port.port, sliceLabels(endpoint, port), endpoint.targetRef);
      }
    }
  }
  targets.addRest();
  const common = emptyLabels();
  common[`${META}namespace`] = namespace;
  common[`${META}endpointslice_name`] = name;
  common[`${META}endpointslice_address_type`] = String(object.addressType ?? '');
  putMeta(common, object, 'endpointslice');
  const labels = (object.metadata.labels ?? {}) as Readonly<Record<string, string>>;
  const serviceName = labels['kubernetes.io/service-name'] ?? '';
  const service = view.one('services', objectKey(namespace, serviceName));
  if (service !== undefined) Object.assign(common, serviceLabels(service));
  return groupsOf(`endpointslice/${namespace}/${name}`, common, targets.found);
}
