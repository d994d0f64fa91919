// Sizes on the command line: 512MB, 1GiB. Units are powers of 1024 with or without the i, as in the
// configuration.
import { UserError } from '../engine/errors.ts';

/** Bytes of a text. @throws UserError that names the flag. */
export function bytesOf(text: string, flag: string): number {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)\s*([KMGT]?)(?:iB|B)?$/.exec(text);
  if (found === null) {
    throw new UserError(`${flag} is not a size: "${text}"`, { hint: 'as in 512MB or 1GiB' });
  }
  return Math.floor(Number(found[1]) * 1024 ** ' KMGT'.indexOf(found[2] || ' '));
}
