// What the commands about silences, incidents and acknowledging do. Easy to get wrong: a silence
// hides what it matches, so what it would hide now is shown before anybody is asked; and a script
// that cannot be asked has to say --yes.
import { UserError } from '../engine/errors.ts';
import type { AlertView, Incident, SilenceView } from '../engine/model/alerting.ts';
import type { Matcher } from '../engine/model/matcher.ts';
import type { AlertClient } from '../engine/remote/alert-client.ts';
import { matcherText, parseAlertMatchers } from '../engine/wire/alert-matchers.ts';
import { alertListing, labelsText, silenceListing } from './alert-text.ts';
import type { Listing } from './listing.ts';
import type { Stage } from './stage.ts';
import { durationFlag, timeFlag } from './times.ts';

/** Matchers of the command line: one a word, or several joined by commas. @throws UserError. */
export function matchersOf(words: readonly string[]): Matcher[] {
  const matchers = words.flatMap((word) =>
    // A bare word is the name of an alert, as amtool takes it.
    /[=~]/.test(word)
      ? parseAlertMatchers(word)
      : [{ name: 'alertname', op: '=' as const, value: word }],
  );
  if (matchers.length > 0) return matchers;
  throw new UserError('say which alerts', { hint: 'as in alertname=HighCpu host=~web.*' });
}

/** Who acts: the flag, or the user of this shell. @throws UserError. */
function authorOf(flag: string | undefined, stage: Stage): string {
  const who = flag ?? stage.env['USER'] ?? stage.env['LOGNAME'] ?? '';
  if (who !== '') return who;
  throw new UserError('say who you are with --author NAME', { hint: '$USER is not set here' });
}

export interface SilenceFlags {
  readonly duration: string;
  readonly start?: string;
  readonly comment?: string;
  readonly author?: string;
  readonly yes: boolean;
}

const SHOWN_MAX = 10;

/** Shows what would be hidden, asks, silences, and prints the id. Answers the exit code. */
export async function addSilence(
  client: AlertClient,
  words: readonly string[],
  flags: SilenceFlags,
  stage: Stage,
): Promise<number> {
  const matchers = matchersOf(words);
  const createdBy = authorOf(flags.author, stage);
  const { comment = '' } = flags;
  if (comment === '') {
    throw new UserError('say why with -c TEXT', { hint: 'whoever comes later will ask' });
  }
  const nowMs = stage.clock.now();
  const startsAtMs = flags.start === undefined ? nowMs : timeFlag('--start', flags.start, nowMs);
  const endsAtMs = startsAtMs + durationFlag('--duration', flags.duration);
  const alerts = await client.alerts(matchers, stage.signal);
  await tellPreview(matchers, alerts, stage);
  if (!flags.yes && !(await agreed(`silence for ${flags.duration}?`, stage))) {
    await stage.note('nothing was changed');
    return 1;
  }
  const wish = { matchers, startsAtMs, endsAtMs, createdBy, comment };
  await stage.print([`${await client.silence(wish, stage.signal)}\n`]);
  return 0;
}

async function tellPreview(
  matchers: readonly Matcher[],
  alerts: readonly AlertView[],
  stage: Stage,
): Promise<void> {
  const what = matchers.map(matcherText).join(' ');
  await stage.note(`${what} hides ${alerts.length} of the alerts that fire now`);
  for (const alert of alerts.slice(0, SHOWN_MAX)) {
    await stage.note(`  ${labelsText(alert.labels)}`);
  }
  if (alerts.length > SHOWN_MAX) await stage.note(`  and ${alerts.length - SHOWN_MAX} more`);
}

/** Asks on the terminal. @throws UserError when there is nobody to ask. */
async function agreed(question: string, stage: Stage): Promise<boolean> {
  const { stdin } = stage;
  if (stdin.isTTY !== true) {
    throw new UserError('there is nobody to ask', { hint: 'in a script say --yes' });
  }
  await stage.note(`${question} [y/N]`);
  stdin.setEncoding('utf8');
  const answer = await new Promise<string>((resolve) => {
    stdin.once('data', (data) => resolve(String(data)));
    stdin.once('end', () => resolve(''));
    stage.signal.addEventListener('abort', () => resolve(''), { once: true });
    stdin.resume();
  });
  stdin.pause();
  return /^y(?:es)?$/i.test(answer.trim());
}

/** The alerts that matchers mean now. */
export async function previewListing(
  client: AlertClient,
  words: readonly string[],
  signal: AbortSignal,
): Promise<Listing> {
  return alertListing(await client.alerts(matchersOf(words), signal));
}

/** Silences that are not over, or all. */
export async function silencesListing(
  client: AlertClient,
  flags: { readonly all: boolean; readonly words: readonly string[] },
  signal: AbortSignal,
): Promise<Listing> {
  const found = await client.silences(signal);
  const texts = flags.words.flatMap(parseAlertMatchers).map(matcherText);
  return silenceListing(
    found.filter((one) => {
      const own = one.matchers.map(matcherText);
      return (flags.all || one.state !== 'expired') && texts.every((text) => own.includes(text));
    }),
  );
}

/** A silence by its id or the beginning of it. @throws UserError when it means none or several. */
export async function silenceNamed(
  client: AlertClient,
  id: string,
  signal: AbortSignal,
): Promise<SilenceView> {
  const found = (await client.silences(signal)).filter((one) => one.id.startsWith(id));
  const open = found.length > 1 ? found.filter((one) => one.state !== 'expired') : found;
  if (open.length === 1) return open[0];
  const hint = 'mon silence list shows them';
  if (open.length === 0) throw new UserError(`no silence ${id}`, { hint });
  throw new UserError(`${open.length} silences begin with ${id}`, { hint });
}

/** Lets silences end later. */
export async function extendSilences(
  client: AlertClient,
  ids: readonly string[],
  duration: string,
  stage: Stage,
): Promise<void> {
  const addMs = durationFlag('--duration', duration);
  for (const id of ids) {
    const silence = await silenceNamed(client, id, stage.signal);
    if (silence.state === 'expired') {
      throw new UserError(`silence ${silence.id} has expired`, { hint: 'make a new one' });
    }
    const { state: _state, updatedAtMs: _updated, ...wish } = silence;
    const endsAtMs = silence.endsAtMs + addMs;
    await stage.print([`${await client.silence({ ...wish, endsAtMs }, stage.signal)}\n`]);
  }
}

/** Acknowledges an incident by its number, or by matchers. */
export async function acknowledge(
  client: AlertClient,
  words: readonly string[],
  by: { readonly author?: string; readonly comment?: string },
  stage: Stage,
): Promise<readonly Incident[]> {
  const who = authorOf(by.author, stage);
  const byId = words.length === 1 && /^\d+$/.test(words[0]);
  const which = byId
    ? { incident: words[0] }
    : { matchers: matchersOf(words).map(matcherText).join(',') };
  return await client.acknowledge(which, { who, why: by.comment ?? '' }, stage.signal);
}
