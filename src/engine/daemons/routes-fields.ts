// The fields of every section of an alertmanager.yml, as tables: names and types. Taken from
// Alertmanager's documentation up to 0.34. Easy to get wrong: a field that is missing here makes a
// file fail that Alertmanager takes.
import type { IntegrationKind } from '../notify/routing.ts';
import { words } from './config-reader.ts';
import type { FieldTable, FieldType } from './routes-values.ts';

/** Fields of one type, by a line of names. */
function all(type: FieldType, line: string): FieldTable {
  return Object.fromEntries(words(line).map((name) => [name, type]));
}

const TLS: FieldTable = {
  ...all('text', 'ca cert key server_name min_version max_version ca_ref cert_ref key_ref'),
  ...all('path', 'ca_file cert_file key_file'),
  ...all('bool', 'insecure_skip_verify'),
};

const PROXY: FieldTable = {
  ...all('text', 'proxy_url no_proxy'),
  ...all('bool', 'proxy_from_environment'),
  ...all('any', 'proxy_connect_header'),
};

/** http_config, as Prometheus' common library reads it. */
export const HTTP: FieldTable = {
  basic_auth: {
    ...all('text', 'username username_ref password password_ref'),
    ...all('path', 'username_file password_file'),
  },
  authorization: {
    ...all('text', 'type credentials credentials_ref'),
    ...all('path', 'credentials_file'),
  },
  oauth2: {
    ...all('text', 'client_id client_secret client_secret_ref token_url'),
    ...all('text', 'client_certificate_key_id client_certificate_key signature_algorithm iss'),
    ...all('text', 'audience grant_type'),
    ...all('path', 'client_secret_file client_certificate_key_file'),
    ...all('texts', 'scopes'),
    ...all('map', 'endpoint_params'),
    ...all('any', 'claims'),
    tls_config: TLS,
    ...PROXY,
  },
  ...all('text', 'bearer_token'),
  ...all('path', 'bearer_token_file'),
  ...all('bool', 'follow_redirects enable_http2'),
  tls_config: TLS,
  http_headers: 'any',
  ...PROXY,
};

const COMMON: FieldTable = { send_resolved: 'bool', http_config: HTTP };
const FIELD: FieldTable = { ...all('text', 'title value'), short: 'bool' };
const CONFIRM = all('text', 'text title ok_text dismiss_text');
const ACTION: FieldTable = { ...all('text', 'type text url style name value'), confirm: CONFIRM };
const JIRA_FIELD: FieldType = 'any';

const ATTACHMENT: FieldTable = {
  ...all('text', 'fallback color pretext text author_name author_link author_icon'),
  ...all('text', 'title title_link thumb_url footer footer_icon image_url'),
  fields: [FIELD],
};

const ROCKET_ACTION: FieldTable = {
  ...all('text', 'type text url imageurl webviewheightratio msg msgprocessingtype'),
  ...all('bool', 'iswebview msginchatwindow'),
};

