// From the kind of an integration to what sends. Easy to get wrong: a kind that is read but cannot
// be sent must be told when the file is loaded, not when somebody waits for a page.
import type { Integration, IntegrationKind } from '../routing.ts';
import { emailSender } from './email.ts';
import { pagerdutySender } from './pagerduty.ts';
import type { Sender, SenderTools } from './sender.ts';
import { slackSender } from './slack.ts';
import { webhookSender } from './webhook.ts';

type Maker = (integration: Integration, tools: SenderTools) => Sender;

const MAKERS: Partial<Record<IntegrationKind, Maker>> = {
  email: emailSender,
  pagerduty: pagerdutySender,
  slack: slackSender,
  webhook: webhookSender,
};

export function canSend(kind: IntegrationKind): boolean {
  return MAKERS[kind] !== undefined;
}

/** Undefined for a kind that cannot be sent yet. */
export function makeSender(integration: Integration, tools: SenderTools): Sender | undefined {
  return MAKERS[integration.kind]?.(integration, tools);
}
