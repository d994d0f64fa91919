// The file of a unix socket. Its process may be long dead, the file stays and is in the way of the
// next one. Easy to get wrong: only a socket may be removed, never somebody's file.
import { lstatSync, rmSync } from 'node:fs';

/** Removes what a dead process left at the path; anything but a socket stays. */
export function removeSocketFile(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
}
