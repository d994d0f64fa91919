// A Source over a link. A question may be narrowed to some partitions and may name the offsets that
// have to be in the answer, so that a sender that got its 2xx finds its samples whoever answers.
// Easy to get wrong: who answers must refuse what it does not hold, or two replicas would be added
// up where one was meant.
import { MonError } from '../errors.ts';
import { joinCardinality } from '../model/cardinality.ts';
import type { Cardinality, CountScope } from '../model/cardinality.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Estimate, Offset, Source } from '../ports.ts';
import type { CallOptions, Method, Methods } from './calls.ts';
import type { Calling } from './link.ts';
import { takeList, takeNumber, takeText } from './log-wire.ts';
import { plainError, thrownError } from './shard-protocol.ts';
import type { PlainError } from './shard-protocol.ts';

type Selections = readonly (readonly Matcher[])[];

/** What a question is narrowed to. */
export interface Scope {
  /** Partitions that are asked; all that the far end holds by default. */
  readonly only?: readonly number[];
  /** What has to be in the answer: all below these offsets. */
  readonly until?: ReadonlyMap<number, Offset>;
}

/** The source for a scope, once it has what the scope asks for. @throws MonError kind 'retry'. */
export type SourceFor = (scope: Scope, signal: AbortSignal) => Promise<Source>;

function takeScope(value: unknown): Scope {
  const { only, until } = (value ?? {}) as { only?: unknown; until?: unknown };
  return {
    ...(only === undefined ? {} : { only: takeList(only).map(takeNumber) }),
    ...(until instanceof Map
      ? { until: new Map([...until].map(([p, o]) => [takeNumber(p), takeNumber(o)])) }
      : {}),
  };
}

/** @throws MonError for anything but lists of matchers. */
export function takeSelections(value: unknown): Selections {
  return takeList(value).map((matchers) =>
    takeList(matchers).map((one) => {
      const { name, op, value: text } = (one ?? {}) as Record<string, unknown>;
      takeText(name);
      takeText(op);
      takeText(text);
      return one as Matcher;
    }),
  );
}

function takeFragment(value: unknown): Fragment {
  const found = (value ?? {}) as Partial<Fragment>;
  takeSelections([found.matchers]);
  takeText(found.fn);
  takeList(found.args).forEach(takeNumber);
  const { start, end, step } = (found.grid ?? {}) as Partial<Fragment['grid']>;
  const counts = [start, end, step, found.windowMs, found.maxSeries, found.maxSamples];
  counts.forEach(takeNumber);
  if (!((step as number) > 0)) throw new MonError('MON_RECORD_MALFORMED', 'a grid without steps');
  return found as Fragment;
}

/** What is to be counted; undefined: what /api/v1/status/tsdb shows. */
function takeCount(value: unknown): CountScope | undefined {
  if (value === undefined || value === null) return undefined;
  const { nowMs, rows, label, matchers } = value as Partial<CountScope>;
  return {
    nowMs: takeNumber(nowMs),
    rows: takeNumber(rows),
    ...(label === undefined ? {} : { label: takeText(label) }),
    ...(matchers === undefined ? {} : { matchers: takeSelections([matchers])[0] }),
  };
}

/** Answers for sources; each question brings its scope. */
export function sourceMethods(sourceFor: SourceFor): Methods {
  const within =
    (ask: (source: Source, args: readonly unknown[], signal: AbortSignal) => unknown): Method =>
    async ([scope, ...args], { signal }) =>
      ask(await sourceFor(takeScope(scope), signal), args, signal);
  return {
    fragment: within((source, [one], signal) => source.fragment(takeFragment(one), signal)),
    fragments: within((source, [list]) => batchOf(source, takeList(list).map(takeFragment))),
    series: within((source, [selections, min, max, limit]) =>
      source.series(
        takeSelections(selections),
        takeNumber(min),
        takeNumber(max),
        takeNumber(limit),
      ),
    ),
    labelNames: within((source, [selections, min, max]) =>
      source.labelNames(takeSelections(selections), takeNumber(min), takeNumber(max)),
    ),
    labelValues: within((source, [name, selections, min, max]) =>
      source.labelValues(
        takeText(name),
        takeSelections(selections),
        takeNumber(min),
        takeNumber(max),
      ),
    ),
    metadata: within((source) => source.metadata()),
    estimate: within(
      async (source, [one]) =>
        (await source.estimate?.(takeFragment(one))) ?? { series: 0, samples: 0 },
    ),
    cardinality: within(
      async (source, [scope]) =>
        (await source.cardinality?.(takeCount(scope))) ?? joinCardinality([]),
    ),
  };
}

/** A batch as it crosses: a fragment that failed is told in its place. */
interface PlainBatch {
  readonly results: readonly (FragmentResult | { readonly failed: PlainError })[];
  readonly whole: boolean;
  readonly storeReads: number;
}

async function batchOf(source: Source, list: readonly Fragment[]): Promise<PlainBatch> {
  if (source.fragments === undefined) {
    throw new MonError('MON_NOT_FOUND', 'this source takes no batches');
  }
  const { results, whole, storeReads } = await source.fragments(list);
  const plain = results.map((one) => (one instanceof Error ? { failed: plainError(one) } : one));
  return { results: plain, whole, storeReads };
}

/** The near end. Times of a series question may be infinite: they cross as they are. */
export class RemoteSource implements Source {
  readonly #link: Calling;
  readonly #scope: Scope;

  constructor(link: Calling, scope: Scope = {}) {
    this.#link = link;
    this.#scope = scope;
  }

  /** The same far end, asked for this scope alone. */
  within(scope: Scope): RemoteSource {
    return new RemoteSource(this.#link, scope);
  }

  async fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    return (await this.#ask('fragment', [fragment], { signal })) as FragmentResult;
  }

  async fragments(list: readonly Fragment[]): Promise<BatchAnswer> {
    const { results, ...told } = (await this.#ask('fragments', [list])) as PlainBatch;
    return {
      ...told,
      results: results.map((one) => ('failed' in one ? thrownError(one.failed) : one)),
    };
  }

  async series(
    selections: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    return (await this.#ask('series', [selections, minMs, maxMs, limit])) as readonly Labels[];
  }

  async labelNames(selections: Selections, minMs: number, maxMs: number): Promise<string[]> {
    return (await this.#ask('labelNames', [selections, minMs, maxMs])) as string[];
  }

  async labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    return (await this.#ask('labelValues', [name, selections, minMs, maxMs])) as string[];
  }

  async metadata(): Promise<readonly MetadataEntry[]> {
    return (await this.#ask('metadata', [])) as readonly MetadataEntry[];
  }

  async estimate(fragment: Fragment): Promise<Estimate> {
    return (await this.#ask('estimate', [fragment])) as Estimate;
  }

  async cardinality(scope?: CountScope): Promise<Cardinality> {
    return (await this.#ask('cardinality', scope === undefined ? [] : [scope])) as Cardinality;
  }

  #ask(method: string, args: readonly unknown[], options?: CallOptions): Promise<unknown> {
    return this.#link.call(method, [this.#scope, ...args], options);
  }
}
