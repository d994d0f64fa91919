// The capacity and cost tables of the design documents, computed again from their own assumptions:
// what each tells, the sum behind it, and what the sum gives. Easy to get wrong: a table whose sum
// does not come out stays as it was told, with a word about it; nothing is mended in silence.

/** The tables, by the number of their document. */
export type SeedTable =
  | '001 load'
  | '001 rollups'
  | '001 cost'
  | '000 tiers'
  | '000 compression'
  | '000 cache'
  | '002 kafka'
  | '002 regions'
  | '002 scaling'
  | '003 example'
  | '004 load';

export interface SeedRow {
  readonly table: SeedTable;
  readonly name: string;
  /** The sum in words. */
  readonly sum: string;
  /** What the document tells. */
  readonly told: number;
  readonly unit: string;
  /** What the sum gives. */
  readonly computed: number;
  /** Why the two differ, where they do; '' where they agree to the document's rounding. */
  readonly slip: string;
}

const DAY_S = 86_400;
const PB = 1e15;
const TB = 1e12;

/** Assumptions of document 001. */
const ENDPOINTS = 1e6;
const PER_ENDPOINT = 100;
const SAMPLES = ENDPOINTS * PER_ENDPOINT;
const SAMPLE_BYTES = 16;
const RATIO = 10;
const YEARS_DAYS = 730;
const A_DAY = SAMPLES * DAY_S;
/** Assumptions of document 000: size of a day in disks, and prices of a GB. */
const DAY_TB = 114;
const COLD_DAY_TB = 1.5;
const SSD = 0.1;
const HDD = 0.02;
const OBJECT = 0.004;
const GB_OF_TB = 1000;
const GB_OF_PB = 1e6;

type Short = readonly [
  name: string,
  sum: string,
  told: number,
  unit: string,
  computed: number,
  slip?: string,
];

function table(of: SeedTable, rows: readonly Short[]): SeedRow[] {
  return rows.map(([name, sum, told, unit, computed, slip = '']) => {
    return { table: of, name, sum, told, unit, computed, slip };
  });
}

const LOAD = table('001 load', [
  ['writes', '1M endpoints x 100 metrics x 1/s', 100e6, 'samples/s', SAMPLES],
  ['a day', '100M/s x 86,400 s', 8.64e12, 'samples', A_DAY],
  ['two years', '8.64T x 730 days', 6.3e15, 'samples', A_DAY * YEARS_DAYS],
  ['raw', '6.3 quadrillion x 16 bytes', 100 * PB, 'bytes', A_DAY * YEARS_DAYS * SAMPLE_BYTES],
  ['compressed', '100 PB / 10', 10 * PB, 'bytes', (A_DAY * YEARS_DAYS * SAMPLE_BYTES) / RATIO],
  ['queries', '100k dashboards x 10/min / 60', 16e3, 'queries/s', (100e3 * 10) / 60],
]);

const ROLLUPS = table('001 rollups', [
  ['raw, 1 day', '100M series x 86,400', 8.64e12, 'points', A_DAY],
  [
    '1 minute, 7 days',
    '100M series x 1,440 x 7',
    1.4e12,
    'points',
    SAMPLES * 1440 * 7,
    'the sum gives 1.0 trillion',
  ],
  [
    '5 minutes, 30 days',
    '100M series x 288 x 30',
    8.6e9,
    'points',
    SAMPLES * 288 * 30,
    'told a hundredth of the sum: that of 1M series',
  ],
  [
    '1 hour, 1 year',
    '100M series x 24 x 365',
    876e6,
    'points',
    SAMPLES * 24 * 365,
    'told a thousandth of the sum: that of 100k series',
  ],
  [
    '1 day, 2 years',
    '100M series x 730',
    730e3,
    'points',
    SAMPLES * 730,
    'told for a thousand series, not for 100M',
  ],
]);

/** The bill of document 001. */
export const SEED_COST: readonly (readonly [string, string, number])[] = [
  ['Kafka', '12 x i3.2xlarge', 10_000],
  ['stores', '100 x r5.4xlarge, 500 GB of SSD each', 80_000],
  ['queries', '20 x c5.2xlarge', 6_000],
  ['rules', '10 x c5.xlarge', 2_000],
  ['cache', '5 x r5.xlarge', 2_000],
  ['objects', '5 PB', 2_500],
  ['between zones', 'cross-AZ, multi-region', 5_000],
];

const total = SEED_COST.reduce((sum, [, , month]) => sum + month, 0);

const COST = table('001 cost', [
  ['total', SEED_COST.map(([, , month]) => month).join(' + '), 107_500, '$/month', total],
  ['a million samples/s', '$107,500 / 100', 1075, '$/month', total / (SAMPLES / 1e6)],
  ['share of storage', '(80,000 + 2,500) / 107,500', 75, '%', (82_500 / total) * 100],
  [
    'share of computing',
    '(6,000 + 2,000) / 107,500',
    15,
    '%',
    (8000 / total) * 100,
    'the lines give 7 %; with Kafka and the cache 19 %',
  ],
  ['share of network', '5,000 / 107,500', 10, '%', (5000 / total) * 100, 'the line gives 5 %'],
  [
    'objects',
    '5 PB at the $0.004 of document 000',
    2_500,
    '$/month',
    5 * GB_OF_PB * OBJECT,
    "$2,500 is $0.0005 a GB, an eighth of document 000's price",
  ],
]);

const HOT = 800 * GB_OF_TB * SSD;
const WARM = 8 * GB_OF_PB * HDD;
const COLD = 1 * GB_OF_PB * OBJECT;

