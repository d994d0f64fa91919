// The channels that a rule names for itself, beside the tree: a receiver by name, or kind:name as
// in pagerduty:team-a. Easy to get wrong: a channel that nobody knows must not lose the alert; the
// tree tells it anyway.
import type { Routing } from './routing.ts';

/** Names of the receivers that a channel means. */
export function channelReceivers(routing: Routing, channel: string): readonly string[] {
  if (routing.receivers.has(channel)) return [channel];
  const cut = channel.indexOf(':');
  if (cut < 0) return [];
  const [kind, name] = [channel.slice(0, cut), channel.slice(cut + 1)];
  for (const [receiver, { integrations }] of routing.receivers) {
    for (const integration of integrations) {
      if (integration.kind !== kind) continue;
      const { channel: room, to } = integration.settings;
      if (receiver === name || room === name || to === name) return [receiver];
    }
  }
  return [];
}
