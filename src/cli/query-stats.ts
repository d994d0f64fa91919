// `mon query --stats`: what an answer took, as one line for people or as an object in a document.
// Pure. Easy to get wrong: the server's time is the evaluation, ours has the way there and back;
// what a server does not tell is left out, never 0.
import type { QueryAnswer } from '../engine/model/query-result.ts';

export interface QueryCosts {
  readonly series?: number;
  readonly samples?: number;
  readonly bytes?: number;
  readonly cost?: number;
  readonly serverMs?: number;
  readonly totalMs: number;
  readonly cache?: string;
}

/** Figures of an answer; `totalMs` is what the asker waited. */
export function statsObject({ stats }: QueryAnswer, totalMs: number): QueryCosts {
  const { series, samples, bytes, cost, ms, cache } = stats ?? {};
  return {
    ...(series === undefined ? {} : { series }),
    ...(samples === undefined ? {} : { samples }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(cost === undefined ? {} : { cost }),
    ...(ms === undefined ? {} : { serverMs: rounded(ms) }),
    totalMs: rounded(totalMs),
    ...(cache === undefined ? {} : { cache }),
  };
}

/** `stats: 3 series, 120 samples, 900 bytes, 1.2 ms in the server, 4 ms in all, cache hit`. */
export function statsLine(costs: QueryCosts): string {
  const { series, samples, bytes, cost, serverMs, totalMs, cache } = costs;
  const parts = [
    series === undefined ? '' : `${series} series`,
    samples === undefined ? '' : `${samples} samples`,
    bytes === undefined ? '' : `${bytes} bytes`,
    cost === undefined ? '' : `cost ${cost}`,
    serverMs === undefined ? '' : `${serverMs} ms in the server`,
    `${totalMs} ms in all`,
    cache === undefined ? '' : `cache ${cache}`,
  ];
  return `stats: ${parts.filter((part) => part !== '').join(', ')}`;
}

function rounded(ms: number): number {
  return Number(ms.toPrecision(3));
}
