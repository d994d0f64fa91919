// Who made a pod, one step further than its own word goes: the deployment behind its replica set,
// the cron job behind its job. It stands between the watches and the labels of pods. Easy to get
// wrong: only the owner that controls counts, and a replica set that nobody controls is no
// deployment's.
import type { Owner } from './discovery-config.ts';
import type { LabelMap } from './kubernetes-labels.ts';
import { META, controllerOf } from './kubernetes-labels.ts';
import type { ClusterView } from './kubernetes-view.ts';
import type { KubernetesObject } from './kubernetes-watch.ts';
import { objectKey } from './kubernetes-watch.ts';

/** The controller of the object that controls this pod, if it is of the kind. */
function behind(pod: KubernetesObject, view: ClusterView, step: 'replicasets' | 'jobs') {
  const key = objectKey(pod.metadata.namespace ?? '', controllerOf(pod)?.name ?? '');
  const object = view.one(step, key);
  return object === undefined ? undefined : controllerOf(object);
}

/** Adds the names of the owners that are wanted. */
export function putOwners(
  into: LabelMap,
  pod: KubernetesObject,
  { view, wanted }: { readonly view: ClusterView; readonly wanted: readonly Owner[] },
): void {
  if (wanted.length === 0) return;
  const own = controllerOf(pod);
  if (own?.kind === 'ReplicaSet' && wanted.includes('deployment')) {
    const maker = behind(pod, view, 'replicasets');
    if (maker?.kind === 'Deployment') into[`${META}pod_deployment_name`] = maker.name ?? '';
  }
  if (own?.kind !== 'Job') return;
  if (wanted.includes('job')) into[`${META}pod_job_name`] = own.name ?? '';
  if (!wanted.includes('cronjob')) return;
  const maker = behind(pod, view, 'jobs');
  if (maker?.kind === 'CronJob') into[`${META}pod_cronjob_name`] = maker.name ?? '';
}
