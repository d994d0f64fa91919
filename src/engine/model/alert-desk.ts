// The contract between the notifier and what people reach it through (the API, and by it commands
// and screens). It stands beside ports.ts, which it is too long for. Every promise is held by the
// tests of the notifier and by amtool.
import type {
  AlertFilter,
  AlertView,
  GroupView,
  Incident,
  NotifierStatus,
  PostedAlert,
  Silence,
  SilenceView,
  SilenceWish,
  TestOutcome,
} from './alerting.ts';

/**
 * The notifier as people use it, beside Notify: what Alertmanager's API v2 shows and takes, and
 * incidents. All that changes something is durable when it resolves.
 * @throws UserError for what makes no sense, MonError MON_NOT_FOUND for what is not there.
 */
export interface AlertDesk {
  post(alerts: readonly PostedAlert[]): Promise<void>;
  alerts(filter: AlertFilter): Promise<readonly AlertView[]>;
  groups(filter: AlertFilter): Promise<readonly GroupView[]>;
  silences(): Promise<readonly SilenceView[]>;
  /** Makes or changes a silence; answers its id, a new one when the change needs one. */
  silence(wish: SilenceWish): Promise<string>;
  expire(id: string): Promise<void>;
  /** Newest first. */
  incidents(): Promise<readonly Incident[]>;
  /** Acknowledges incidents by id, or all open ones with an alert that matches. */
  acknowledge(
    which: { readonly id: string } | { readonly matchers: Silence['matchers'] },
    who: string,
    why: string,
  ): Promise<readonly Incident[]>;
  /** Sends a test to every integration of a receiver, past all routing. */
  test(receiver: string): Promise<readonly TestOutcome[]>;
  status(): NotifierStatus | Promise<NotifierStatus>;
}
