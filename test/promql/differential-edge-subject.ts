// Queries at the edges of the language as a subject of the differential test: which differences
// between 2.42 and 3 are allowed there beside those of every day.
import { edgeData } from './differential-edge-data.ts';
import { EdgeGenerator } from './differential-edges.ts';
import { EXPLAINED } from './differential-explained.ts';
import { failed } from './differential-outcome.ts';
import { NEAR } from './differential-words.ts';
import type { Explained } from './differential-explained.ts';
import type { Subject } from './differential.ts';

const AT_THE_EDGES: readonly Explained[] = [
  {
    why: 'label names are any UTF-8 since 3.0',
    holds: ({ query }, mon, prometheus) =>
      query.includes('"a-b"') && !failed(mon) && prometheus === 'failed: execution',
  },
  {
    // 2.42 looked for doubles among the pairs that a comparison leaves.
    why: 'doubles are refused before a comparison drops them',
    holds: ({ query }, mon, prometheus) =>
      / (?:==|!=|[<>]=?) (?:on|ignoring) /.test(query) &&
      mon === 'failed: execution' &&
      !failed(prometheus),
  },
  {
    // The mean that 2.42 moves by each value wavers in the last digits of the smallest numbers.
    why: 'resets and changes of means that are rounding',
    holds: ({ query }) => /(?:resets|changes)\(avg_over_time\(tiny/.test(query),
  },
];

export const EDGES: Subject = {
  layout: NEAR,
  data: edgeData,
  queries: (seed, baseMs) => new EdgeGenerator(seed, baseMs),
  explained: [...EXPLAINED, ...AT_THE_EDGES],
};