/** Each kind of receiver: the fields of one of its entries. */
export const RECEIVER_FIELDS: Readonly<Record<IntegrationKind, FieldTable>> = {
  discord: {
    ...COMMON,
    ...{ webhook_url: 'url', webhook_url_file: 'path' },
    ...all('text', 'content title message username avatar_url'),
  },
  email: {
    send_resolved: 'bool',
    ...all('text', 'to from hello auth_username auth_password auth_secret auth_identity'),
    ...all('text', 'html text'),
    ...all('path', 'auth_password_file auth_secret_file'),
    ...all('bool', 'require_tls force_implicit_tls'),
    ...{ smarthost: 'address', headers: 'map', tls_config: TLS },
    threading: { enabled: 'bool', thread_by_date: 'text' },
  },
  incidentio: {
    ...COMMON,
    ...{ url: 'url', url_file: 'path', alert_source_token: 'text' },
    ...{ alert_source_token_file: 'path', max_alerts: 'count', timeout: 'goSpan' },
  },
  jira: {
    ...COMMON,
    ...{ api_url: 'url', labels: 'texts', reopen_duration: 'span', fields: 'any' },
    ...all('text', 'api_type project priority issue_type reopen_transition'),
    ...all('text', 'resolve_transition wont_fix_resolution'),
    ...{ summary: JIRA_FIELD, description: JIRA_FIELD },
  },
  mattermost: {
    ...COMMON,
    ...ATTACHMENT,
    ...{ webhook_url: 'url', webhook_url_file: 'path' },
    ...all('text', 'channel username icon_url icon_emoji type'),
    attachments: [ATTACHMENT],
    props: { card: 'text' },
    priority: {
      ...{ priority: 'text', requested_ack: 'bool', persistent_notifications: 'bool' },
    },
  },
  msteams: {
    ...COMMON,
    ...{ webhook_url: 'url', webhook_url_file: 'path' },
    ...all('text', 'title summary text'),
  },
  msteamsv2: {
    ...COMMON,
    ...{ webhook_url: 'url', webhook_url_file: 'path' },
    ...all('text', 'title text'),
  },
  opsgenie: {
    ...COMMON,
    ...{ api_url: 'url', api_key_file: 'path', details: 'map', update_alerts: 'bool' },
    ...all('text', 'api_key message description source entity actions tags note priority'),
    responders: [all('text', 'id name username type')],
  },
  pagerduty: {
    ...COMMON,
    ...all('text', 'service_key routing_key client client_url description source severity'),
    ...all('text', 'class component group'),
    ...{ service_key_file: 'path', routing_key_file: 'path', url: 'url', timeout: 'goSpan' },
    details: 'any',
    images: [all('text', 'src alt href')],
    links: [all('text', 'href text')],
  },
  pushover: {
    ...COMMON,
    ...all('text', 'user_key token title message url url_title device sound priority'),
    ...all('path', 'user_key_file token_file'),
    ...all('goSpan', 'retry expire ttl'),
    ...all('bool', 'html monospace'),
  },
  rocketchat: {
    ...COMMON,
    api_url: 'url',
    ...all('text', 'token_id token channel color title title_link text emoji icon_url'),
    ...all('text', 'image_url thumb_url'),
    ...all('path', 'token_id_file token_file'),
    ...all('bool', 'short_fields link_names'),
    fields: [FIELD],
    actions: [ROCKET_ACTION],
  },
  slack: {
    ...COMMON,
    ...{ api_url: 'url', api_url_file: 'path', app_url: 'url', app_token_file: 'path' },
    ...all('text', 'app_token channel username color title title_link pretext text'),
    ...all('text', 'message_text footer fallback callback_id icon_emoji icon_url image_url'),
    ...all('text', 'thumb_url'),
    ...all('bool', 'short_fields link_names update_message'),
    ...{ fields: [FIELD], actions: [ACTION], mrkdwn_in: 'texts', timeout: 'goSpan' },
  },
  sns: {
    ...COMMON,
    ...all('text', 'api_url topic_arn phone_number target_arn subject message'),
    sigv4: {
      ...all('text', 'region access_key secret_key profile role_arn external_id'),
      ...all('bool', 'use_fips_sts_endpoint'),
    },
    attributes: 'map',
    use_aws_http_client: 'bool',
  },
  telegram: {
    ...COMMON,
    ...{ api_url: 'url', bot_token: 'text', bot_token_file: 'path', chat_id: 'int' },
    ...{ chat_id_file: 'path', message_thread_id: 'int', message: 'text' },
    ...{ disable_notifications: 'bool', parse_mode: 'text' },
  },
  victorops: {
    ...COMMON,
    ...{ api_url: 'url', api_key_file: 'path', custom_fields: 'map' },
    ...all('text', 'api_key routing_key message_type state_message entity_display_name'),
    ...all('text', 'monitoring_tool'),
  },
  webex: { ...COMMON, api_url: 'url', message: 'text', room_id: 'text' },
  webhook: {
    ...COMMON,
    ...{ url: 'templateUrl', url_file: 'path', max_alerts: 'count', timeout: 'goSpan' },
    payload: 'any',
  },
  wechat: {
    ...COMMON,
    ...{ api_url: 'url', api_secret_file: 'path' },
    ...all('text', 'api_secret corp_id message to_user to_party to_tag agent_id message_type'),
  },
};

export const GLOBAL_FIELDS: FieldTable = {
  resolve_timeout: 'span',
  http_config: HTTP,
  ...all('text', 'smtp_from smtp_hello smtp_auth_username smtp_auth_password smtp_auth_secret'),
  ...all('text', 'smtp_auth_identity slack_app_token opsgenie_api_key wechat_api_secret'),
  ...all('text', 'wechat_api_corp_id victorops_api_key telegram_bot_token rocketchat_token'),
  ...all('text', 'rocketchat_token_id'),
  ...all('path', 'smtp_auth_password_file smtp_auth_secret_file slack_api_url_file'),
  ...all('path', 'slack_app_token_file opsgenie_api_key_file wechat_api_secret_file'),
  ...all('path', 'victorops_api_key_file telegram_bot_token_file rocketchat_token_file'),
  ...all('path', 'rocketchat_token_id_file mattermost_webhook_url_file'),
  ...all('bool', 'smtp_require_tls smtp_force_implicit_tls'),
  ...all('url', 'jira_api_url slack_api_url slack_app_url pagerduty_url opsgenie_api_url'),
  ...all('url', 'wechat_api_url victorops_api_url telegram_api_url webex_api_url'),
  ...all('url', 'rocketchat_api_url mattermost_webhook_url'),
  ...{ smtp_smarthost: 'address', smtp_tls_config: TLS },
};
