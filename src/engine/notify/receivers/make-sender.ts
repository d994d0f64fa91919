// From the kind of an integration to what sends. Easy to get wrong: a kind that is read but cannot
// be sent must be told when the file is loaded, not when somebody waits for a page.
import type { Integration, IntegrationKind } from '../routing.ts';
import {
  discordSender,
  mattermostSender,
  msteamsSender,
  msteamsv2Sender,
  rocketchatSender,
  telegramSender,
  webexSender,
} from './chat.ts';
import { emailSender } from './email.ts';
import { jiraSender } from './jira.ts';
import { incidentioSender, opsgenieSender, pushoverSender, victoropsSender } from './on-call.ts';
import { pagerdutySender } from './pagerduty.ts';
import type { Sender, SenderTools } from './sender.ts';
import { slackSender } from './slack.ts';
import { webhookSender } from './webhook.ts';
import { wechatSender } from './wechat.ts';

type Maker = (integration: Integration, tools: SenderTools) => Sender;

const MAKERS: Partial<Record<IntegrationKind, Maker>> = {
  discord: discordSender,
  email: emailSender,
  incidentio: incidentioSender,
  jira: jiraSender,
  mattermost: mattermostSender,
  msteams: msteamsSender,
  msteamsv2: msteamsv2Sender,
  opsgenie: opsgenieSender,
  pagerduty: pagerdutySender,
  pushover: pushoverSender,
  rocketchat: rocketchatSender,
  slack: slackSender,
  telegram: telegramSender,
  victorops: victoropsSender,
  webex: webexSender,
  webhook: webhookSender,
  wechat: wechatSender,
};

export function canSend(kind: IntegrationKind): boolean {
  return MAKERS[kind] !== undefined;
}

/** Undefined for a kind that cannot be sent yet. */
export function makeSender(integration: Integration, tools: SenderTools): Sender | undefined {
  return MAKERS[integration.kind]?.(integration, tools);
}
