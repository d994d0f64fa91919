// The texts that a receiver uses when its section gives none: what Alertmanager's default templates
// say, made in code. A section that names a default template gets the same text. Easy to get wrong:
// these names are an interface; users' files name them.
import type { LabelObject } from '../model/alerting.ts';
import type { Message, MessageAlert } from './message.ts';

/** Turns a text of the routing file into what is sent. @throws Error when it cannot. */
export type RenderTemplate = (text: string, message: Message) => string;

const NAMED = /^\s*\{\{-?\s*template\s+"([^"]+)"\s+\.\s*-?\}\}\s*$/;

function pairs(labels: LabelObject): [string, string][] {
  const all = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const at = all.findIndex(([name]) => name === 'alertname');
  return at > 0 ? [...all.splice(at, 1), ...all] : all;
}

/** `[FIRING:2] HighCpu api (critical)` */
export function subject(message: Message): string {
  const { status, firing, groupLabels, commonLabels } = message;
  const count = status === 'firing' ? `:${firing.length}` : '';
  const group = pairs(groupLabels).map(([, value]) => value);
  const rest = pairs(commonLabels)
    .filter(([name]) => !(name in groupLabels))
    .map(([, value]) => value);
  const more = rest.length === 0 ? '' : ` (${rest.join(' ')})`;
  return `[${status.toUpperCase()}${count}] ${group.join(' ')}${more}`;
}

function lines(title: string, labels: LabelObject, mark: string): string[] {
  return [title, ...pairs(labels).map(([name, value]) => `${mark}${name} = ${value}`)];
}

function alertLines(alert: MessageAlert, mark = ' - '): string {
  return [
    ...lines('Labels:', alert.labels, mark),
    ...lines('Annotations:', alert.annotations, mark),
    `Source: ${alert.generatorURL}`,
    '',
  ].join('\n');
}

/** Every alert with its labels and annotations. */
export function alertList(alerts: readonly MessageAlert[], mark?: string): string {
  return alerts.map((alert) => alertLines(alert, mark)).join('');
}

function sections(message: Message): string {
  const { firing, resolved } = message;
  const out: string[] = [];
  if (firing.length > 0) out.push(`Alerts Firing:\n${alertList(firing)}`);
  if (resolved.length > 0) out.push(`Alerts Resolved:\n${alertList(resolved)}`);
  return out.join('');
}

function stars({ firing, resolved }: Message): string {
  const out: string[] = [];
  if (firing.length > 0) out.push(`**Firing**\n${alertList(firing)}`);
  if (resolved.length > 0) out.push(`**Resolved**\n${alertList(resolved)}`);
  return out.join('\n');
}

function link(message: Message): string {
  const receiver = encodeURIComponent(message.receiver);
  return `${message.externalURL}/#/alerts?receiver=${receiver}`;
}

const none = (): string => '';
const monitor = (): string => 'Alertmanager';

/** Each default template by its name. */
const TEXTS: ReadonlyMap<string, (message: Message) => string> = new Map(
  Object.entries({
    __subject: subject,
    __alertmanager: monitor,
    __alertmanagerURL: link,
    'discord.default.title': subject,
    'discord.default.message': sections,
    'email.default.subject': subject,
    'jira.default.summary': subject,
    'jira.default.description': sections,
    'jira.default.priority': none,
    'mattermost.default.title': subject,
    'mattermost.default.titlelink': link,
    'mattermost.default.fallback': (m) => `${subject(m)} | ${link(m)}`,
    'mattermost.default.username': monitor,
    'mattermost.default.text': none,
    'mattermost.default.color': (m) => (m.status === 'firing' ? '#cc0000' : '#36a64f'),
    'msteams.default.title': subject,
    'msteams.default.summary': subject,
    'msteams.default.text': stars,
    'msteamsv2.default.title': subject,
    'msteamsv2.default.text': stars,
    'opsgenie.default.message': subject,
    'opsgenie.default.description': sections,
    'opsgenie.default.source': link,
    'pagerduty.default.description': subject,
    'pagerduty.default.client': monitor,
    'pagerduty.default.clientURL': link,
    'pagerduty.default.instances': (m) => alertList(m.alerts),
    'pushover.default.title': subject,
    'pushover.default.message': (m) =>
      [...new Set(Object.values(m.commonAnnotations)), sections(m)].join('\n').trim(),
    'pushover.default.url': link,
    'rocketchat.default.title': subject,
    'rocketchat.default.alias': monitor,
    'rocketchat.default.titlelink': link,
    'rocketchat.default.emoji': none,
    'rocketchat.default.iconurl': none,
    'rocketchat.default.text': none,
    'slack.default.title': subject,
    'slack.default.username': monitor,
    'slack.default.fallback': (m) => `${subject(m)} | ${link(m)}`,
    'slack.default.callbackid': none,
    'slack.default.pretext': none,
    'slack.default.titlelink': link,
    'slack.default.iconemoji': none,
    'slack.default.iconurl': none,
    'slack.default.text': none,
    'slack.default.footer': none,
    'slack.default.color': (m) => (m.status === 'firing' ? 'danger' : 'good'),
    'sns.default.subject': subject,
    'sns.default.message': sections,
    'telegram.default.message': sections,
    'victorops.default.state_message': (m) => `${subject(m)} | ${link(m)}\n${sections(m)}`,
    'victorops.default.entity_display_name': subject,
    'victorops.default.monitoring_tool': monitor,
    'webex.default.message': (m) => `${subject(m)}\n${sections(m)}`,
    'wechat.default.message': (m) => `${subject(m)}\n${sections(m)}`,
  } satisfies Record<string, (message: Message) => string>),
);

/** What a default template says of a message; undefined for a name that is none. */
export function defaultText(name: string, message: Message): (() => string) | undefined {
  const make = TEXTS.get(name);
  return make === undefined ? undefined : () => make(message);
}

/** Whether there is a default template of this name. */
export function isDefaultText(name: string): boolean {
  return TEXTS.has(name);
}

const RED_OR_GREEN = '{{ if eq .Status "firing" }}red{{ else }}green{{ end }}';
const TWO_OR_ZERO = '{{ if eq .Status "firing" }}2{{ else }}0{{ end }}';

/** True for texts that need no template engine. */
export function isPlainText(text: string): boolean {
  if (!text.includes('{{') || text === RED_OR_GREEN || text === TWO_OR_ZERO) return true;
  return TEXTS.has(NAMED.exec(text)?.[1] ?? '');
}

/** Plain texts and the default templates by name; other templates need an engine. */
export const renderDefault: RenderTemplate = (text, message) => {
  if (!text.includes('{{')) return text;
  if (text === RED_OR_GREEN) return message.status === 'firing' ? 'red' : 'green';
  if (text === TWO_OR_ZERO) return message.status === 'firing' ? '2' : '0';
  const make = TEXTS.get(NAMED.exec(text)?.[1] ?? '');
  if (make === undefined) throw new Error(`no template engine for ${text.slice(0, 100)}`);
  return make(message);
};
