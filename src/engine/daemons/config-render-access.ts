// Credentials and TLS of a configuration as YAML again, secrets hidden; part of showing a
// configuration. Easy to get wrong: only secrets are hidden, never the names of the files that
// hold them.
import type { AuthConfig, TlsConfig } from '../collector/access-config.ts';

/** What stands in the place of a secret. */
export const SECRET = '<secret>';

/** A map as it is written. */
export type Plain = Record<string, unknown>;

/** Without what is undefined, empty or 0. */
export function compact(fields: Plain): Plain {
  const given = Object.entries(fields).filter(([, value]) => {
    if (value === undefined || value === 0) return false;
    return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
  });
  return Object.fromEntries(given);
}

/** How a job or a discovery signs in. */
export function authFields(auth: AuthConfig | undefined): Plain {
  if (auth === undefined) return {};
  if (auth.kind === 'basic') {
    const password = auth.password === undefined ? undefined : SECRET;
    const { username, passwordFile } = auth;
    return { basic_auth: compact({ username, password, password_file: passwordFile }) };
  }
  const credentials = auth.credentials === undefined ? undefined : SECRET;
  const { type, credentialsFile } = auth;
  return { authorization: compact({ type, credentials, credentials_file: credentialsFile }) };
}

/** What it trusts. */
export function tlsFields(tls: TlsConfig | undefined): Plain | undefined {
  if (tls === undefined) return undefined;
  const words = { TLSv1: 'TLS10', 'TLSv1.1': 'TLS11', 'TLSv1.2': 'TLS12', 'TLSv1.3': 'TLS13' };
  return compact({
    ca_file: tls.caFile,
    cert_file: tls.certFile,
    key_file: tls.keyFile,
    server_name: tls.serverName,
    insecure_skip_verify: tls.insecureSkipVerify,
    min_version: tls.minVersion === undefined ? undefined : words[tls.minVersion],
  });
}
