// The __meta_kubernetes_ labels of single objects: names, labels and annotations as every role
// carries them, and what a pod, a service and a node say of themselves. Names and meanings are
// Prometheus' (its documentation, kubernetes_sd_config). Easy to get wrong: fields of an object
// may be missing, and a key that is no label name is spelled with underscores.
import { labelWord } from './discovery.ts';
import type { KubernetesObject } from './kubernetes-watch.ts';

export const META = '__meta_kubernetes_';

export type LabelMap = Record<string, string>;

type Texts = Readonly<Record<string, string>>;

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly ports?: readonly ContainerPort[];
  readonly restartPolicy?: string;
}

interface Owner {
  readonly kind?: string;
  readonly name?: string;
  readonly controller?: boolean;
}

interface PodSpec {
  readonly nodeName?: string;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
}

interface PodStatus {
  readonly podIP?: string;
  readonly hostIP?: string;
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

export function podSpec(pod: KubernetesObject): PodSpec {
  return (pod.spec ?? {}) as PodSpec;
}

export function podStatus(pod: KubernetesObject): PodStatus {
  return (pod.status ?? {}) as PodStatus;
}

export function emptyLabels(): LabelMap {
  return Object.create(null) as LabelMap;
}

/** Labels and annotations of an object, each with a label that says it is there. */
export function putMeta(into: LabelMap, object: KubernetesObject, kind: string): void {
  for (const [part, word] of [
    ['labels', 'label'],
    ['annotations', 'annotation'],
  ] as const) {
    for (const [key, value] of Object.entries((object.metadata[part] ?? {}) as Texts)) {
      into[`${META}${kind}_${word}_${labelWord(key)}`] = value;
      into[`${META}${kind}_${word}present_${labelWord(key)}`] = 'true';
    }
  }
}

/** Who keeps an object as it is: one of its owners at most. */
export function controllerOf({ metadata }: KubernetesObject): Owner | undefined {
  const owners = (metadata.ownerReferences ?? []) as readonly Owner[];
  return owners.find((owner) => owner.controller === true);
}

export function podLabels(pod: KubernetesObject): LabelMap {
  const { metadata } = pod;
  const status = podStatus(pod);
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
  const labels = emptyLabels();
  labels[`${META}pod_name`] = metadata.name;
  labels[`${META}pod_ip`] = status.podIP ?? '';
  labels[`${META}pod_ready`] = ready.toLowerCase();
  labels[`${META}pod_phase`] = status.phase ?? '';
  labels[`${META}pod_node_name`] = podSpec(pod).nodeName ?? '';
  labels[`${META}pod_host_ip`] = status.hostIP ?? '';
  labels[`${META}pod_uid`] = String(metadata.uid ?? '');
  const controller = controllerOf(pod);
  if (controller?.kind) labels[`${META}pod_controller_kind`] = controller.kind;
  if (controller?.name) labels[`${META}pod_controller_name`] = controller.name;
  putMeta(labels, pod, 'pod');
  return labels;
}

/** Of one container, and of one of its ports where there is one. */
export function containerLabels(container: Container, port: ContainerPort | undefined): LabelMap {
  const labels = emptyLabels();
  labels[`${META}pod_container_name`] = container.name;
  labels[`${META}pod_container_image`] = container.image ?? '';
  if (port !== undefined) {
    labels[`${META}pod_container_port_name`] = port.name ?? '';
    labels[`${META}pod_container_port_number`] = String(port.containerPort);
    labels[`${META}pod_container_port_protocol`] = port.protocol ?? '';
  }
  return labels;
}

/** What targets of endpoints carry of their service. */
export function serviceLabels(service: KubernetesObject): LabelMap {
  const labels = emptyLabels();
  labels[`${META}namespace`] = service.metadata.namespace ?? '';
  labels[`${META}service_name`] = service.metadata.name;
  putMeta(labels, service, 'service');
  return labels;
}

/** What targets carry of their node when the configuration says attach_metadata. */
export function nodeMetadata(node: KubernetesObject): LabelMap {
  const labels = emptyLabels();
  labels[`${META}node_name`] = node.metadata.name;
  putMeta(labels, node, 'node');
  return labels;
}
