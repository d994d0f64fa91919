// Notifications to WeChat Work: a token is asked for with the corporation's secret, then the
// message is sent with it. A receiver like those for chat rooms. Source: WeChat Work's API
// (gettoken, message/send). Easy to get wrong: errors come with status 200 and a code in the body,
// and both the secret and the token stand in addresses, which must not reach a log.
import type { Integration, Settings } from '../routing.ts';
import { textSetting } from '../routing.ts';
import { outcomeOf } from './http-post.ts';
import type { PostAnswer } from './http-post.ts';
import type { Outcome } from './outcome.ts';
import { Texts } from './sender.ts';
import type { Sender, SenderTools } from './sender.ts';

/** The service counts bytes of UTF-8. */
const TEXT_BYTES_MAX = 2048;
/** A token lasts two hours; it is asked for anew a while before. */
const TOKEN_MS_MAX = 90 * 60_000;
/** Codes after which a new token, or a little patience, helps: busy, tokens, too many calls. */
const PASSING = new Set([-1, 40_001, 40_014, 42_001, 45_009, 45_033]);

interface Said {
  readonly errcode?: unknown;
  readonly errmsg?: unknown;
  readonly access_token?: unknown;
}

export function wechatSender(integration: Integration, tools: SenderTools): Sender {
  const { settings } = integration;
  const http = settings['http_config'] as Settings | undefined;
  const api = textSetting(settings, 'api_url').replace(/\/?$/, '/');
  let token = { text: '', askedAtMs: 0 };
  return async (message, signal) => {
    const texts = new Texts(integration, message, tools);
    const nowMs = tools.clock.monotonic();
    if (token.text === '' || nowMs - token.askedAtMs > TOKEN_MS_MAX) {
      const secret = encodeURIComponent(await texts.secret('api_secret'));
      const corp = encodeURIComponent(texts.text('corp_id'));
      const url = `${api}gettoken?corpid=${corp}&corpsecret=${secret}`;
      const answer = await tools.post({ url, method: 'GET', body: '', http, signal });
      const said = read(answer);
      const outcome = judged(answer, said, tools);
      if (outcome.kind !== 'delivered') return outcome;
      token = { text: String(said.access_token ?? ''), askedAtMs: nowMs };
      if (token.text === '') return { kind: 'again', why: 'answered without a token' };
    }
    const answer = await tools.post({
      url: `${api}message/send?access_token=${encodeURIComponent(token.text)}`,
      body: JSON.stringify(bodyOf(texts)),
      contentType: 'application/json',
      headers: { 'Idempotency-Key': message.id },
      ...{ http, signal },
    });
    const outcome = judged(answer, read(answer), tools);
    if (outcome.kind === 'again') token = { text: '', askedAtMs: 0 };
    return outcome;
  };
}

function bodyOf(texts: Texts): object {
  const markdown = texts.settings['message_type'] === 'markdown';
  const text = texts.text('message', '{{ template "wechat.default.message" . }}');
  const content = cutBytes(text, TEXT_BYTES_MAX);
  return {
    ...(markdown ? { markdown: { content } } : { text: { content } }),
    touser: texts.text('to_user'),
    toparty: texts.text('to_party'),
    totag: texts.text('to_tag'),
    agentid: texts.text('agent_id'),
    safe: '0',
    msgtype: markdown ? 'markdown' : 'text',
    // The service itself drops the same message within so many seconds.
    enable_duplicate_check: 1,
    duplicate_check_interval: 60,
  };
}

/** Cut to so many bytes, never within a character. */
function cutBytes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  let bytes = Buffer.byteLength('…');
  let end = 0;
  for (const one of text) {
    bytes += Buffer.byteLength(one);
    if (bytes > bytesMax) break;
    end += one.length;
  }
  return `${text.slice(0, end)}…`;
}

function read({ body }: PostAnswer): Said {
  try {
    const said: unknown = JSON.parse(body);
    return typeof said === 'object' && said !== null ? said : {};
  } catch {
    return {};
  }
}

function judged(answer: PostAnswer, said: Said, { clock }: SenderTools): Outcome {
  const outcome = outcomeOf(answer, clock);
  if (outcome.kind !== 'delivered' || said.errcode === 0) return outcome;
  const { errcode, errmsg } = said;
  if (typeof errcode !== 'number') return { kind: 'again', why: 'answered without a code' };
  const why = `answered ${errcode}: ${String(errmsg ?? '').slice(0, 200)}`;
  return { kind: PASSING.has(errcode) ? 'again' : 'refused', why };
}
