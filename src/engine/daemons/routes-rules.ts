// What each kind of receiver needs and what it inherits from the global section of a routing file.
// The rules are Alertmanager's (its config package); the words are ours. Easy to get wrong: empty
// text counts as not given, and a global address has a default while a global secret has none.
import type { IntegrationKind, Settings } from '../notify/routing.ts';
import type { Section } from './config-reader.ts';
import { checkTls } from './routes-http.ts';
import { RECEIVER_FIELDS } from './routes-fields.ts';
import { atMostOne, isGiven } from './routes-values.ts';

type Own = Record<string, unknown>;
type Rule = (section: Section, own: Own, global: Settings) => void;

/** Addresses that hold where the global section gives none. */
export const GLOBAL_DEFAULTS: Settings = {
  resolve_timeout: 300_000,
  smtp_hello: 'localhost',
  smtp_require_tls: true,
  pagerduty_url: 'https://events.pagerduty.com/v2/enqueue',
  opsgenie_api_url: 'https://api.opsgenie.com/',
  wechat_api_url: 'https://qyapi.weixin.qq.com/cgi-bin/',
  victorops_api_url: 'https://alert.victorops.com/integrations/generic/20131114/alert/',
  telegram_api_url: 'https://api.telegram.org',
  webex_api_url: 'https://webexapis.com/v1/messages',
  rocketchat_api_url: 'https://open.rocket.chat/',
  slack_app_url: 'https://slack.com/api/chat.postMessage',
};

/** Pairs of the global section of which at most one may be given. */
export const GLOBAL_PAIRS: readonly string[] = [
  ...['slack_app_token', 'slack_api_url', 'opsgenie_api_key', 'victorops_api_key'],
  ...['telegram_bot_token', 'smtp_auth_password', 'rocketchat_token', 'rocketchat_token_id'],
  ...['smtp_auth_secret', 'wechat_api_secret', 'mattermost_webhook_url'],
];

/** Takes `name` (and its _file) from the global section when the entry gives neither. */
function inherit(own: Own, global: Settings, name: string, from: string): void {
  if (isGiven(own, name) || isGiven(own, `${name}_file`)) return;
  if (isGiven(global, from)) own[name] = global[from];
  if (isGiven(global, `${from}_file`)) own[`${name}_file`] = global[`${from}_file`];
}

function pair(section: Section, own: Own, name: string): void {
  atMostOne(section, own, name, `${name}_file`);
}

function missing(section: Section, words: string, hint?: string): never {
  return section.file.fail(section.node, words, hint);
}

/** One of name and name_file must be given, here or in the global section. */
function oneOf(section: Section, own: Own, name: string, from?: string): void {
  if (isGiven(own, name) || isGiven(own, `${name}_file`)) return;
  const elsewhere = from === undefined ? '' : `, here or as ${from} in the global section`;
  missing(section, `${section.what} needs ${name} or ${name}_file${elsewhere}`);
}

function need(section: Section, own: Own, name: string): void {
  if (!isGiven(own, name)) missing(section, `${section.what} needs ${name}`);
}

function webhookUrl(section: Section, own: Own): void {
  pair(section, own, 'webhook_url');
  oneOf(section, own, 'webhook_url');
}

function email(section: Section, own: Own, global: Settings): void {
  need(section, own, 'to');
  const headers = (own['headers'] ?? {}) as Record<string, string>;
  const seen = new Set<string>();
  for (const name of Object.keys(headers)) {
    const small = name.toLowerCase();
    if (seen.has(small)) section.fail('headers', `the header ${name} is twice`);
    seen.add(small);
  }
  const threading = (own['threading'] ?? {}) as Own;
  if (threading['enabled'] === true) {
    if (seen.has('references') || seen.has('in-reply-to')) {
      section.fail('headers', 'threading makes References and In-Reply-To itself');
    }
    if (!['none', 'daily'].includes(String(threading['thread_by_date']))) {
      section.fail('threading', 'thread_by_date must be none or daily');
    }
  }
  if (section.has('tls_config')) {
    const table = RECEIVER_FIELDS.email['tls_config'] as object;
    checkTls(section.section('tls_config', Object.keys(table)));
  }
  own['tls_config'] ??= global['smtp_tls_config'];
  for (const name of ['smarthost', 'from', 'hello', 'auth_username', 'auth_identity']) {
    if (!isGiven(own, name)) own[name] = global[`smtp_${name}`];
  }
  for (const name of ['smarthost', 'from']) {
    if (!isGiven(own, name)) {
      missing(section, `an email needs ${name}, here or as smtp_${name} in the global section`);
    }
  }
  inherit(own, global, 'auth_password', 'smtp_auth_password');
  inherit(own, global, 'auth_secret', 'smtp_auth_secret');
  own['require_tls'] ??= global['smtp_require_tls'];
  own['force_implicit_tls'] ??= global['smtp_force_implicit_tls'];
}

