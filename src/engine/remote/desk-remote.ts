// The notifier as people use it, over a link, and the rules that run elsewhere: plain questions and
// answers, checked in shape where they come in. Easy to get wrong: the filter by receiver is a
// function and stays on this side; and a silence whose answer was lost must not be made twice.
import { MonError } from '../errors.ts';
import type {
  AlertFilter,
  AlertView,
  GroupView,
  Incident,
  NotifierStatus,
  PostedAlert,
  SilenceView,
  SilenceWish,
  TestOutcome,
} from '../model/alerting.ts';
import type { AlertDesk } from '../model/alert-desk.ts';
import type { Matcher } from '../model/matcher.ts';
import type { RuleGroupStatus, RulesChanged, RulesView } from '../model/rules.ts';
import type { Methods } from './calls.ts';
import type { Calling } from './link.ts';
import { takeList, takeNumber, takeText } from './log-wire.ts';

/** The desk of now; @throws MonError kind 'retry' where there is none. */
export type DeskNow = () => AlertDesk;

/** Which incidents an acknowledgement means. */
type Which = Parameters<AlertDesk['acknowledge']>[0];

function takeFilter(value: unknown): AlertFilter {
  const found = objectOf(value);
  const { matchers } = found;
  return { ...found, ...(matchers === undefined ? {} : { matchers: takeMatchers(matchers) }) };
}

function takeMatchers(value: unknown): Matcher[] {
  return takeList(value).map((one) => {
    const matcher = objectOf(one);
    for (const name of ['name', 'op', 'value']) takeText(matcher[name]);
    return one as Matcher;
  });
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new MonError('MON_RECORD_MALFORMED', 'a call without its object');
}

function takePosted(value: unknown): PostedAlert {
  const posted = objectOf(value);
  for (const labels of [posted['labels'], posted['annotations']]) {
    Object.values(objectOf(labels)).forEach(takeText);
  }
  for (const ms of [posted['startsAtMs'], posted['endsAtMs']]) {
    if (ms !== undefined) takeNumber(ms);
  }
  takeText(posted['generatorUrl']);
  return value as PostedAlert;
}

function takeWish(value: unknown): SilenceWish {
  const wish = objectOf(value);
  takeMatchers(wish['matchers']);
  takeNumber(wish['startsAtMs']);
  takeNumber(wish['endsAtMs']);
  takeText(wish['createdBy']);
  takeText(wish['comment']);
  if (wish['id'] !== undefined) takeText(wish['id']);
  return value as SilenceWish;
}

function takeWhich(value: unknown): Which {
  const which = objectOf(value);
  if (which['id'] !== undefined) return { id: takeText(which['id']) };
  return { matchers: takeMatchers(which['matchers']) };
}

/** What the process of the notifier offers. */
export function deskMethods(desk: DeskNow): Methods {
  return {
    post: async ([alerts]) => desk().post(takeList(alerts).map(takePosted)),
    alerts: async ([filter]) => desk().alerts(takeFilter(filter)),
    groups: async ([filter]) => desk().groups(takeFilter(filter)),
    silences: async () => desk().silences(),
    silence: async ([wish]) => desk().silence(takeWish(wish)),
    expire: async ([id]) => desk().expire(takeText(id)),
    incidents: async () => desk().incidents(),
    acknowledge: async ([which, who, why]) =>
      desk().acknowledge(takeWhich(which), takeText(who), takeText(why)),
    test: async ([receiver]) => desk().test(takeText(receiver)),
    status: async () => desk().status(),
  };
}

/** A test sends to every integration and waits for each. */
const TEST_MS = 60_000;

export class RemoteDesk implements AlertDesk {
  /** For what may be asked again when an answer is lost, and for what may not. */
  readonly #link: Calling;
  readonly #once: Calling;

  constructor(link: Calling, once: Calling) {
    this.#link = link;
    this.#once = once;
  }

  async post(alerts: readonly PostedAlert[]): Promise<void> {
    await this.#link.call('post', [alerts]);
  }

  async alerts(filter: AlertFilter): Promise<readonly AlertView[]> {
    const { receiver, ...plain } = filter;
    const found = (await this.#link.call('alerts', [plain])) as readonly AlertView[];
    return receiver === undefined ? found : found.filter((one) => one.receivers.some(receiver));
  }

  async groups(filter: AlertFilter): Promise<readonly GroupView[]> {
    const { receiver, ...plain } = filter;
    const found = (await this.#link.call('groups', [plain])) as readonly GroupView[];
    if (receiver === undefined) return found;
    return found
      .filter((group) => receiver(group.receiver))
      .map((group) => {
        return { ...group, alerts: group.alerts.filter((one) => one.receivers.some(receiver)) };
      })
      .filter(({ alerts }) => alerts.length > 0);
  }

  async silences(): Promise<readonly SilenceView[]> {
    return (await this.#link.call('silences', [])) as readonly SilenceView[];
  }

  async silence(wish: SilenceWish): Promise<string> {
    return takeText(await this.#once.call('silence', [wish]));
  }

  async expire(id: string): Promise<void> {
    await this.#link.call('expire', [id]);
  }

  async incidents(): Promise<readonly Incident[]> {
    return (await this.#link.call('incidents', [])) as readonly Incident[];
  }

  async acknowledge(which: Which, who: string, why: string): Promise<readonly Incident[]> {
    return (await this.#link.call('acknowledge', [which, who, why])) as readonly Incident[];
  }

  async test(receiver: string): Promise<readonly TestOutcome[]> {
    const outcomes = await this.#once.call('test', [receiver], { ms: TEST_MS });
    return outcomes as readonly TestOutcome[];
  }

  async status(): Promise<NotifierStatus> {
    return (await this.#link.call('status', [])) as NotifierStatus;
  }
}

/** The rules of a process, and reading their files anew. */
export interface RulesNow {
  readonly view: RulesView;
  readonly replays: {
    replay(fromMs: number): Promise<number>;
    waiting(): Promise<number>;
  };
  reloadRules(): Promise<RulesChanged>;
}

export function rulesMethods(rules: () => RulesNow): Methods {
  return {
    groups: async () => rules().view.groups(),
    reload: async () => rules().reloadRules(),
    replay: async ([fromMs]) => rules().replays.replay(takeNumber(fromMs)),
    waiting: async () => rules().replays.waiting(),
  };
}

export class RemoteRules implements RulesView {
  readonly #link: Calling;

  constructor(link: Calling) {
    this.#link = link;
  }

  async groups(): Promise<readonly RuleGroupStatus[]> {
    return (await this.#link.call('groups', [])) as readonly RuleGroupStatus[];
  }

  async reloadRules(): Promise<RulesChanged> {
    return (await this.#link.call('reload', [])) as RulesChanged;
  }

  async replay(fromMs: number): Promise<number> {
    return takeNumber(await this.#link.call('replay', [fromMs]));
  }

  async waiting(): Promise<number> {
    return takeNumber(await this.#link.call('waiting', []));
  }
}
