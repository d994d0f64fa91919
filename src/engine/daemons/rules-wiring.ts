// The alerting role beside the store in one process: rule files become groups, the feed reads
// ticks from the log, fragments run in the shards, outputs go through the door, transitions to the
// notifier. Wiring only. Easy to get wrong: the engine has what an earlier life left before it
// gets its rules, and it gets its rules before the first tick.
import { annotationsOf } from '../alert/alert-events.ts';
import type { EventContext } from '../alert/alert-events.ts';
import { EventCourier } from '../alert/event-courier.ts';
import { RuleEngine } from '../alert/rule-engine.ts';
import type { RunLeaves } from '../alert/rule-stages.ts';
import { RuleFeed } from '../alert/rule-feed.ts';
import type { RuleFeedOptions } from '../alert/rule-feed.ts';
import type { SampleWriter } from '../alert/rule-outputs.ts';
import { RuleMemory } from '../alert/rule-memory.ts';
import { RuleReplay } from '../alert/rule-replay.ts';
import { showGroups } from '../alert/rule-status.ts';
import { BatchReader } from '../codec/batch-reader.ts';
import { encodeHistogram } from '../codec/histogram.ts';
import type { Door } from '../collector/door.ts';
import { MonError, UserError } from '../errors.ts';
import { ALERT_INTERVAL_MS, RULE_FEED_REST_MS, RULE_INTERVAL_MS } from '../limits.ts';
import type { Fragment } from '../model/fragment.ts';
import { makeLabels } from '../model/labels.ts';
import type { RulesChanged, RulesView } from '../model/rules.ts';
import type { Ask, Log, Notify, Source, State } from '../ports.ts';
import { mergeBatches } from '../promql/merge-batches.ts';
import { withStoredColumn } from '../query/choose-rollup.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import type { Disk } from '../runtime/disk.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Service } from '../runtime/service.ts';
import { DefinedSeries } from './far-series.ts';
import { MetricsOfBook } from './metrics-of-book.ts';
import { loadRules } from './rule-files.ts';
import { showRules } from './rules-metrics.ts';

/** What a configuration says of rules. */
export interface RuleSettings {
  /** Absolute globs. */
  readonly files: readonly string[];
  /** Of all groups that name none; undefined for the usual ones of each kind of group. */
  readonly intervalMs?: number | undefined;
  readonly queryOffsetMs?: number;
  readonly externalLabels?: Readonly<Record<string, string>>;
  /** Without those that ship with mon. */
  readonly bare?: boolean;
}

/** Whether there is anything to evaluate. */
export function hasRules({ rules }: { readonly rules: RuleSettings }): boolean {
  return rules.files.length > 0 || rules.bare !== true;
}

export interface RulesOptions {
  readonly settings: RuleSettings;
  readonly log: Log;
  /** The epoch of the log that this process writes; -1 where others number series too. */
  readonly epoch: number;
  /** Others tick into the same partitions. */
  readonly manyProducers?: boolean;
  /** The name by which the log knows the reader. */
  readonly reader?: string;
  readonly door: Door;
  readonly state: State;
  readonly sources: readonly Source[];
  /** Resolves when the stores have been handed all that is durable now. */
  readonly caughtUp: () => Promise<void>;
  readonly ask: Ask;
  readonly notify: Notify;
  /** How long samples are kept: no replay begins before. */
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly failed: (thrown: unknown) => void;
  readonly point?: (name: string) => void;
}

export interface Rules extends Service {
  readonly view: RulesView;
  readonly engine: RuleEngine;
  /** Computes them anew over the past. */
  readonly replays: RuleReplay;
  /**
   * Reads the rule files anew; groups that did not change keep their state.
   * @throws UserError for a file with a mistake: what ran goes on running.
   */
  reloadRules(): Promise<RulesChanged>;
  /** Where links in notifications point, once it is known. */
  setUrl(url: string): void;
}

const PAUSE_MS = 1000;

