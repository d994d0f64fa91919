// Where a process listens for others: HOST:PORT, or the path of a unix socket. Easy to get wrong:
// a unix socket's path has a bound of about 100 bytes, and a file of a dead process in its place
// has to go before somebody can listen there again.
import { MonError, UserError } from '../errors.ts';

export type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** sockaddr_un has 108 bytes on Linux and 104 on macOS, with the zero at the end. */
const UNIX_PATH_BYTES_MAX = 103;

/** @throws UserError for what is neither `unix:/path` nor HOST:PORT. */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    if (Buffer.byteLength(path) > UNIX_PATH_BYTES_MAX) {
      throw new UserError(`${path} is too long for the path of a socket`, {
        hint: `at most ${UNIX_PATH_BYTES_MAX} bytes: choose a shorter folder`,
      });
    }
    if (path.startsWith('/')) return { path };
  }
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535) {
    throw new UserError(`${text} is no address of a process`, {
      hint: 'write HOST:PORT or unix:/path/of/a/socket',
    });
  }
  return { host: found[1] ?? found[2], port };
}

export function addressText(address: Address): string {
  if ('path' in address) return `unix:${address.path}`;
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What a broken connection means to who asked. */
export function unreachable(name: string, address: Address, cause?: unknown): MonError {
  return new MonError('MON_SERVER_UNREACHABLE', `the ${name} at ${addressText(address)} is away`, {
    cause,
    hint: 'mon status names the roles that do not run',
  });
}
