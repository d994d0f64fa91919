// Notifications to chat rooms over plain webhooks and bots: Discord, Microsoft Teams (both kinds),
// Mattermost, Rocket.Chat, Telegram, Webex. Bodies and limits are the services' own. Easy to get
// wrong: each counts its characters, and a text one longer is refused as a whole.
import type { Integration, Settings } from '../routing.ts';
import { textSetting } from '../routing.ts';
import { outcomeOf } from './http-post.ts';
import type { PostAsk } from './http-post.ts';
import { Texts, cutText } from './sender.ts';
import type { Sender, SenderTools } from './sender.ts';

const DISCORD_TITLE_MAX = 256;
const DISCORD_TEXT_MAX = 2000;
const TELEGRAM_TEXT_MAX = 4096;
const WEBEX_TEXT_MAX = 7439;
const MATTERMOST_TEXT_MAX = 16_383;
/** Teams takes 28 kB a message in all. */
const TEAMS_TEXT_MAX = 20_000;
const RED = 0x992d22;
const GREEN = 0x2ecc71;

function template(name: string): string {
  return `{{ template "${name}" . }}`;
}

interface Prepared {
  readonly url: string;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** A sender that posts one JSON body. */
function jsonSender(make: (texts: Texts) => Promise<Prepared>) {
  return (integration: Integration, tools: SenderTools): Sender => {
    return async (message, signal) => {
      const { url, body, headers } = await make(new Texts(integration, message, tools));
      const ask: PostAsk = {
        url,
        body: JSON.stringify(body),
        contentType: 'application/json',
        headers: { ...headers, 'Idempotency-Key': message.id },
        http: integration.settings['http_config'] as Settings | undefined,
        signal,
      };
      return outcomeOf(await tools.post(ask), tools.clock);
    };
  };
}

function given(texts: Texts, ...names: readonly string[]): Record<string, string> {
  const pairs = names.map((name) => [name, texts.text(name)] as const);
  return Object.fromEntries(pairs.filter(([, text]) => text !== ''));
}

export const discordSender = jsonSender(async (texts) => {
  const title = texts.text('title', template('discord.default.title'));
  const description = texts.text('message', template('discord.default.message'));
  return {
    url: await texts.secret('webhook_url'),
    body: {
      content: cutText(texts.text('content'), DISCORD_TEXT_MAX),
      embeds: [
        {
          title: cutText(title, DISCORD_TITLE_MAX),
          description: cutText(description, DISCORD_TEXT_MAX),
          color: texts.message.status === 'firing' ? RED : GREEN,
        },
      ],
      ...given(texts, 'username', 'avatar_url'),
      // What labels say mentions nobody.
      allowed_mentions: { parse: [] },
    },
  };
});

export const msteamsSender = jsonSender(async (texts) => ({
  url: await texts.secret('webhook_url'),
  body: {
    '@context': 'http://schema.org/extensions',
    type: 'MessageCard',
    title: texts.text('title', template('msteams.default.title')),
    summary: texts.text('summary', template('msteams.default.summary')),
    text: cutText(texts.text('text', template('msteams.default.text')), TEAMS_TEXT_MAX),
    themeColor: texts.message.status === 'firing' ? '8C1A1A' : '2DC72D',
  },
}));

export const msteamsv2Sender = jsonSender(async (texts) => {
  const title = texts.text('title', template('msteamsv2.default.title'));
  const text = cutText(texts.text('text', template('msteamsv2.default.text')), TEAMS_TEXT_MAX);
  const color = texts.message.status === 'firing' ? 'attention' : 'good';
  const block = (more: object): object => ({ type: 'TextBlock', wrap: true, ...more });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      block({ text: title, weight: 'Bolder', size: 'Medium', style: 'heading', color }),
      block({ text }),
    ],
    msteams: { width: 'full' },
  };
  const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', content };
  return {
    url: await texts.secret('webhook_url'),
    body: { type: 'message', attachments: [attachment] },
  };
});

export const mattermostSender = jsonSender(async (texts) => {
  const def = (name: string): string => template(`mattermost.default.${name}`);
  const attachment = {
    fallback: texts.text('fallback', def('fallback')),
    color: texts.text('color', def('color')),
    title: texts.text('title', def('title')),
    title_link: texts.text('title_link', def('titlelink')),
    text: cutText(texts.text('text', def('text')), MATTERMOST_TEXT_MAX),
    ...given(texts, 'pretext', 'author_name', 'author_link', 'author_icon'),
    ...given(texts, 'thumb_url', 'footer', 'footer_icon', 'image_url'),
  };
  return {
    url: await texts.secret('webhook_url'),
    body: {
      ...given(texts, 'channel', 'icon_url', 'icon_emoji', 'type'),
      username: texts.text('username', def('username')),
      attachments: [attachment],
    },
  };
});

export const rocketchatSender = jsonSender(async (texts) => {
  const def = (name: string): string => template(`rocketchat.default.${name}`);
  const { message, settings } = texts;
  const color = message.status === 'firing' ? 'red' : 'green';
  return {
    url: `${textSetting(settings, 'api_url').replace(/\/$/, '')}/api/v1/chat.postMessage`,
    headers: {
      'X-Auth-Token': await texts.secret('token'),
      'X-User-Id': await texts.secret('token_id'),
    },
    body: {
      channel: texts.text('channel'),
      ...given(texts, 'emoji'),
      attachments: [
        {
          title: texts.text('title', def('title')),
          title_link: texts.text('title_link', def('titlelink')),
          text: texts.text('text', def('text')),
          color: texts.text('color') || color,
          ...given(texts, 'image_url', 'thumb_url'),
        },
      ],
    },
  };
});

export const telegramSender = jsonSender(async (texts) => {
  const { settings } = texts;
  const mode = settings['parse_mode'] ?? 'HTML';
  const own = textSetting(settings, 'message');
  const text = texts.text('message', template('telegram.default.message'));
  const thread = settings['message_thread_id'];
  // Only a text of the file's own may have marks; labels are plain text.
  const plain = own === '' || own === template('telegram.default.message');
  const api = textSetting(settings, 'api_url').replace(/\/$/, '');
  return {
    url: `${api}/bot${await texts.secret('bot_token')}/sendMessage`,
    body: {
      chat_id: await texts.secret('chat_id'),
      text: cutText(text, TELEGRAM_TEXT_MAX),
      ...(plain || mode === '' ? {} : { parse_mode: mode }),
      ...(typeof thread === 'number' ? { message_thread_id: thread } : {}),
      disable_notification: settings['disable_notifications'] === true,
      disable_web_page_preview: true,
    },
  };
});

export const webexSender = jsonSender(async (texts) => {
  const text = texts.text('message', template('webex.default.message'));
  return {
    url: texts.text('api_url'),
    body: { roomId: texts.text('room_id'), markdown: cutText(text, WEBEX_TEXT_MAX) },
  };
});
