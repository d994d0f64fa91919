// Files and stdin that a command line names, whole and with a bound. Easy to get wrong: without a
// pipe a terminal is stdin, and waiting for it in silence looks like a hang.
import { MonError, UserError } from '../engine/errors.ts';
import { BODY_BYTES_MAX } from '../engine/limits.ts';
import type { Stage } from './stage.ts';

/** The bytes of a file, or of stdin for `-`. @throws UserError when there is nothing to read. */
export async function readInput(path: string, stage: Stage): Promise<Uint8Array> {
  if (path !== '-') return await readNamed(path);
  if (stage.stdin.isTTY === true) {
    throw new UserError('nothing is piped in', { hint: 'pipe data into mon, or name a FILE' });
  }
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stage.stdin as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > BODY_BYTES_MAX) throw tooLong('stdin');
  }
  return Buffer.concat(parts);
}

async function readNamed(path: string): Promise<Uint8Array> {
  const { systemDisk } = await import('../engine/runtime/system-disk.ts');
  try {
    const bytes = await systemDisk.readFile(path);
    if (bytes.length > BODY_BYTES_MAX) throw tooLong(path);
    return bytes;
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    throw new UserError(thrown.message, { hint: 'check the path', cause: thrown });
  }
}

function tooLong(what: string): UserError {
  return new UserError(`${what} is longer than ${BODY_BYTES_MAX / 1024 / 1024} MiB`);
}