const TIERS = table('000 tiers', [
  ['hot', '7 days x 114 TB', 800 * TB, 'bytes', 7 * DAY_TB * TB],
  [
    'warm',
    '83 days x 114 TB',
    8 * PB,
    'bytes',
    83 * DAY_TB * TB,
    'the sum gives 9.5 PB, $189k a month',
  ],
  ['cold', '640 days x 1.5 TB', 1 * PB, 'bytes', 640 * COLD_DAY_TB * TB],
  [
    'a day',
    '8.64T x 16 bytes / 10',
    DAY_TB * TB,
    'bytes',
    (A_DAY * SAMPLE_BYTES) / RATIO,
    '114 TB a day is 13 bytes a sample: hardly compressed; 10:1 gives 14 TB',
  ],
  ['hot cost', '800 TB x $0.10', 80_000, '$/month', HOT],
  ['warm cost', '8 PB x $0.02', 160_000, '$/month', WARM],
  ['cold cost', '1 PB x $0.004', 4_000, '$/month', COLD],
  ['total', '80k + 160k + 4k', 244_000, '$/month', HOT + WARM + COLD],
  ['one tier of SSD', '10 PB x $0.10', 1_000_000, '$/month', 10 * GB_OF_PB * SSD],
  ['one tier of HDD', '10 PB x $0.02', 200_000, '$/month', 10 * GB_OF_PB * HDD],
  ['saved', '1M - 244k', 756_000, '$/month', 10 * GB_OF_PB * SSD - (HOT + WARM + COLD)],
  ['saved in a year', '756k x 12', 9e6, '$', 12 * (10 * GB_OF_PB * SSD - (HOT + WARM + COLD))],
]);

const COMPRESSION = table('000 compression', [
  ['not compressed', '100 PB x $0.10', 10e6, '$/month', 100 * GB_OF_PB * SSD],
  ['gzip or snappy', '33 PB x $0.10', 3.3e6, '$/month', 33 * GB_OF_PB * SSD],
  ['Gorilla', '10 PB x $0.10', 1e6, '$/month', 10 * GB_OF_PB * SSD],
  ['saved', '10M - 1M', 9e6, '$/month', 90 * GB_OF_PB * SSD],
]);

const CACHE = table('000 cache', [
  ['queries that reach the store', '16k x 20 %', 3.2e3, 'queries/s', 16e3 * 0.2],
  ['memory', '3 nodes x 100 GB', 300e9, 'bytes', 3 * 100e9],
  ['queries of rules', '10k rules x 6/min', 1e6, 'queries/min', 10e3 * 6, 'the sum gives 60k'],
]);

const KAFKA = table('002 kafka', [
  ['a partition', '100M/s / 24', 4.2e6, 'samples/s', SAMPLES / 24],
  ['collectors', '100 x 1M/s', 100e6, 'samples/s', 100 * 1e6],
  ['stores', '100 nodes x 1M/s', 100e6, 'samples/s', 100 * 1e6],
  [
    'on disk',
    '100 TB a node x 100 nodes',
    10 * PB,
    'bytes',
    100 * 100 * TB,
    'and 1 TB of SSD a node: 100 TB in all, a hundredth of it',
  ],
]);

const REGIONS = table('002 regions', [
  ['endpoints', '500k + 300k + 200k', 1e6, 'endpoints', 500e3 + 300e3 + 200e3],
  ['collectors', '50 + 30 + 20', 100, 'machines', 50 + 30 + 20],
  ['partitions', '12 + 8 + 4', 24, 'partitions', 12 + 8 + 4],
  [
    'stores',
    '40 + 25 + 20, and 35 for all regions',
    100,
    'machines',
    40 + 25 + 20 + 35,
    'with the global stack there are 120',
  ],
]);

const SCALING = table('002 scaling', [
  ['cost at 100M/s', 'the tiers alone', 244_000, '$/month', HOT + WARM + COLD],
  ['cost at 1B/s', '10 x 244k', 2.4e6, '$/month', 10 * (HOT + WARM + COLD)],
  ['partitions at 1B/s', '1B / 4.2M', 240, 'partitions', 1e9 / (SAMPLES / 24)],
  ['stores at 1B/s', '1B / 1M', 1000, 'machines', 1e9 / 1e6],
]);

const EXAMPLE = table('003 example', [
  ['writes', '10,000 servers x 50 metrics / 10 s', 50e3, 'samples/s', (10e3 * 50) / 10],
]);

const OTHER = table('004 load', [
  ['writes', '10M hosts x 100 metrics / 10 s', 100e6, 'samples/s', (10e6 * 100) / 10],
  ['bytes', '100M x 20 bytes', 2e9, 'bytes/s', 100e6 * 20],
  ['a day', '2 GB/s x 86,400 s', 170 * TB, 'bytes', 2e9 * DAY_S],
  ['a year', '170 TB x 365', 60 * PB, 'bytes', 170 * TB * 365],
  ['compressed', '16 bytes / 1.3', 10, 'times', 16 / 1.3, 'the sum gives 12 times'],
]);

/** All rows of all tables. */
export const SEED_ROWS: readonly SeedRow[] = [
  ...[...LOAD, ...ROLLUPS, ...COST, ...TIERS, ...COMPRESSION, ...CACHE],
  ...[...KAFKA, ...REGIONS, ...SCALING, ...EXAMPLE, ...OTHER],
];

/** How far a told figure may be from its sum and still be that sum, rounded. */
const ROUNDING = 0.05;

/** True when what is told is the sum, rounded as the documents round. */
export function agrees({ told, computed }: SeedRow): boolean {
  return Math.abs(told - computed) <= ROUNDING * Math.max(told, computed);
}
