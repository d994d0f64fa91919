// Whole samples, and whatever else is asked partition by partition, out of stores that hold every
// partition several times: one holder at a time, the next one when it fails. Between the stores of
// a cluster and SQL, export. Easy to get wrong: a store that dies in the middle has handed out a
// part, which must not come again from the next one; and what nobody answers for has to be said.
import { MonError } from '../errors.ts';
import { READING_AGAIN_MAX, READING_FAILURES_MAX } from '../limits-sql.ts';
import type { Source } from '../ports.ts';
import type { SamplePage, SamplesAsk, SampleScans } from '../ports-sql.ts';
import { HandedRuns } from './handed-runs.ts';
import { allPartitions, chooseHolders, endsOf, lackWords } from './holders.ts';
import type { Choice, Holder, Replicas, Until } from './holders.ts';
import { scanPages } from './scan-pages.ts';

/** A holder whose samples can be read page by page. */
export interface ScanHolder extends Holder {
  /** Readings of one partition each, with all below these offsets on their pages. */
  scans(until: Until, signal?: AbortSignal): SampleScans;
}

export interface ScanReplicas extends Replicas {
  holders(): readonly ScanHolder[];
}

/** A failure that another holder, or the same one once more, may not have. */
type Again = 'same' | 'other';

/** The same for every holder, or the asker's own: thrown on. */
function againOf(thrown: unknown, signal: AbortSignal | undefined): Again | undefined {
  if (signal?.aborted === true || !(thrown instanceof MonError)) return undefined;
  // The store has ended the reading: it stood still for long, or the partition moved.
  if (thrown.code === 'MON_ABORTED') return 'same';
  return thrown.kind === 'retry' && thrown.code !== 'MON_QUERY_BUSY' ? 'other' : undefined;
}

/** Holders of one partition, one after the other. */
class Candidates {
  readonly #tried = new Set<string>();
  readonly #damaged = new Set<string>();
  #again = 0;

