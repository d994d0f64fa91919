// Discovery of a configuration as YAML again, for showing what is in force. Easy to get wrong: a
// file made of it must mean the same, so every name is the file's name; and a token is a secret.
import type { ServerAccess } from '../collector/access-config.ts';
import type {
  ConsulDiscoveryConfig,
  DiscoveryConfig,
  Ec2DiscoveryConfig,
  KubernetesDiscoveryConfig,
} from '../collector/discovery-config.ts';
import { formatDuration } from '../model/duration.ts';
import type { Plain } from './config-render-access.ts';
import { authFields, compact, SECRET, tlsFields } from './config-render-access.ts';

function secret(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : SECRET;
}

function text(value: string): string | undefined {
  return value === '' ? undefined : value;
}

function accessFields(access: ServerAccess): Plain {
  const { auth, tls, followRedirects } = access;
  return {
    ...authFields(auth),
    ...compact({ tls_config: tlsFields(tls) }),
    follow_redirects: followRedirects,
  };
}

function kubernetesFields(one: KubernetesDiscoveryConfig): Plain {
  const { namespaces, ownNamespace, attachNode, attachNamespace, attachOwners } = one;
  return {
    role: one.role,
    ...compact({
      api_server: one.apiServer,
      namespaces: compact({ names: namespaces, own_namespace: ownNamespace || undefined }),
      selectors: one.selectors.map(({ role, label, field }) => {
        return compact({ role, label: text(label), field: text(field) });
      }),
      attach_metadata: compact({
        node: attachNode || undefined,
        namespace: attachNamespace || undefined,
        ...Object.fromEntries(attachOwners.map((name) => [name, true])),
      }),
    }),
    ...accessFields(one),
  };
}

function consulFields(one: ConsulDiscoveryConfig): Plain {
  return {
    server: one.server,
    scheme: one.scheme,
    ...compact({
      path_prefix: text(one.pathPrefix),
      token: secret(one.token),
      datacenter: text(one.datacenter),
      namespace: text(one.namespace),
      partition: text(one.partition),
      services: one.services,
      tags: one.tags,
      node_meta: { ...one.nodeMeta },
      filter: text(one.filter),
      health_filter: text(one.healthFilter),
    }),
    tag_separator: one.tagSeparator,
    allow_stale: one.allowStale,
    refresh_interval: formatDuration(one.refreshMs),
    ...accessFields(one),
  };
}

function ec2Fields(one: Ec2DiscoveryConfig): Plain {
  return {
    ...compact({
      region: text(one.region),
      endpoint: text(one.endpoint),
      access_key: text(one.accessKey),
      secret_key: secret(one.secretKey),
      filters: one.filters,
    }),
    port: one.port,
    refresh_interval: formatDuration(one.refreshMs),
    ...accessFields(one),
  };
}

function fieldsOf(one: DiscoveryConfig): Plain {
  switch (one.kind) {
    case 'dns': {
      const { names, type, port, refreshMs } = one;
      const own = type === 'SRV' ? {} : { port };
      return { names, type, ...own, refresh_interval: formatDuration(refreshMs) };
    }
    case 'http': {
      const { url, refreshMs } = one;
      return { url, refresh_interval: formatDuration(refreshMs), ...accessFields(one) };
    }
    case 'kubernetes':
      return kubernetesFields(one);
    case 'consul':
      return consulFields(one);
    case 'ec2':
      return ec2Fields(one);
  }
}

/** The discovery fields of a job, without those that hold nothing. */
export function discoveryFields(all: readonly DiscoveryConfig[]): Plain {
  const fields: Record<string, Plain[]> = {};
  for (const one of all) (fields[`${one.kind}_sd_configs`] ??= []).push(fieldsOf(one));
  return fields;
}
