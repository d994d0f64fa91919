// Which store is asked for which partition, where every partition is held several times, once a
// zone. Under the fan-out of questions and under readings of whole samples. Easy to get wrong: a
// partition is asked of one holder only, or its series are added up twice.
import { MonError } from '../errors.ts';
import { compareText } from '../model/labels.ts';
import type { Offset, Source } from '../ports.ts';

export type Until = ReadonlyMap<number, Offset>;

/** A store that is there, and what it holds. */
export interface Holder {
  readonly name: string;
  readonly zone: string;
  readonly partitions: readonly number[];
  /** Those of them that miss something older: asked only when nobody else has them. */
  readonly lacks: readonly number[];
  /** It did not answer a while ago, or has not caught up yet: others are asked first. */
  readonly doubtful: boolean;
  /** The store asked for these partitions, with all below these offsets in the answer. */
  within(only: readonly number[], until: Until): Source;
}

export interface Replicas {
  readonly partitions: number;
  /** The stores that live, as far as is known now. */
  holders(): readonly Holder[];
  /** What has to be in every answer from now on. @throws MonError when nobody knows. */
  ends(): Promise<Until>;
  /** A store did not answer: others are asked first for a while. */
  failed(holder: Holder, error: MonError): void;
}

export interface Choice<H extends Holder> {
  readonly chosen: { readonly holder: H; readonly only: number[] }[];
  /** Partitions whose holder misses something older. */
  readonly lacking: number[];
  /** Partitions that nobody holds. */
  readonly missing: number[];
}

export function allPartitions({ partitions }: Pick<Replicas, 'partitions'>): number[] {
  return Array.from({ length: partitions }, (_, p) => p);
}

/** One holder for each partition, as few holders as can be; `turn` says whose zone is first. */
export function chooseHolders<H extends Holder>(
  holders: readonly H[],
  partitions: readonly number[],
  turn: number,
): Choice<H> {
  const zones = [...new Set(holders.map(({ zone }) => zone))].toSorted(compareText);
  // A zone at a time, so that one question goes to few; another zone first each time.
  const rank = (zone: string): number => (zones.indexOf(zone) + turn) % zones.length;
  const ordered = holders.toSorted((a, b) => rank(a.zone) - rank(b.zone));
  const chosen: { holder: H; only: number[] }[] = [];
  const lacking: number[] = [];
  let open = [...partitions];
  for (let grade = 0; grade < 4; grade++) {
    for (const holder of ordered) {
      const { partitions: held, lacks, doubtful } = holder;
      const gradeOf = (p: number): number => (lacks.includes(p) ? 2 : 0) + (doubtful ? 1 : 0);
      const only = open.filter((p) => held.includes(p) && gradeOf(p) === grade);
      if (only.length === 0) continue;
      if (grade >= 2) lacking.push(...only);
      open = open.filter((p) => !only.includes(p));
      const same = chosen.find((one) => one.holder === holder);
      if (same === undefined) chosen.push({ holder, only });
      else same.only.push(...only);
    }
  }
  return { chosen, lacking, missing: open };
}

/** What has to be in an answer that begins now, and what is said where nobody knows. */
export async function endsOf(
  replicas: Replicas,
): Promise<{ readonly until: Until; readonly said: readonly string[] }> {
  try {
    return { until: await replicas.ends(), said: [] };
  } catch (thrown) {
    if (!(thrown instanceof MonError) || thrown.kind === 'data') throw thrown;
    return { until: new Map(), said: ['the log is away: the newest samples may be missing'] };
  }
}

/** What an answer lacks, as sentences; none for one that is whole. */
export function lackWords(missing: readonly number[], lacking: readonly number[]): string[] {
  const said: string[] = [];
  if (missing.length > 0) {
    said.push(`no store answers for ${partitionsText(missing)}: their series are missing`);
  }
  if (lacking.length > 0) {
    said.push(`only stores that lack older samples answer for ${partitionsText(lacking)}`);
  }
  return said;
}

function partitionsText(partitions: readonly number[]): string {
  const list = [...new Set(partitions)].toSorted((a, b) => a - b).join(', ');
  return `partition${partitions.length === 1 ? '' : 's'} ${list}`;
}
