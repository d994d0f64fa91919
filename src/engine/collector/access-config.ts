// How a client signs in to a server and what it trusts: for scraping, discovery and remote write.
// Plain options, as the daemons read them. Easy to get wrong: a secret stands in the configuration
// or in a file of its own, and a file is read when it is needed, not when the daemon starts.

/** Paths are absolute; contents are read when they are needed. */
export interface TlsConfig {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
  readonly insecureSkipVerify: boolean;
  readonly minVersion?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

/** The Authorization header: a secret in the file, or the path of a file that holds it. */
export type AuthConfig =
  | {
      readonly kind: 'basic';
      readonly username: string;
      readonly password?: string;
      readonly passwordFile?: string;
    }
  | {
      readonly kind: 'credentials';
      readonly type: string;
      readonly credentials?: string;
      readonly credentialsFile?: string;
    };

/** All of it together: what a client of a server is told. */
export interface ServerAccess {
  readonly auth?: AuthConfig;
  readonly tls?: TlsConfig;
  readonly followRedirects: boolean;
}
