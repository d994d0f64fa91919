// Silences as people make them: new, changed, ended early. The rules are Alertmanager's. Easy to
// get wrong: a silence that has begun cannot be given other matchers or another start, or the past
// would read differently; such a change ends the old one and makes a new one.
import { MonError, UserError } from '../errors.ts';
import { ALERT_TEXT_MAX, SILENCES_MAX, SILENCE_KEEP_MS, SILENCE_MATCHERS_MAX } from '../limits.ts';
import type { SilenceWish } from '../model/alerting.ts';
import { compileAnchored, matchesEmpty } from '../promql/regexp.ts';
import type { Random } from '../runtime/random.ts';
import type { Transaction } from './book.ts';
import { silenceState } from './muting.ts';
import type { SilenceRecord } from './records.ts';

/** Ends with what is wrong with a silence. @throws UserError. */
export function checkWish(wish: SilenceWish, nowMs: number): void {
  const fail = (words: string, hint?: string): never => {
    throw new UserError(`invalid silence: ${words}`, hint === undefined ? {} : { hint });
  };
  const { matchers } = wish;
  if (matchers.length === 0) fail('at least one matcher required');
  if (matchers.length > SILENCE_MATCHERS_MAX) fail(`more than ${SILENCE_MATCHERS_MAX} matchers`);
  for (const matcher of matchers) {
    if (matcher.name === '') fail('a matcher has no label name');
    if (matcher.value.length > ALERT_TEXT_MAX) fail('a matcher is too long');
    if (matcher.op !== '=~' && matcher.op !== '!~') continue;
    try {
      compileAnchored(matcher.value);
    } catch {
      fail(`${JSON.stringify(matcher.value)} is no regular expression`);
    }
  }
  if (matchers.every(matchesEmpty)) {
    fail('at least one matcher must not match the empty string', 'it would silence everything');
  }
  if (!(wish.endsAtMs > wish.startsAtMs)) fail('end time must be after start time');
  if (wish.endsAtMs <= nowMs) fail("end time can't be in the past");
  if (wish.createdBy === '') fail('createdBy missing', 'say who silences');
  if (wish.comment === '') fail('comment missing', 'say why, for those who come later');
  if (wish.comment.length + wish.createdBy.length > ALERT_TEXT_MAX) fail('the comment is too long');
}

export interface SilenceParts {
  readonly tx: Transaction;
  readonly nowMs: number;
  readonly newId: () => string;
}

/** Makes or changes a silence; answers the id it then has. */
export function putSilence({ tx, nowMs, newId }: SilenceParts, wish: SilenceWish): string {
  const startsAtMs = Math.max(wish.startsAtMs, nowMs);
  const row = { ...wish, id: '', startsAtMs, updatedAtMs: nowMs };
  if (wish.id !== undefined && wish.id !== '') {
    const known = tx.silences.get(wish.id);
    if (known === undefined) throw notFound(wish.id);
    const started = known.startsAtMs <= nowMs;
    const state = silenceState(known, nowMs);
    const sameStart = started ? wish.startsAtMs === known.startsAtMs : true;
    if (state !== 'expired' && sameMatchers(known, wish) && sameStart) {
      const kept = started ? known.startsAtMs : startsAtMs;
      tx.silences.set({ ...row, id: known.id, startsAtMs: kept });
      return known.id;
    }
    if (state !== 'expired') tx.silences.set(ended(known, nowMs));
  }
  if ([...tx.silences.all()].length >= SILENCES_MAX) {
    throw new UserError(`there are ${SILENCES_MAX} silences already`);
  }
  let id = newId();
  while (tx.silences.get(id) !== undefined) id = newId();
  tx.silences.set({ ...row, id });
  return id;
}

/** Ends a silence now. @throws MonError MON_NOT_FOUND, UserError when it has ended before. */
export function endSilence(tx: Transaction, id: string, nowMs: number): void {
  const known = tx.silences.get(id);
  if (known === undefined) throw notFound(id);
  if (silenceState(known, nowMs) === 'expired') {
    throw new UserError(`silence ${id} already expired`);
  }
  tx.silences.set(ended(known, nowMs));
}

/** Forgets silences that ended long ago. */
export function forgetSilences(tx: Transaction, nowMs: number): void {
  for (const silence of tx.silences.all()) {
    if (nowMs - silence.endsAtMs > SILENCE_KEEP_MS) tx.silences.delete(silence.id);
  }
}

function ended(silence: SilenceRecord, nowMs: number): SilenceRecord {
  const startsAtMs = Math.min(silence.startsAtMs, nowMs);
  return { ...silence, startsAtMs, endsAtMs: nowMs, updatedAtMs: nowMs };
}

function sameMatchers(a: Pick<SilenceRecord, 'matchers'>, b: Pick<SilenceRecord, 'matchers'>) {
  const text = (one: Pick<SilenceRecord, 'matchers'>): string =>
    one.matchers
      .map(({ name, op, value }) => JSON.stringify([name, op, value]))
      .sort()
      .join();
  return text(a) === text(b);
}

function notFound(id: string): MonError {
  return new MonError('MON_NOT_FOUND', `silence ${id} not found`);
}

/** A UUID, version 4: Alertmanager's clients take no other id of a silence. */
export function uuidOf(random: Random): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replaceAll(/[xy]/g, (c) => {
    const digit = Math.floor(random() * 16);
    return (c === 'x' ? digit : (digit & 3) | 8).toString(16);
  });
}
