// One attempt to deliver a notification: the integration it is for, its sender, a deadline. Easy to
// get wrong: a routing file that was reloaded may no longer have the receiver that a notification
// was decided for.
import { NOTIFY_TIMEOUT_MS } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RenderTemplate } from './default-texts.ts';
import { messageOf } from './message.ts';
import type { HttpPost } from './receivers/http-post.ts';
import { makeSender } from './receivers/make-sender.ts';
import type { Outcome } from './receivers/outcome.ts';
import type { Sender } from './receivers/sender.ts';
import { targetOf } from './records.ts';
import type { SendRecord } from './records.ts';
import type { Integration, Routing } from './routing.ts';

/** What notifications are sent with. */
export interface AttemptTools {
  readonly clock: Clock;
  readonly post: HttpPost;
  readonly readText: (path: string) => Promise<string>;
  readonly render: RenderTemplate;
  /** Where people find this server. */
  readonly externalUrl: () => string;
}

export class Attempts {
  readonly #tools: AttemptTools;
  readonly #senders = new Map<string, Sender | undefined>();
  #routing: Routing;

  constructor(tools: AttemptTools, routing: Routing) {
    this.#tools = tools;
    this.#routing = routing;
  }

  reload(routing: Routing): void {
    this.#routing = routing;
    this.#senders.clear();
  }

  /** The receiver and its kind, for people. */
  nameOf(send: SendRecord): string {
    return `${send.receiver} (${this.#integrationOf(send)?.kind ?? 'receiver'})`;
  }

  /** Tries once; rejects when there was no whole answer. */
  async run(send: SendRecord, stop: AbortSignal): Promise<Outcome> {
    const integration = this.#integrationOf(send);
    const sender = integration && this.#senderOf(send, integration);
    if (integration === undefined || sender === undefined) {
      return { kind: 'refused', why: 'nothing sends to this receiver' };
    }
    const { clock, externalUrl } = this.#tools;
    const given = integration.settings['timeout'];
    const timeoutMs = typeof given === 'number' && given > 0 ? given : NOTIFY_TIMEOUT_MS;
    const late = new AbortController();
    const timer = clock.after(timeoutMs, () => late.abort(), true);
    try {
      const message = messageOf(send, externalUrl());
      return await sender(message, AbortSignal.any([stop, late.signal]));
    } catch (thrown) {
      if (!late.signal.aborted) throw thrown;
      return { kind: 'again', why: `no answer within ${timeoutMs / 1000} s` };
    } finally {
      timer.cancel();
    }
  }

  #integrationOf({ receiver, index }: SendRecord): Integration | undefined {
    return this.#routing.receivers.get(receiver)?.integrations[index];
  }

  #senderOf({ receiver, index }: SendRecord, integration: Integration): Sender | undefined {
    const target = targetOf(receiver, index);
    if (!this.#senders.has(target)) this.#senders.set(target, makeSender(integration, this.#tools));
    return this.#senders.get(target);
  }
}
