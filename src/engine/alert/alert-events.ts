// What the notifier is told: one event for each change of an alert between firing and not, with an
// id that is the same whenever the same change is told again. Easy to get wrong: the id must not
// depend on when or how often it was decided, only on the alert, its beginning and the change.
import { createHash } from 'node:crypto';
import { labelsKey, makeLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { AlertEvent } from '../ports.ts';
import { NOT_YET, isFiring } from './alert-states.ts';
import type { Published, RunningRule } from './running-rule.ts';
import { expandTemplate } from './template/expand.ts';
import type { TemplateSample } from './template/expand.ts';

export interface EventContext {
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** Answers a query inside a template. */
  readonly query: (text: string, timeMs: number) => Promise<readonly TemplateSample[]>;
}

/** Label sets and times name a change. */
function eventId(labels: Labels, startsAtMs: number, change: 'firing' | 'resolved'): string {
  const words = `${labelsKey(labels)}\u0001${startsAtMs}\u0001${change}`;
  return createHash('sha256').update(words).digest('hex').slice(0, 32);
}

/** The annotations of an alert as they read now. */
export async function annotationsOf(
  running: RunningRule,
  alert: { readonly labels: Labels; readonly timeMs: number },
  context: EventContext,
): Promise<Labels> {
  const { labels, timeMs } = alert;
  const { externalLabels, externalUrl } = context;
  const value = running.values.get(labelsKey(labels)) ?? NaN;
  const query = (text: string): Promise<readonly TemplateSample[]> => context.query(text, timeMs);
  const data = {
    labels: running.sampleLabels(labels),
    value,
    externalLabels,
    externalUrl,
    timeMs,
    query,
  };
  const out: [string, string][] = [];
  for (const [name, text] of running.rule.annotations) {
    out.push([name, await expandTemplate(text, data)]);
  }
  return makeLabels(out);
}

/**
 * The events of a rule since the last time, in order; the rule takes them for told. They have to be
 * made durable with its state before anybody hears of them. What `room` is too small for stays
 * untold, and is found again the next time.
 */
export async function takeEvents(
  running: RunningRule,
  timeMs: number,
  context: EventContext,
  room = Infinity,
): Promise<AlertEvent[]> {
  const { fired, ended } = running.untold();
  if (fired.length + ended.length === 0) return [];
  const events: AlertEvent[] = [];
  const published = new Map(running.published);
  running.published = published;
  const { channels, expr } = running.rule;
  const generatorUrl = `${context.externalUrl}/graph?g0.expr=${encodeURIComponent(expr)}&g0.tab=1`;
  const more = { generatorUrl, ...(channels.length === 0 ? {} : { channels }) };
  for (const one of ended) {
    if (events.length >= room) return events;
    const key = labelsKey(one.labels);
    const told = published.get(key);
    if (told === undefined) continue;
    published.delete(key);
    const known = 'resolvedAtMs' in one && one.resolvedAtMs !== NOT_YET;
    const endsAtMs = known ? one.resolvedAtMs : timeMs;
    const { annotations } = told;
    const labels = withExternal(one.labels, context.externalLabels);
    const id = eventId(labels, told.startsAtMs, 'resolved');
    const times = { startsAtMs: told.startsAtMs, endsAtMs, atMs: endsAtMs };
    events.push({ id, labels, annotations, ...times, ...more });
    const again = running.states.now.get(key);
    if (again !== undefined && isFiring(again)) {
      events.push(await firedEvent(running, again, context, { ...more, published }));
    }
  }
  for (const alert of fired) {
    if (events.length >= room) return events;
    events.push(await firedEvent(running, alert, context, { ...more, published }));
  }
  return events;
}

/** Ends alerts whose rule is no more. */
export function endedEvents(
  published: Iterable<Published>,
  timeMs: number,
  context: EventContext,
): AlertEvent[] {
  return Array.from(published, ({ labels, startsAtMs, annotations }) => {
    const whole = withExternal(labels, context.externalLabels);
    const id = eventId(whole, startsAtMs, 'resolved');
    const times = { startsAtMs, endsAtMs: timeMs, atMs: timeMs };
    return { id, labels: whole, annotations, ...times, generatorUrl: context.externalUrl };
  });
}

async function firedEvent(
  running: RunningRule,
  alert: { readonly labels: Labels; readonly firedAtMs: number },
  context: EventContext,
  {
    published,
    ...more
  }: {
    readonly published: Map<string, Published>;
    readonly generatorUrl: string;
    readonly channels?: readonly string[];
  },
): Promise<AlertEvent> {
  const startsAtMs = alert.firedAtMs;
  const at = { labels: alert.labels, timeMs: startsAtMs };
  const annotations = await annotationsOf(running, at, context);
  const told = { labels: alert.labels, startsAtMs, annotations };
  published.set(labelsKey(alert.labels), told);
  const labels = withExternal(alert.labels, context.externalLabels);
  const id = eventId(labels, startsAtMs, 'firing');
  return { id, labels, annotations, startsAtMs, endsAtMs: 0, atMs: startsAtMs, ...more };
}

/** The alert's own labels win. */
function withExternal(labels: Labels, external: Labels): Labels {
  if (external.length === 0) return labels;
  const pairs: [string, string][] = [];
  for (const list of [external, labels]) {
    for (let i = 0; i < list.length; i += 2) pairs.push([list[i], list[i + 1]]);
  }
  return makeLabels(pairs);
}
