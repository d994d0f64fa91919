// The role ingress: a target for each path of each rule, for checks from outside that are told by
// relabeling which scheme, host and path to ask. It stands beside the other roles. Easy to get
// wrong: a rule without paths means /, and a certificate for *.a.example stands for one further
// word only.
import { groupsOf } from './discovery.ts';
import { META, emptyLabels, putMeta } from './kubernetes-labels.ts';
import type { Found } from './kubernetes-view.ts';
import type { KubernetesObject } from './kubernetes-watch.ts';
import type { TargetGroup } from './scrape-config.ts';

interface IngressSpec {
  readonly ingressClassName?: string;
  readonly tls?: readonly { readonly hosts?: readonly string[] }[];
  readonly rules?: readonly {
    readonly host?: string;
    readonly http?: { readonly paths?: readonly { readonly path?: string }[] };
  }[];
}

/** True where a certificate's name, which may begin with a star, is the host's. */
function covers(pattern: string, host: string): boolean {
  if (pattern === host) return true;
  const cut = host.indexOf('.');
  return pattern.startsWith('*.') && cut >= 0 && pattern.slice(1) === host.slice(cut);
}

export function ingressGroups(ingress: KubernetesObject): TargetGroup[] {
  const { name, namespace = '' } = ingress.metadata;
  const spec = (ingress.spec ?? {}) as IngressSpec;
  const certified = (spec.tls ?? []).flatMap(({ hosts = [] }) => hosts);
  const found = (spec.rules ?? []).flatMap(({ host = '', http }): Found[] => {
    const scheme = certified.some((pattern) => covers(pattern, host)) ? 'https' : 'http';
    const paths = http === undefined ? [''] : (http.paths ?? []).map(({ path = '' }) => path);
    return paths.map((path) => {
      const labels = emptyLabels();
      labels[`${META}ingress_scheme`] = scheme;
      labels[`${META}ingress_host`] = host;
      labels[`${META}ingress_path`] = path === '' ? '/' : path;
      return [host, labels];
    });
  });
  const common = emptyLabels();
  common[`${META}namespace`] = namespace;
  common[`${META}ingress_name`] = name;
  if (spec.ingressClassName !== undefined) {
    common[`${META}ingress_class_name`] = spec.ingressClassName;
  }
  putMeta(common, ingress, 'ingress');
  return groupsOf(`ingress/${namespace}/${name}`, common, found);
}