function slack(section: Section, own: Own, global: Settings): void {
  pair(section, own, 'api_url');
  pair(section, own, 'app_token');
  const hook = isGiven(own, 'api_url') ? 'api_url' : 'api_url_file';
  const app = isGiven(own, 'app_token') ? 'app_token' : 'app_token_file';
  atMostOne(section, own, hook, app);
  if (own['update_message'] === true && own['api_url'] !== GLOBAL_DEFAULTS['slack_app_url']) {
    section.fail('update_message', 'update_message needs a bot token and the API chat.postMessage');
  }
  checkSlackParts(section, own);
  own['app_url'] ??= global['slack_app_url'];
  const http = own['http_config'] as Settings | undefined;
  const authorized = http?.['authorization'] !== undefined;
  if (!authorized && !isGiven(own, 'api_url')) {
    inherit(own, global, 'app_token', 'slack_app_token');
  }
  inherit(own, global, 'api_url', 'slack_api_url');
  const hasApp = isGiven(own, 'app_token') || isGiven(own, 'app_token_file');
  if (!hasApp) oneOf(section, own, 'api_url', 'slack_api_url');
  const globalHttp = global['http_config'] as Settings | undefined;
  if (hasApp && (authorized || globalHttp?.['authorization'] !== undefined)) {
    missing(section, 'http authorization cannot be set beside a Slack app token');
  }
}

function checkSlackParts(section: Section, own: Own): void {
  for (const action of (own['actions'] ?? []) as Own[]) {
    if (!isGiven(action, 'type') || !isGiven(action, 'text')) {
      section.fail('actions', 'an action needs type and text');
    }
    if (!isGiven(action, 'url') && !isGiven(action, 'name')) {
      section.fail('actions', 'an action needs a name or a url');
    }
    const confirm = action['confirm'] as Own | undefined;
    if (confirm !== undefined && !isGiven(confirm, 'text')) {
      section.fail('actions', 'a confirmation needs text');
    }
  }
  checkTitled(section, own);
}

function checkTitled(section: Section, own: Own): void {
  for (const field of (own['fields'] ?? []) as Own[]) {
    if (!isGiven(field, 'title') || !isGiven(field, 'value')) {
      section.fail('fields', 'a field needs title and value');
    }
  }
}

function pagerduty(section: Section, own: Own, global: Settings): void {
  const keys = ['routing_key', 'service_key', 'routing_key_file', 'service_key_file'];
  if (!keys.some((name) => isGiven(own, name))) {
    missing(section, 'pagerduty_configs needs routing_key (Events v2) or service_key');
  }
  pair(section, own, 'routing_key');
  pair(section, own, 'service_key');
  if (own['details'] !== undefined && (own['details'] === null || Array.isArray(own['details']))) {
    section.fail('details', 'details must be a map');
  }
  own['url'] ??= global['pagerduty_url'];
}

function opsgenie(section: Section, own: Own, global: Settings): void {
  pair(section, own, 'api_key');
  for (const responder of (own['responders'] ?? []) as Own[]) {
    if (!['id', 'name', 'username'].some((name) => isGiven(responder, name))) {
      section.fail('responders', 'a responder needs id, name or username');
    }
    const type = String(responder['type'] ?? '');
    const kinds = /^(?:team|teams|user|escalation|schedule)$/i;
    if (!type.includes('{{') && !kinds.test(type)) {
      section.fail('responders', `a responder's type must be team, user, escalation or schedule`);
    }
  }
  own['api_url'] ??= global['opsgenie_api_url'];
  inherit(own, global, 'api_key', 'opsgenie_api_key');
  oneOf(section, own, 'api_key', 'opsgenie_api_key');
}

function wechat(section: Section, own: Own, global: Settings): void {
  pair(section, own, 'api_secret');
  const type = String(own['message_type'] ?? '');
  if (!['', 'text', 'markdown'].includes(type)) {
    section.fail('message_type', 'message_type must be text or markdown');
  }
  own['api_url'] ??= global['wechat_api_url'];
  inherit(own, global, 'api_secret', 'wechat_api_secret');
  oneOf(section, own, 'api_secret', 'wechat_api_secret');
  if (!isGiven(own, 'corp_id')) own['corp_id'] = global['wechat_api_corp_id'];
  need(section, own, 'corp_id');
}

const VICTOROPS_FIXED = [
  ...['routing_key', 'message_type', 'state_message', 'entity_display_name', 'monitoring_tool'],
  ...['entity_id', 'entity_state'],
];

