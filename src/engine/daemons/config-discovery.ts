// The discovery sections of a job in a configuration file: Prometheus' names and defaults, checked.
// Part of the configuration. Easy to get wrong: which fields may stand together depends on the
// kind, and a field that would change what is found is never passed over in silence.
import type { Node } from 'yaml';
import type { ServerAccess } from '../collector/access-config.ts';
import type {
  ConsulDiscoveryConfig,
  DiscoveryConfig,
  DnsDiscoveryConfig,
  Ec2DiscoveryConfig,
  HttpDiscoveryConfig,
  KubernetesDiscoveryConfig,
} from '../collector/discovery-config.ts';
import { DNS_TYPES, KUBERNETES_ROLES, OWNERS } from '../collector/discovery-config.ts';
import { HTTP_FIELDS, HTTP_IGNORED, HTTP_UNUSED, readAuth, readTls } from './config-http.ts';
import type { ConfigFile } from './config-reader.ts';
import { Section, words } from './config-reader.ts';

const ACCESS_FIELDS = [
  ...HTTP_FIELDS.filter((name) => name !== 'enable_compression'),
  ...HTTP_IGNORED,
  ...HTTP_UNUSED,
];
const MINUTE = 60_000;
const PORT_MAX = 65_535;

function readAccess(section: Section): ServerAccess {
  section.notUsed(HTTP_UNUSED);
  const auth = readAuth(section);
  const tls = readTls(section);
  return {
    followRedirects: section.bool('follow_redirects') ?? true,
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function refresh(section: Section, defaultMs: number): number {
  const ms = section.duration('refresh_interval') ?? defaultMs;
  if (ms === 0) section.fail('refresh_interval', 'refresh_interval must be above 0');
  return ms;
}

function readUrl(section: Section, name: string, text: string): string {
  const url = URL.parse(text);
  const isWeb = url !== null && /^https?:$/.test(url.protocol) && url.host !== '';
  if (!isWeb) section.fail(name, `${name} is no http or https address`);
  if (url.username !== '' || url.password !== '') {
    section.fail(name, `${name} holds a user`, 'use basic_auth');
  }
  return text;
}

function readDns(file: ConfigFile, node: Node): DnsDiscoveryConfig {
  const fields = words('names type port refresh_interval');
  const section = new Section(file, node, 'dns_sd_configs', fields);
  const names = section.texts('names');
  if (names.length === 0) section.fail('names', 'dns_sd_configs needs names');
  const type = section.text('type')?.toUpperCase() ?? 'SRV';
  const known =
    DNS_TYPES.find((one) => one === type) ??
    section.fail('type', `type must be one of ${DNS_TYPES.join(', ')}`);
  const port = section.integer('port', 1, PORT_MAX);
  if (port === undefined && known !== 'SRV') {
    section.fail('port', `${known} records carry no port`, 'set port');
  }
  const refreshMs = refresh(section, MINUTE / 2);
  return { kind: 'dns', names, type: known, port: port ?? 0, refreshMs };
}

function readHttp(file: ConfigFile, node: Node): HttpDiscoveryConfig {
  const fields = [...words('url refresh_interval'), ...ACCESS_FIELDS];
  const section = new Section(file, node, 'http_sd_configs', fields);
  const text = section.text('url') ?? section.fail('url', 'http_sd_configs needs a url');
  const url = readUrl(section, 'url', text);
  return { kind: 'http', url, refreshMs: refresh(section, MINUTE), ...readAccess(section) };
}

function readSelector(file: ConfigFile, node: Node) {
  const section = new Section(file, node, 'selectors', words('role label field'));
  const role =
    section.oneOf('role', KUBERNETES_ROLES) ?? section.fail('role', 'a selector needs a role');
  return { role, label: section.text('label') ?? '', field: section.text('field') ?? '' };
}

/** Roles for which a role's own watches take selectors. */
const SELECTED = {
  node: ['node'],
  service: ['service'],
  pod: ['pod', 'node'],
  endpoints: ['endpoints', 'service', 'pod', 'node'],
  endpointslice: ['endpointslice', 'service', 'pod', 'node'],
  ingress: ['ingress'],
} as const;

function readSelectors(section: Section, role: keyof typeof SELECTED) {
  const seen = new Set<string>();
  return section.items('selectors').map((item) => {
    const one = readSelector(section.file, item);
    const known: readonly string[] = SELECTED[role];
    if (!known.includes(one.role)) {
      section.file.fail(item, `role ${role} takes selectors for ${known.join(', ')}`);
    }
    if (seen.has(one.role)) section.file.fail(item, `two selectors for ${one.role}`);
    seen.add(one.role);
    return one;
  });
}

function readKubernetes(file: ConfigFile, node: Node): KubernetesDiscoveryConfig {
  const section = new Section(file, node, 'kubernetes_sd_configs', [
    ...words('role api_server kubeconfig_file namespaces selectors attach_metadata'),
    ...ACCESS_FIELDS,
  ]);
  if (section.has('kubeconfig_file')) {
    const hint = 'write api_server, and tls_config or a token, here';
    section.fail('kubeconfig_file', 'kubeconfig_file is not read', hint);
  }
  const needed = 'kubernetes_sd_configs needs a role';
  const role = section.oneOf('role', KUBERNETES_ROLES) ?? section.fail('role', needed);
  const server = section.text('api_server');
  const access = readAccess(section);
  if (server === undefined && (access.auth !== undefined || access.tls !== undefined)) {
    const hint = 'in a cluster the service account signs in';
    section.fail('role', 'credentials or tls_config need an api_server', hint);
  }
  const namespaces = section.section('namespaces', words('names own_namespace'));
  const attach = section.section('attach_metadata', [...words('node namespace'), ...OWNERS]);
  const ownNamespace = namespaces.bool('own_namespace') ?? false;
  if (server !== undefined && ownNamespace) {
    namespaces.fail('own_namespace', 'own_namespace needs a process within the cluster');
  }
  return {
    kind: 'kubernetes',
    role,
    ...(server === undefined ? {} : { apiServer: readUrl(section, 'api_server', server) }),
    namespaces: namespaces.texts('names'),
    ownNamespace,
    selectors: readSelectors(section, role),
    attachNode: attach.bool('node') ?? false,
    attachNamespace: attach.bool('namespace') ?? false,
    attachOwners: OWNERS.filter((name) => attach.bool(name) ?? false),
    ...access,
  };
}

function readTexts(section: Section, name: string): Record<string, string> {
  const { file } = section;
  const pairs = file.entries(section.value(name), name);
  return Object.fromEntries(pairs.map(({ key, value }) => [key, file.text(value, name)]));
}

function readConsul(file: ConfigFile, node: Node): ConsulDiscoveryConfig {
  const section = new Section(file, node, 'consul_sd_configs', [
    ...words('server path_prefix token datacenter namespace partition scheme services tags'),
    ...words('node_meta filter health_filter tag_separator allow_stale refresh_interval'),
    ...words('username password'),
    ...ACCESS_FIELDS,
  ]);
  for (const name of ['username', 'password']) {
    if (section.has(name)) section.fail(name, `${name} belongs into basic_auth`);
  }
  const server = section.text('server') ?? 'localhost:8500';
  if (server === '' || /[/@]/.test(server) || URL.parse(`http://${server}`) === null) {
    section.fail('server', 'server must be HOST:PORT', 'as in localhost:8500');
  }
  const token = section.text('token');
  const access = readAccess(section);
  if (token !== undefined && access.auth !== undefined) {
    section.fail('token', 'give either token or other credentials');
  }
  return {
    kind: 'consul',
    server,
    pathPrefix: section.text('path_prefix') ?? '',
    scheme: section.oneOf('scheme', ['http', 'https']) ?? 'http',
    ...(token === undefined ? {} : { token }),
    datacenter: section.text('datacenter') ?? '',
    namespace: section.text('namespace') ?? '',
    partition: section.text('partition') ?? '',
    services: section.texts('services'),
    tags: section.texts('tags'),
    nodeMeta: readTexts(section, 'node_meta'),
    filter: section.text('filter') ?? '',
    healthFilter: section.text('health_filter') ?? '',
    tagSeparator: section.text('tag_separator') ?? ',',
    allowStale: section.bool('allow_stale') ?? true,
    refreshMs: refresh(section, MINUTE / 2),
    ...access,
  };
}

function readFilter(file: ConfigFile, node: Node) {
  const section = new Section(file, node, 'filters', words('name values'));
  const values = section.texts('values');
  if (values.length === 0) section.fail('values', 'a filter needs values');
  return { name: section.text('name') ?? section.fail('name', 'a filter needs a name'), values };
}

function readEc2(file: ConfigFile, node: Node): Ec2DiscoveryConfig {
  const section = new Section(file, node, 'ec2_sd_configs', [
    ...words('region endpoint access_key secret_key profile role_arn external_id port filters'),
    'refresh_interval',
    ...ACCESS_FIELDS,
  ]);
  for (const name of ['profile', 'role_arn', 'external_id']) {
    const hint = 'use access_key and secret_key, or the AWS variables of the environment';
    if (section.has(name)) section.fail(name, `${name} is not known to this discovery`, hint);
  }
  const accessKey = section.text('access_key') ?? '';
  const secretKey = section.text('secret_key') ?? '';
  if ((accessKey === '') !== (secretKey === '')) {
    section.fail('access_key', 'access_key and secret_key belong together');
  }
  const endpoint = section.text('endpoint') ?? '';
  const access = readAccess(section);
  if (access.auth !== undefined) section.fail('endpoint', 'requests to Amazon are signed by keys');
  return {
    kind: 'ec2',
    region: section.text('region') ?? '',
    endpoint: endpoint === '' ? '' : readUrl(section, 'endpoint', endpoint),
    accessKey,
    secretKey,
    port: section.integer('port', 1, PORT_MAX) ?? 80,
    filters: section.items('filters').map((item) => readFilter(file, item)),
    refreshMs: refresh(section, MINUTE),
    ...access,
  };
}

const READERS: readonly [string, (file: ConfigFile, node: Node) => DiscoveryConfig][] = [
  ['dns_sd_configs', readDns],
  ['http_sd_configs', readHttp],
  ['kubernetes_sd_configs', readKubernetes],
  ['consul_sd_configs', readConsul],
  ['ec2_sd_configs', readEc2],
];

/** Fields of a job that readDiscoveries reads. */
export const DISCOVERY_FIELDS = READERS.map(([name]) => name);

/** All discoveries of a job beside files. @throws UserError. */
export function readDiscoveries(job: Section): DiscoveryConfig[] {
  return READERS.flatMap(([name, read]) => job.items(name).map((item) => read(job.file, item)));
}
