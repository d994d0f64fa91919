// Notifications to Slack: an incoming webhook, or chat.postMessage with a bot token. Easy to get
// wrong: the API answers 200 also when it refuses, 429 says when to come again, and what is not
// escaped becomes a mention of everybody.
import { isPlainText } from '../default-texts.ts';
import type { Integration, Settings } from '../routing.ts';
import { outcomeOf } from './http-post.ts';
import { Texts, cutText } from './sender.ts';
import type { Outcome } from './outcome.ts';
import type { Sender, SenderTools } from './sender.ts';

const TITLE_MAX = 1024;
const TEXT_MAX = 3000;
const FIELDS_MAX = 100;
/** Errors of the API that time may mend. */
const PASSING = new Set(['ratelimited', 'rate_limited', 'internal_error', 'fatal_error']);
const PASSING_MORE = new Set(['service_unavailable', 'request_timeout', 'team_added_to_org']);

/** What three characters mean to Slack: links, mentions, entities. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function def(name: string): string {
  return `{{ template "slack.default.${name}" . }}`;
}

/** The body of a message: one legacy attachment, as Alertmanager sends it. */
function slackBody(texts: Texts): object {
  const { settings } = texts;
  // What labels say is escaped; what the file's own text says may be mrkdwn.
  const field = (name: string): string => {
    const given = settings[name];
    const own = typeof given === 'string' ? given : def(name.replaceAll('_', ''));
    const text = texts.render(own);
    return own.includes('{{') && isPlainText(own) ? escapeSlack(text) : text;
  };
  const optional = (name: string): Record<string, string> => {
    const text = texts.text(name);
    return text === '' ? {} : { [name]: text };
  };
  const title = cutText(field('title'), TITLE_MAX);
  const attachment = {
    title,
    title_link: texts.text('title_link', def('titlelink')),
    pretext: field('pretext'),
    text: cutText(field('text'), TEXT_MAX),
    fallback: cutText(field('fallback'), TITLE_MAX),
    callback_id: field('callback_id'),
    color: field('color'),
    footer: field('footer'),
    mrkdwn_in: settings['mrkdwn_in'] ?? ['fallback', 'pretext', 'text'],
    ...optional('image_url'),
    ...optional('thumb_url'),
    ...fieldsOf(texts),
    ...actionsOf(texts),
  };
  return {
    ...optional('channel'),
    username: texts.text('username', def('username')),
    ...optional('icon_emoji'),
    ...optional('icon_url'),
    ...(settings['link_names'] === true ? { link_names: true } : {}),
    text: texts.text('message_text'),
    attachments: [attachment],
  };
}

function fieldsOf(texts: Texts): object {
  const list = (texts.settings['fields'] ?? []) as Settings[];
  if (list.length === 0) return {};
  const short = texts.settings['short_fields'] === true;
  const fields = list.slice(0, FIELDS_MAX).map((one) => ({
    title: texts.inner(one, 'title'),
    value: texts.inner(one, 'value'),
    short: one['short'] ?? short,
  }));
  return { fields };
}

function actionsOf(texts: Texts): object {
  const list = (texts.settings['actions'] ?? []) as Settings[];
  if (list.length === 0) return {};
  const actions = list.map((one) => {
    const names = ['type', 'text', 'url', 'style', 'name', 'value'];
    const given = names.map((name) => [name, texts.inner(one, name)] as const);
    return Object.fromEntries(given.filter(([, text]) => text !== ''));
  });
  return { actions };
}

export function slackSender(integration: Integration, tools: SenderTools): Sender {
  const { settings } = integration;
  return async (message, signal) => {
    const texts = new Texts(integration, message, tools);
    const token = await texts.secret('app_token');
    const url = token === '' ? await texts.secret('api_url') : texts.text('app_url');
    const answer = await tools.post({
      url,
      body: JSON.stringify(slackBody(texts)),
      contentType: 'application/json; charset=utf-8',
      headers: {
        'Idempotency-Key': message.id,
        ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
      },
      http: settings['http_config'] as Settings | undefined,
      signal,
    });
    const outcome = outcomeOf(answer, tools.clock);
    return outcome.kind === 'delivered' ? readAnswer(answer.body) : outcome;
  };
}

/** A webhook says `ok`; the API says JSON, and may refuse with status 200. */
function readAnswer(body: string): Outcome {
  if (!body.trimStart().startsWith('{')) return { kind: 'delivered' };
  try {
    const { ok, error } = JSON.parse(body) as { ok?: unknown; error?: unknown };
    if (ok !== false) return { kind: 'delivered' };
    const why = `answered ${String(error)}`;
    const passes = PASSING.has(String(error)) || PASSING_MORE.has(String(error));
    return passes ? { kind: 'again', why } : { kind: 'refused', why };
  } catch {
    return { kind: 'delivered' };
  }
}
