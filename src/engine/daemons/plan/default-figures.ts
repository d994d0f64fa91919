// Figures that ship: what `mon bench` measured once on a machine of two cores that others used at
// the same time. A plan says where its figures are from; whoever measures replaces these.
import type { Figures } from '../bench/figures.ts';

export const DEFAULT_FIGURES: Figures = {
  apiVersion: 'mon/v1',
  kind: 'Figures',
  version: '0.1.0',
  measuredAt: '2026-11-21T06:20:37Z',
  machine: {
    processor: 'AMD EPYC',
    cores: 2,
    memoryBytes: 25_276_510_208,
    system: 'Linux 6.18',
    node: 'v24.21.0',
  },
  figures: {
    ingestKnown: 1_790_000,
    ingestNew: 204_000,
    applied: 6_180_000,
    memoryPerSeries: 539,
    memoryIdle: 148_000_000,
    logBytes: 3.82,
    sealedBytes: 0.568,
    upkeep: 3_710_000,
    rollupBytes: 3.51,
    queries: 397,
    queryP50: 2.94,
    queryP99: 62.4,
    ruleEvaluations: 24_100,
    kafkaIngest: 924_000,
    kafkaBytes: 3.99,
  },
  notes: [
    'shipped with mon; measured under a load of 8 to 14 from other work',
    '10 s a part: ingest, store, query, rules, kafka',
  ],
};
