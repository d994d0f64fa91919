// A Source over stores that hold every partition several times, once a zone: each question goes to
// one holder of each partition, and to another when that one fails. Easy to get wrong: a partition
// must be asked of one holder only, or its series are added up twice; and a partition that nobody
// answers for makes the answer partial, which has to be said.
import { MonError } from '../errors.ts';
import { joinCardinality } from '../model/cardinality.ts';
import type { Cardinality, CountScope } from '../model/cardinality.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import { compareLabels, compareText, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Estimate, Source } from '../ports.ts';
import { mergeBatches } from '../promql/merge-batches.ts';
import { mergeFragments } from '../promql/merge.ts';
import { allPartitions, chooseHolders, endsOf, lackWords } from './holders.ts';
import type { Replicas, Until } from './holders.ts';

type Selections = readonly (readonly Matcher[])[];

/** The parts of an answer, and what is not in it. */
interface Gathered<T> {
  readonly parts: T[];
  /** Sentences; empty for an answer that is whole. */
  readonly missing: string[];
  /** True when every partition answered with all that the log had, older samples apart. */
  readonly whole: boolean;
}

interface Round {
  readonly until: Until;
  readonly missing: number[];
  readonly lacking: number[];
  failure: MonError | undefined;
}

export class ReplicatedSource implements Source {
  readonly #replicas: Replicas;
  /** Rotates whom a question goes to first. */
  #turn = 0;

  constructor(replicas: Replicas) {
    this.#replicas = replicas;
  }

  async fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    const ask = (source: Source): Promise<FragmentResult> => source.fragment(fragment, signal);
    const { parts, missing } = await this.#gather(ask, signal);
    const merged = mergeFragments(fragment, parts);
    const lacks = parts.some(({ partial }) => partial === true);
    if (missing.length === 0 && !lacks) return merged;
    return { ...merged, warnings: [...merged.warnings, ...missing], partial: true };
  }

  /**
   * A batch for rules: whole when every partition has answered and the log has said where it ends.
   * Stores that lack what is older than the log still count: what rules look at is in the log.
   */
  async fragments(list: readonly Fragment[]): Promise<BatchAnswer> {
    const ask = (source: Source): Promise<BatchAnswer> => {
      if (source.fragments !== undefined) return source.fragments(list);
      throw new MonError('MON_SERVER_FAILED', 'this store takes no batches');
    };
    const { parts, whole } = await this.#gather(ask);
    return mergeBatches(list, parts, whole);
  }

  async series(
    matchers: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    const lists = await this.#whole((source) => source.series(matchers, minMs, maxMs, limit));
    const found = new Map<string, Labels>();
    for (const labels of lists.flat()) found.set(labelsKey(labels), labels);
    const sorted = [...found.values()].toSorted(compareLabels);
    return limit > 0 ? sorted.slice(0, limit) : sorted;
  }

  async labelNames(matchers: Selections, minMs: number, maxMs: number): Promise<string[]> {
    return this.#texts((source) => source.labelNames(matchers, minMs, maxMs));
  }

  async labelValues(
    name: string,
    matchers: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    return this.#texts((source) => source.labelValues(name, matchers, minMs, maxMs));
  }

  async metadata(): Promise<readonly MetadataEntry[]> {
    const found = new Map<string, MetadataEntry>();
    for (const entry of (await this.#whole((source) => source.metadata())).flat()) {
      found.set([entry.family, entry.type, entry.help, entry.unit].join('\u0000'), entry);
    }
    const keys = [...found.keys()].toSorted(compareText);
    return keys.map((key) => found.get(key) as MetadataEntry);
  }

  async estimate(fragment: Fragment): Promise<Estimate> {
    const none = { series: 0, samples: 0 };
    const ask = async (source: Source): Promise<Estimate> =>
      (await source.estimate?.(fragment)) ?? none;
    // What is not there costs nothing.
    const { parts } = await this.#gather(ask);
    return parts.reduce(
      (sum, one) => ({ series: sum.series + one.series, samples: sum.samples + one.samples }),
      none,
    );
  }

  async cardinality(scope?: CountScope): Promise<Cardinality> {
    const ask = async (source: Source): Promise<Cardinality> =>
      (await source.cardinality?.(scope)) ?? joinCardinality([]);
    return joinCardinality(await this.#whole(ask));
  }

  async #texts(ask: (source: Source) => Promise<readonly string[]>): Promise<string[]> {
    return [...new Set((await this.#whole(ask)).flat())].toSorted(compareText);
  }

  /** For lists, which have no place for a warning. @throws MonError when something is missing. */
  async #whole<T>(ask: (source: Source) => Promise<T>): Promise<T[]> {
    const { parts, missing } = await this.#gather(ask);
    if (missing.length > 0) throw new MonError('MON_SERVER_UNREACHABLE', missing.join('; '));
    return parts;
  }

  async #gather<T>(
    ask: (source: Source) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<Gathered<T>> {
    const { until, said } = await endsOf(this.#replicas);
    const round: Round = { until, missing: [], lacking: [], failure: undefined };
    const all = allPartitions(this.#replicas);
    this.#turn++;
    const parts = await this.#ask(ask, all, { round, tried: new Set(), signal });
    if (round.missing.length === all.length) {
      const words = 'no store answers';
      throw new MonError('MON_SERVER_UNREACHABLE', words, { cause: round.failure });
    }
    const whole = said.length + round.missing.length === 0;
    const missing = [...said, ...lackWords(round.missing, round.lacking)];
    return { parts, missing, whole };
  }

  /** Asks for these partitions, each once, going on to the next holder where one fails. */
  async #ask<T>(
    ask: (source: Source) => Promise<T>,
    partitions: readonly number[],
    more: { round: Round; tried: ReadonlySet<string>; signal: AbortSignal | undefined },
  ): Promise<T[]> {
    const { round, tried, signal } = more;
    const holders = this.#replicas.holders().filter(({ name }) => !tried.has(name));
    const { chosen, lacking, missing } = chooseHolders(holders, partitions, this.#turn);
    round.lacking.push(...lacking);
    round.missing.push(...missing);
    const answers = chosen.map(async ({ holder, only }): Promise<T[]> => {
      const until = new Map(only.map((p) => [p, round.until.get(p) ?? 0]));
      try {
        return [await ask(holder.within(only, until))];
      } catch (thrown) {
        signal?.throwIfAborted();
        // The question's own fault is the same everywhere.
        if (!(thrown instanceof MonError) || thrown.kind === 'data') throw thrown;
        this.#replicas.failed(holder, thrown);
        round.failure = thrown;
        return this.#ask(ask, only, { ...more, tried: new Set([...tried, holder.name]) });
      }
    });
    return (await Promise.all(answers)).flat();
  }
}
