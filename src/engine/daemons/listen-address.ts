// The address that `mon up` listens on: loopback unless the user says otherwise, and a public one
// only behind a token.
import { isIP } from 'node:net';
import { UserError } from '../errors.ts';
import { LISTEN_DEFAULT } from '../limits.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads HOST:PORT, [IPV6]:PORT or :PORT (all addresses). @throws UserError. */
export function parseListen(text: string): ListenAddress {
  const bracket = /^\[([^\]]*)\]:(\d{1,5})$/.exec(text);
  const plain = /^([^:]*):(\d{1,5})$/.exec(text);
  const found = bracket ?? plain;
  const port = Number(found?.[2]);
  if (!found || port > 65535) {
    throw new UserError(`"${text}" is no address to listen on`, {
      hint: `write HOST:PORT, such as ${LISTEN_DEFAULT}`,
    });
  }
  return { host: found[1] === '' ? '0.0.0.0' : found[1], port };
}

/** True where only this machine can come in. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host.startsWith('::ffff:127.');
}

/** The address as it stands in a URL that this machine can use. */
export function urlOf(address: ListenAddress): string {
  const anywhere = address.host === '0.0.0.0' || address.host === '::';
  const host = anywhere ? '127.0.0.1' : address.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

/** @throws UserError when strangers could come in without a token. */
export function checkPublic(address: ListenAddress, token: string | undefined): void {
  if (isLoopback(address.host) || token !== undefined) return;
  throw new UserError(`${address.host} can be reached from other machines, and there is no token`, {
    hint: 'write a secret into a file and give it with --token-file, or listen on 127.0.0.1',
  });
}