function victorops(section: Section, own: Own, global: Settings): void {
  need(section, own, 'routing_key');
  pair(section, own, 'api_key');
  for (const name of Object.keys((own['custom_fields'] ?? {}) as Own)) {
    if (VICTOROPS_FIXED.includes(name)) {
      section.fail('custom_fields', `the field ${name} is VictorOps' own`);
    }
  }
  own['api_url'] ??= global['victorops_api_url'];
  inherit(own, global, 'api_key', 'victorops_api_key');
  oneOf(section, own, 'api_key', 'victorops_api_key');
}

function telegram(section: Section, own: Own, global: Settings): void {
  pair(section, own, 'bot_token');
  if (own['chat_id'] === 0) own['chat_id'] = undefined;
  pair(section, own, 'chat_id');
  oneOf(section, own, 'chat_id');
  const mode = String(own['parse_mode'] ?? 'HTML');
  if (!['', 'Markdown', 'MarkdownV2', 'HTML'].includes(mode)) {
    section.fail('parse_mode', 'parse_mode must be Markdown, MarkdownV2, HTML or empty');
  }
  own['api_url'] ??= global['telegram_api_url'];
  inherit(own, global, 'bot_token', 'telegram_bot_token');
  oneOf(section, own, 'bot_token', 'telegram_bot_token');
}

function pushover(section: Section, own: Own): void {
  for (const name of ['user_key', 'token']) {
    oneOf(section, own, name);
    pair(section, own, name);
  }
  if (own['html'] === true && own['monospace'] === true) {
    section.fail('monospace', 'at most one of monospace & html must be configured');
  }
}

function incidentio(section: Section, own: Own): void {
  oneOf(section, own, 'url');
  pair(section, own, 'url');
  pair(section, own, 'alert_source_token');
  const http = own['http_config'] as Settings | undefined;
  const authorized = http?.['authorization'] !== undefined;
  const token = isGiven(own, 'alert_source_token') || isGiven(own, 'alert_source_token_file');
  if (authorized && token) missing(section, 'give either alert_source_token or an authorization');
  if (http !== undefined && !authorized && !token) {
    missing(section, 'incidentio_configs needs alert_source_token or an authorization');
  }
}

function jira(section: Section, own: Own, global: Settings): void {
  need(section, own, 'project');
  need(section, own, 'issue_type');
  if (!['auto', 'cloud', 'datacenter'].includes(String(own['api_type'] ?? 'auto'))) {
    section.fail('api_type', 'api_type must be auto, cloud or datacenter');
  }
  own['api_url'] ??= global['jira_api_url'];
  if (!isGiven(own, 'api_url')) missing(section, 'jira_configs needs api_url');
}

function rocketchat(section: Section, own: Own, global: Settings): void {
  for (const name of ['token', 'token_id']) pair(section, own, name);
  own['api_url'] ??= global['rocketchat_api_url'];
  for (const name of ['token_id', 'token']) {
    inherit(own, global, name, `rocketchat_${name}`);
    oneOf(section, own, name, `rocketchat_${name}`);
  }
}

function mattermost(section: Section, own: Own, global: Settings): void {
  pair(section, own, 'webhook_url');
  inherit(own, global, 'webhook_url', 'mattermost_webhook_url');
  oneOf(section, own, 'webhook_url', 'mattermost_webhook_url');
  checkTitled(section, own);
}

function sns(section: Section, own: Own): void {
  const [target, topic, phone] = ['target_arn', 'topic_arn', 'phone_number'].map(
    (name) => !isGiven(own, name),
  );
  // Go's chain of != on booleans: true when an odd number of them is given.
  if ((target !== topic) !== phone) {
    missing(section, 'sns_configs needs either target_arn, topic_arn or phone_number');
  }
  const sigv4 = (own['sigv4'] ?? {}) as Own;
  if (isGiven(sigv4, 'access_key') !== isGiven(sigv4, 'secret_key')) {
    section.fail('sigv4', 'sigv4 needs access_key and secret_key, or neither');
  }
}

function webex(section: Section, own: Own, global: Settings): void {
  need(section, own, 'room_id');
  if ((own['http_config'] as Settings | undefined)?.['authorization'] === undefined) {
    missing(section, 'webex_configs needs http_config.authorization');
  }
  own['api_url'] ??= global['webex_api_url'];
}

/** What must hold for an entry of each kind; fills in what it inherits. */
export const RECEIVER_RULES: Readonly<Record<IntegrationKind, Rule>> = {
  ...{ discord: webhookUrl, msteams: webhookUrl, msteamsv2: webhookUrl },
  ...{ email, slack, pagerduty, opsgenie, wechat, victorops, telegram, pushover },
  ...{ incidentio, jira, rocketchat, mattermost, sns, webex },
  webhook(section, own) {
    oneOf(section, own, 'url');
    pair(section, own, 'url');
  },
};