/** Makes the role; nothing runs before start(). */
export function makeRules(options: RulesOptions): Rules {
  const { settings, clock, logger, state, counters, notify, failed, point } = options;
  const context = contextOf(options);
  const pause = (signal: AbortSignal): Promise<void> => clock.sleep(PAUSE_MS, signal);
  const rest = (signal: AbortSignal): Promise<void> => clock.sleep(RULE_FEED_REST_MS, signal);
  const warn = (words: string): void => logger.warn(words);
  const evaluating = {
    intervalMs: settings.intervalMs ?? RULE_INTERVAL_MS,
    alertIntervalMs: settings.intervalMs ?? ALERT_INTERVAL_MS,
    queryOffsetMs: settings.queryOffsetMs ?? 0,
    ...{ clock, context, leaves: leavesOf(options) },
  };
  const own = { point, writer: writerOf(options), memory: new RuleMemory(state) };
  const engine: RuleEngine = new RuleEngine({ ...evaluating, ...own });
  const floorMs = (): number => clock.now() - options.retentionMs;
  const replays = new RuleReplay({ ...evaluating, engine, floorMs, warn, failed });
  const courier = new EventCourier({
    ...{ notify, pause, warn, failed, point },
    waiting: () => engine.outbox,
    told: (ids) => engine.told(ids),
  });
  const feed = feedOf(options, engine, () => courier.wake(), { pause, rest, warn });
  showRules(counters, engine, () => feed.lagRecords);
  const load = async (): Promise<RulesChanged> =>
    engine.replace(await loadRules(options.disk, settings.files, settings.bare !== true));
  const reloadRules = async (): Promise<RulesChanged> => {
    const changed = await load();
    const { added, removed, unchanged } = changed;
    const figures = { added: added.length, removed: removed.length, unchanged };
    logger.info('rules are read anew', { ...figures, changed: changed.changed.length });
    return changed;
  };
  return {
    ...{ name: 'rules', engine, replays, reloadRules },
    setUrl: (url) => void (context.externalUrl = url),
    view: { groups: () => showGroups(engine, (rule, at) => annotationsOf(rule, at, context)) },
    start: async () => {
      const from = await engine.restore();
      await load();
      await feed.start(from);
      courier.wake();
    },
    drain: async () => {
      await replays.stop();
      await feed.stop();
      await courier.stop();
      await engine.save();
    },
  };
}

function contextOf({ ask, settings }: RulesOptions): EventContext & { externalUrl: string } {
  return {
    externalLabels: makeLabels(Object.entries(settings.externalLabels ?? {})),
    externalUrl: '',
    query: async (text, timeMs) => {
      const { result } = await ask.instant(text, timeMs, { user: 'rules' });
      if (result.type === 'scalar') return [{ labels: [], value: result.value }];
      if (result.type === 'string') {
        return [{ labels: ['__value__', result.value], value: NaN }];
      }
      if (result.type !== 'vector') return [];
      const { matrix } = result;
      return matrix.labels.map((labels, row) => ({ labels, value: matrix.values[row] }));
    },
  };
}

/** All fragments of a stage go to each shard in one message. */
function leavesOf({ sources, caughtUp }: RulesOptions): RunLeaves {
  return async (asked) => {
    if (asked.length === 0) return { results: [], whole: true, storeReads: 0 };
    const { fragments, refused } = withColumns(asked);
    await caughtUp();
    const settled = await Promise.allSettled(
      sources.map((source) => {
        if (source.fragments === undefined) throw new Error('a shard takes batches');
        return source.fragments(fragments);
      }),
    );
    const answers = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const one of settled) {
      if (one.status === 'fulfilled') continue;
      const reason: unknown = one.reason;
      if (!(reason instanceof MonError) || reason.kind !== 'retry') throw reason;
    }
    const all = mergeBatches(fragments, answers, answers.length === sources.length);
    if (refused.size === 0) return all;
    return { ...all, results: all.results.map((one, i) => refused.get(i) ?? one) };
  };
}

/** Fragments as stores take them; a stored column that there is not is its own rule's failure. */
function withColumns(asked: readonly Fragment[]) {
  const refused = new Map<number, UserError>();
  const fragments = asked.map((fragment, i) => {
    try {
      return withStoredColumn(fragment);
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      refused.set(i, thrown);
      return fragment;
    }
  });
  return { fragments, refused };
}

function writerOf({ door, clock }: RulesOptions): SampleWriter {
  return {
    refOf: (labels: readonly string[]) => door.refOf(labels),
    release: (refs: Iterable<number>) => door.release(refs),
    append: async (columns: Parameters<SampleWriter['append']>[0]) => {
      const histograms = columns.histograms.map(({ ref, timestampMs, histogram }) => {
        return { ref, timestampMs, body: encodeHistogram(histogram, { timestampMs }) };
      });
      await door.append({ ...columns, histograms }, clock.now());
    },
  };
}

function feedOf(
  { log, door, failed, epoch, manyProducers, reader: name }: RulesOptions,
  engine: RuleEngine,
  ticked: () => void,
  more: Pick<RuleFeedOptions, 'pause' | 'rest' | 'warn'>,
): RuleFeed {
  const { kernels, book } = door;
  const reader = new BatchReader(kernels);
  return new RuleFeed({
    ...{ log, engine, failed, ticked, epoch, manyProducers, reader: name, ...more },
    ...(epoch < 0 ? { far: new DefinedSeries(() => engine.ownNames) } : {}),
    records: {
      open: (bytes) => reader.open(bytes),
      times: ({ timestampsAt, floatCount }) =>
        kernels.f64.subarray(timestampsAt >>> 3, (timestampsAt >>> 3) + floatCount),
      refs: ({ refsAt, floatCount }) =>
        kernels.u32.subarray(refsAt >>> 2, (refsAt >>> 2) + floatCount),
    },
    metrics: new MetricsOfBook(book),
  });
}
