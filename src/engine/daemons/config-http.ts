// Credentials and TLS of a scrape job in a configuration file. Part of the configuration. Easy to
// get wrong: a secret may stand in the file or in another file, never in both, and one way of
// signing in excludes the others.
import type { AuthConfig, TlsConfig } from '../collector/access-config.ts';
import type { Section } from './config-reader.ts';
import { words } from './config-reader.ts';

/** Fields of a job that readAuth and readTls read. */
export const HTTP_FIELDS = [
  ...words('basic_auth authorization bearer_token bearer_token_file tls_config'),
  ...words('follow_redirects enable_compression'),
];
/** Fields that change nothing here: HTTP/1.1 serves every target. */
export const HTTP_IGNORED = ['enable_http2'];
/** Fields that would matter and do not work yet. */
export const HTTP_UNUSED = [
  ...words('oauth2 proxy_url no_proxy proxy_from_environment proxy_connect_header'),
  'http_headers',
];

const BASIC_FIELDS = ['username', 'username_file', 'password', 'password_file'];
const VERSIONS = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
} as const;

/** The value of one of two fields that exclude one another. */
function secretOf(section: Section, name: string) {
  const file = `${name}_file`;
  if (section.has(name) && section.has(file)) {
    section.fail(file, `give either ${name} or ${file}`);
  }
  return { value: section.text(name), file: section.path(file) };
}

function readBasic(job: Section): AuthConfig {
  const section = job.section('basic_auth', BASIC_FIELDS);
  section.notUsed(['username_file']);
  const password = secretOf(section, 'password');
  return {
    kind: 'basic',
    username: section.text('username') ?? '',
    ...(password.value === undefined ? {} : { password: password.value }),
    ...(password.file === undefined ? {} : { passwordFile: password.file }),
  };
}

function readCredentials(section: Section, name: string, type: string): AuthConfig {
  const secret = secretOf(section, name);
  return {
    kind: 'credentials',
    type,
    ...(secret.value === undefined ? {} : { credentials: secret.value }),
    ...(secret.file === undefined ? {} : { credentialsFile: secret.file }),
  };
}

/** How a job signs in. @throws UserError. */
export function readAuth(job: Section): AuthConfig | undefined {
  const ways = ['basic_auth', 'authorization', 'bearer_token', 'bearer_token_file'];
  const given = ways.filter((name) => job.has(name));
  const kinds = new Set(given.map((name) => name.replace('_file', '')));
  if (kinds.size > 1) job.fail(given[1], `give either ${given.join(' or ')}`);
  if (given.length === 0) return undefined;
  if (job.has('basic_auth')) return readBasic(job);
  if (!job.has('authorization')) return readCredentials(job, 'bearer_token', 'Bearer');
  const section = job.section('authorization', ['type', 'credentials', 'credentials_file']);
  const type = section.text('type')?.trim() ?? 'Bearer';
  if (type.toLowerCase() === 'basic') section.fail('type', 'use basic_auth for this type');
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(type)) section.fail('type', 'type must be one word');
  return readCredentials(section, 'credentials', type);
}

/** TLS of a job. @throws UserError. */
export function readTls(job: Section): TlsConfig | undefined {
  if (!job.has('tls_config')) return undefined;
  const section = job.section('tls_config', [
    ...words('ca ca_file cert cert_file key key_file server_name max_version'),
    ...words('insecure_skip_verify min_version'),
  ]);
  section.notUsed(['ca', 'cert', 'key', 'max_version']);
  const caFile = section.path('ca_file');
  const certFile = section.path('cert_file');
  const keyFile = section.path('key_file');
  const serverName = section.text('server_name');
  const version = section.oneOf('min_version', Object.keys(VERSIONS) as (keyof typeof VERSIONS)[]);
  if ((certFile === undefined) !== (keyFile === undefined)) {
    section.fail('cert_file', 'cert_file and key_file belong together');
  }
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(serverName === undefined ? {} : { serverName }),
    insecureSkipVerify: section.bool('insecure_skip_verify') ?? false,
    ...(version === undefined ? {} : { minVersion: VERSIONS[version] }),
  };
}
