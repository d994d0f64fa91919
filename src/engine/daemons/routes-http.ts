// What must hold within an http_config, as Prometheus' common library checks it. Part of a routing
// file. Easy to get wrong: one way of signing in excludes the others, the old bearer_token fields
// included.
import type { Section } from './config-reader.ts';
import { HTTP } from './routes-fields.ts';
import { atMostOne, isGiven, readSettings } from './routes-values.ts';
import type { FieldTable } from './routes-values.ts';

const TLS_VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'];

function inner(section: Section, name: string): Section {
  return section.section(name, Object.keys(HTTP[name] as object));
}

/** Ends with an error where an http_config contradicts itself. @throws UserError. */
export function checkHttp(section: Section): void {
  const given = readSettings(section, HTTP);
  atMostOne(section, given, 'bearer_token', 'bearer_token_file');
  const ways = ['basic_auth', 'authorization', 'oauth2', 'bearer_token', 'bearer_token_file'];
  atMostOne(section, given, ...ways);
  if (section.has('basic_auth')) checkBasic(inner(section, 'basic_auth'));
  if (section.has('authorization')) checkAuthorization(inner(section, 'authorization'));
  if (section.has('oauth2')) checkOauth(inner(section, 'oauth2'));
  if (section.has('tls_config')) checkTls(inner(section, 'tls_config'));
  checkProxy(section, given);
}

function checkBasic(section: Section): void {
  const given = readSettings(section, HTTP['basic_auth'] as FieldTable);
  atMostOne(section, given, 'username', 'username_file', 'username_ref');
  atMostOne(section, given, 'password', 'password_file', 'password_ref');
}

function checkAuthorization(section: Section): void {
  const given = readSettings(section, HTTP['authorization'] as FieldTable);
  atMostOne(section, given, 'credentials', 'credentials_file', 'credentials_ref');
  if ((section.text('type') ?? '').trim().toLowerCase() === 'basic') {
    section.fail('type', 'the authorization type cannot be basic', 'use basic_auth');
  }
}

function checkOauth(section: Section): void {
  const given = readSettings(section, HTTP['oauth2'] as FieldTable);
  for (const name of ['client_id', 'token_url']) {
    if (!isGiven(given, name)) section.file.fail(section.node, `oauth2 needs ${name}`);
  }
  atMostOne(section, given, 'client_secret', 'client_secret_file', 'client_secret_ref');
  if (section.has('tls_config')) {
    checkTls(section.section('tls_config', Object.keys(HTTP['tls_config'] as object)));
  }
  checkProxy(section, given);
}

/** Ends with an error where a tls_config contradicts itself. @throws UserError. */
export function checkTls(section: Section): void {
  const given = readSettings(section, HTTP['tls_config'] as FieldTable);
  for (const name of ['ca', 'cert', 'key']) {
    atMostOne(section, given, name, `${name}_file`, `${name}_ref`);
  }
  const has = (name: string): boolean =>
    [name, `${name}_file`, `${name}_ref`].some((one) => isGiven(given, one));
  if (has('cert') !== has('key')) {
    section.file.fail(section.node, 'a client certificate and its key belong together');
  }
  for (const name of ['min_version', 'max_version']) {
    const version = section.text(name);
    if (version !== undefined && version !== '' && !TLS_VERSIONS.includes(version)) {
      section.fail(name, `unknown TLS version ${version}`, `one of ${TLS_VERSIONS.join(', ')}`);
    }
  }
}

function checkProxy(section: Section, given: Readonly<Record<string, unknown>>): void {
  const fromEnvironment = given['proxy_from_environment'] === true;
  const url = isGiven(given, 'proxy_url');
  if (isGiven(given, 'proxy_connect_header') && !fromEnvironment && !url) {
    section.fail('proxy_connect_header', 'proxy_connect_header needs proxy_url');
  }
  if (fromEnvironment && url) {
    section.fail('proxy_url', 'give either proxy_url or proxy_from_environment');
  }
  if (fromEnvironment && isGiven(given, 'no_proxy')) {
    section.fail('no_proxy', 'give either no_proxy or proxy_from_environment');
  }
  if (isGiven(given, 'no_proxy') && !url) section.fail('no_proxy', 'no_proxy needs proxy_url');
}