  /** Those that could not read something only when there is no other. */
  of(holders: readonly ScanHolder[]): readonly ScanHolder[] {
    const left = holders.filter(({ name }) => !this.#tried.has(name));
    const sound = left.filter((one) => !this.isDamaged(one));
    return sound.length > 0 ? sound : left;
  }

  /** The holder's page lacks something: others go before it from now on. */
  damaged({ name }: ScanHolder): void {
    this.#damaged.add(name);
  }

  isDamaged({ name }: ScanHolder): boolean {
    return this.#damaged.has(name);
  }

  /** True when the holder is not to be asked any more. */
  failed(holder: ScanHolder, again: Again): boolean {
    if (again === 'same' && ++this.#again <= READING_AGAIN_MAX) return false;
    this.#tried.add(holder.name);
    return true;
  }
}

/** One pass over all partitions: what it has to contain is settled when it begins. */
export class ReplicaReading {
  readonly #replicas: ScanReplicas;
  readonly #turn: number;
  readonly #until: Until;
  readonly #said: readonly string[];
  readonly #missing: number[] = [];
  readonly #lacking: number[] = [];
  /** How often a store failed: one that hangs costs seconds each time. */
  readonly #failures = new Map<string, number>();
  #failure: MonError | undefined;

  private constructor(
    replicas: ScanReplicas,
    turn: number,
    { until, said }: { readonly until: Until; readonly said: readonly string[] },
  ) {
    this.#replicas = replicas;
    this.#turn = turn;
    this.#until = until;
    this.#said = said;
  }

  /** @param turn says whose zone is asked first. */
  static async begin(replicas: ScanReplicas, turn: number): Promise<ReplicaReading> {
    return new ReplicaReading(replicas, turn, await endsOf(replicas));
  }

  get partitions(): readonly number[] {
    return allPartitions(this.#replicas);
  }

  /** What was asked up to now and is not in the answers. @throws when nothing at all is. */
  missing(): string[] {
    if (this.#missing.length === this.#replicas.partitions) {
      const cause = this.#failure;
      throw new MonError('MON_SERVER_UNREACHABLE', 'no store answers', { cause });
    }
    return [...this.#said, ...lackWords(this.#missing, this.#lacking)];
  }

  /** Asks one holder of the partition; undefined when none answers, which is remembered. */
  async ask<T>(
    partition: number,
    work: (source: Source) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    const candidates = new Candidates();
    for (;;) {
      const holder = this.#next(partition, candidates);
      if (holder === undefined) return undefined;
      try {
        return await work(holder.within([partition], this.#untilOf(partition)));
      } catch (thrown) {
        this.#failed({ holder, candidates, thrown, signal });
      }
    }
  }

  /** The samples of a partition, each once; none when nobody holds it, which is remembered. */
  async *pages(
    partition: number,
    ask: SamplesAsk,
    signal?: AbortSignal,
  ): AsyncGenerator<SamplePage, void, void> {
    const candidates = new Candidates();
    const handed = new HandedRuns();
    for (;;) {
      const holder = this.#next(partition, candidates);
      if (holder === undefined) return;
      handed.begin();
      try {
        const scans = holder.scans(this.#untilOf(partition), signal);
        let isLeft = false;
        for await (const page of scanPages(scans, { ...ask, only: [partition] }, { signal })) {
          // Nothing of it is taken: what stands behind a hole is taken for all up to there.
          const lacks = page.warnings !== undefined && handed.canGoOn;
          isLeft = lacks && this.#passOn(partition, holder, candidates);
          if (isLeft) break;
          yield handed.take(page);
        }
        if (isLeft) continue;
        return;
      } catch (thrown) {
        this.#failed({ holder, candidates, thrown, signal });
        if (handed.canGoOn) continue;
        throw new MonError('MON_SERVER_UNREACHABLE', 'a store went away in the middle', {
          cause: thrown,
          hint: 'ask again, or for fewer series',
        });
      }
    }
  }

  #untilOf(partition: number): Until {
    return new Map([[partition, this.#until.get(partition) ?? 0]]);
  }

  #next(partition: number, candidates: Candidates): ScanHolder | undefined {
    const { chosen, lacking, missing } = this.#choose(partition, candidates);
    if (lacking.length > 0 && !this.#lacking.includes(partition)) this.#lacking.push(partition);
    if (missing.length > 0 && !this.#missing.includes(partition)) this.#missing.push(partition);
    return chosen[0]?.holder;
  }

  /** Notes that a holder could not read something; whether another one may have it. */
  #passOn(partition: number, holder: ScanHolder, candidates: Candidates): boolean {
    candidates.damaged(holder);
    const { chosen, lacking } = this.#choose(partition, candidates);
    return lacking.length === 0 && chosen.some(({ holder: one }) => !candidates.isDamaged(one));
  }

  #choose(partition: number, candidates: Candidates): Choice<ScanHolder> {
    const usable = ({ name, partitions }: ScanHolder): boolean =>
      partitions.includes(partition) && (this.#failures.get(name) ?? 0) < READING_FAILURES_MAX;
    const holders = candidates.of(this.#replicas.holders().filter(usable));
    return chooseHolders(holders, [partition], this.#turn);
  }

  /** Notes the failure. @throws it when no other holder may answer. */
  #failed({ holder, candidates, thrown, signal }: Failed): void {
    const again = againOf(thrown, signal);
    if (again === undefined) throw thrown;
    this.#failure = thrown as MonError;
    if (!candidates.failed(holder, again)) return;
    this.#failures.set(holder.name, (this.#failures.get(holder.name) ?? 0) + 1);
    this.#replicas.failed(holder, this.#failure);
  }
}

interface Failed {
  readonly holder: ScanHolder;
  readonly candidates: Candidates;
  readonly thrown: unknown;
  readonly signal: AbortSignal | undefined;
}

const NO_ROWS: SamplePage = {
  labels: [],
  from: new Uint32Array(1),
  timestamps: new Float64Array(0),
  values: new Float64Array(0),
};

/** Readings of all partitions, one after the other. */
export class ReplicaReadings {
  readonly #replicas: ScanReplicas;
  #turn = 0;

  constructor(replicas: ScanReplicas) {
    this.#replicas = replicas;
  }

  begin(): Promise<ReplicaReading> {
    return ReplicaReading.begin(this.#replicas, ++this.#turn);
  }

  /**
   * All samples; a last page without rows tells what is missing.
   * @throws MON_SERVER_UNREACHABLE when no store answers.
   */
  async *pages(ask: SamplesAsk, signal?: AbortSignal): AsyncGenerator<SamplePage, void, void> {
    const reading = await this.begin();
    for (const partition of reading.partitions) yield* reading.pages(partition, ask, signal);
    const warnings = reading.missing();
    if (warnings.length > 0) yield { ...NO_ROWS, warnings };
  }

  /** What a reading that began now would lack, as far as is known without asking a store. */
  missing(): string[] {
    const all = allPartitions(this.#replicas);
    const { missing, lacking } = chooseHolders(this.#replicas.holders(), all, this.#turn);
    return lackWords(missing, lacking);
  }
}
