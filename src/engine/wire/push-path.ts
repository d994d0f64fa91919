// The paths of the Pushgateway: the group that a push belongs to is named in its URL. It stands
// between the API and the groups. Easy to get wrong: a value that holds a slash, or none, comes in
// base64, and the labels of a group are a set, so that their order in the path means nothing.
// Source: prometheus/pushgateway, README.
import { MonError } from '../errors.ts';
import type { GroupLabels } from '../ports.ts';

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function malformed(what: string): MonError {
  return new MonError('MON_BODY_MALFORMED', what);
}

/**
 * The group that a path names: `/metrics/job/JOB{/LABEL/VALUE}`, a name followed by `@base64` has
 * its value in URL-safe base64. @throws MonError MON_BODY_MALFORMED.
 */
export function groupOf(path: string): GroupLabels {
  const parts = path.replace(/^\/metrics\//, '').split('/');
  if (parts.length % 2 !== 0) throw malformed('the path needs a value for each label');
  const labels = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2) {
    const [name, coding] = parts[i].split('@', 2);
    if (!LABEL_NAME.test(name) || name.startsWith('__')) throw malformed('a label name is wrong');
    if (coding !== undefined && coding !== 'base64') throw malformed('only @base64 is known');
    if (labels.has(name)) throw malformed('a label is there twice');
    labels.set(name, coding === undefined ? percentDecoded(parts[i + 1]) : unpacked(parts[i + 1]));
  }
  if ((labels.get('job') ?? '') === '') throw malformed('the job is missing');
  return [...labels].sort(([a], [b]) => (a === 'job' ? -1 : b === 'job' ? 1 : a < b ? -1 : 1));
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed('the path is not percent-encoded UTF-8');
  }
}

function unpacked(text: string): string {
  const plain = text === '=' ? '' : text;
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(plain)) throw malformed('a value is not base64');
  return Buffer.from(plain, 'base64url').toString();
}
