// The place of one thread behind the others of the process, where the system tells threads apart.
// Easy to get wrong: the priority that Node sets by a number is that of a thread on Linux, and its
// number is only known to the thread itself.
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Lets all other threads go before this one; elsewhere than on Linux nothing happens. */
export function stepBehind(nice: number): void {
  let path: string;
  try {
    path = readlinkSync('/proc/thread-self');
  } catch {
    return;
  }
  const thread = Number(path.split('/').at(-1));
  try {
    if (Number.isSafeInteger(thread)) setPriority(thread, nice);
  } catch {
    // A sandbox may forbid it; the thread then runs as before.
  }
}
