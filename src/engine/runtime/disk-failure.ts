// From what the operating system throws to the closed list of failures: one line that names the
// path and says what to do. Easy to get wrong: an unknown code must stay a failure of the disk,
// never pass as "not found".
import { MonError, messageOf } from '../errors.ts';
import type { FailureCode } from '../errors.ts';

interface Verdict {
  readonly code: FailureCode;
  readonly words: string;
  readonly hint: string;
}

const FULL: Verdict = {
  code: 'MON_DISK_FULL',
  words: 'no space left',
  hint: 'free some space on that file system, or choose another folder with --data-dir',
};
const FORBIDDEN: Verdict = {
  code: 'MON_DISK_FORBIDDEN',
  words: 'not allowed',
  hint: 'give this user the right to read and write there, or choose another with --data-dir',
};
const MISSING: Verdict = { code: 'MON_NOT_FOUND', words: 'not there', hint: 'check the path' };
const HANDLES: Verdict = {
  code: 'MON_DISK_FAILED',
  words: 'too many open files',
  hint: 'raise the limit of open files (ulimit -n)',
};
const NO_FOLDER: Verdict = {
  code: 'MON_DISK_FAILED',
  words: 'a file stands where a folder has to be',
  hint: 'move that file away, or choose another folder with --data-dir',
};

const VERDICTS = new Map<string, Verdict>([
  ['ENOSPC', FULL],
  ['EDQUOT', FULL],
  ['EACCES', FORBIDDEN],
  ['EPERM', FORBIDDEN],
  ['EROFS', FORBIDDEN],
  ['ENOENT', MISSING],
  ['EMFILE', HANDLES],
  ['ENFILE', HANDLES],
  ['ENOTDIR', NO_FOLDER],
  ['EEXIST', NO_FOLDER],
]);

function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'unknown';
}

/** The MonError for a failure of `doing` (a verb: "write", "open") at `path`. */
export function diskFailure(thrown: unknown, doing: string, path: string): MonError {
  if (thrown instanceof MonError) return thrown;
  const code = codeOf(thrown);
  const verdict = VERDICTS.get(code);
  const words = verdict?.words ?? messageOf(thrown);
  const hint = verdict?.hint ?? 'look at the health of that disk (dmesg, smartctl)';
  return new MonError(verdict?.code ?? 'MON_DISK_FAILED', `cannot ${doing} ${path}: ${words}`, {
    cause: thrown,
    hint,
    fields: { path, os: code },
  });
}
