// Queries at the edges of the language as a subject of the differential test: which differences
// between 2.42 and 3 are allowed there beside those of every day.
import { edgeData } from './differential-edge-data.ts';
import { EdgeGenerator } from './differential-edges.ts';
import { EXPLAINED } from './differential-explained.ts';
import { NEAR } from './differential-words.ts';
import type { Subject } from './differential.ts';

export const EDGES: Subject = {
  layout: NEAR,
  data: edgeData,
  queries: (seed, baseMs) => new EdgeGenerator(seed, baseMs),
  explained: EXPLAINED,
};
