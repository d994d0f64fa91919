// What breaks first when the load grows: each bound of this version of mon, or of a machine, as
// samples a second, with the figure and the limit that says so, and what helps. Easy to get wrong:
// a bound is one of the smallest stack that has it; a plan with more machines moves it.
import { HEAD_BYTES_HOLD } from '../../limits.ts';
import type { PlanFigures } from './model.ts';
import { storeCost } from './model.ts';
import type { PlanInputs } from './inputs.ts';
import type { Prices } from './prices.ts';

/** Scales that a plan looks at, samples a second. */
export const SCALES = [1e6, 10e6, 100e6, 1e9] as const;

export interface Bound {
  readonly name: string;
  /** Samples a second at which it is reached. */
  readonly samplesPerSecond: number;
  /** The figure and the limit. */
  readonly why: string;
  readonly helps: string;
}

const PARTITIONS = 24;
const VIRTUAL_SHARDS = 4096;
const SHARDS_MAX = 64;
const GIB = 1024 ** 3;
const BROKERS = 12;
const BROKER_BYTES = 250e6;
const COMPRESSED = 0.7;

/** All bounds, the lowest first. */
export function boundsOf(inputs: PlanInputs, figures: PlanFigures, prices: Prices): Bound[] {
  const seconds = inputs.intervalMs / 1000;
  const { store } = prices.nodes;
  const core = (cost: number): number => 1 / cost;
  const heads = HEAD_BYTES_HOLD / figures.memoryPerSeries;
  const packed = figures.kafkaBytes * COMPRESSED;
  const bounds: Bound[] = [
    {
      name: 'one head',
      samplesPerSecond: heads / seconds,
      why:
        `a shard takes no new series from ${HEAD_BYTES_HOLD / GIB} GiB on: ` +
        `${count(heads)} series of ${Math.round(figures.memoryPerSeries)} bytes`,
      helps: 'shards: one for each core, up to one a partition',
    },
    {
      name: 'one process',
      samplesPerSecond: figures.ingestKnown,
      why: `one door is one thread: ${count(figures.ingestKnown)} samples a core second`,
      helps: 'Kafka and several collectors; a scrape every 10 s is a tenth of the load',
    },
    {
      name: '24 partitions',
      samplesPerSecond: PARTITIONS * core(storeCost(figures)) * inputs.use,
      why:
        `a partition is read by one core: ${count(core(storeCost(figures)))} samples a core ` +
        `second into heads, blocks and windows, ${PARTITIONS} partitions, ${use(inputs)}`,
      helps: 'mon kafka init --partitions, up to 4,096: a new generation of the topic',
    },
    {
      name: '12 brokers',
      samplesPerSecond: (BROKERS * BROKER_BYTES * inputs.use) / (packed * inputs.kafkaReplicas),
      why:
        `${BROKER_BYTES / 1e6} MB/s a broker, ${packed.toPrecision(2)} bytes a sample, ` +
        `${inputs.kafkaReplicas} replicas, ${use(inputs)}`,
      helps: 'brokers: they are bound by bytes alone',
    },
    {
      name: 'rules in one process',
      samplesPerSecond: store.cores * figures.applied * inputs.use,
      why:
        `rules run in one process over all heads: ${store.cores} cores of a ${store.name}, ` +
        `${count(figures.applied)} samples a core second, ${use(inputs)}`,
      helps: 'rules by region, each over its own Kafka; global rules over recorded series',
    },
    ...machineBounds(inputs, figures, prices),
  ];
  return bounds.toSorted((a, b) => a.samplesPerSecond - b.samplesPerSecond);
}

/** Bounds of one machine of a zone, and of the topic. */
function machineBounds(inputs: PlanInputs, figures: PlanFigures, prices: Prices): Bound[] {
  const seconds = inputs.intervalMs / 1000;
  const { store } = prices.nodes;
  const core = (cost: number): number => 1 / cost;
  const heads = HEAD_BYTES_HOLD / figures.memoryPerSeries;
  const packed = figures.kafkaBytes * COMPRESSED;
  return [
    {
      name: 'heads of one machine',
      samplesPerSecond:
        Math.min(SHARDS_MAX * heads, (store.memoryBytes * inputs.use) / figures.memoryPerSeries) /
        seconds,
      why:
        `${Math.round(store.memoryBytes / GIB)} GiB of a ${store.name}, ${use(inputs)}: ` +
        `${count((store.memoryBytes * inputs.use) / figures.memoryPerSeries)} series`,
      helps: 'stores: a zone shares its partitions among them',
    },
    {
      name: 'network of one store',
      samplesPerSecond: (store.networkBytes * inputs.use) / packed,
      why: `${store.networkBytes / 1e6} MB/s of a ${store.name}, ${use(inputs)}`,
      helps: 'stores: each reads its partitions only',
    },
    {
      name: '4,096 partitions',
      samplesPerSecond: VIRTUAL_SHARDS * core(storeCost(figures)) * inputs.use,
      why: `4,096 virtual shards are the most that a topic can have partitions`,
      helps: 'regions: a global stack over recorded series alone',
    },
  ];
}

/** What has broken at a scale that had not at the one before, and what breaks next. */
export interface ScaleBreaks {
  readonly samplesPerSecond: number;
  readonly broken: readonly Bound[];
  readonly next: Bound | undefined;
}

export function breaksAt(bounds: readonly Bound[]): ScaleBreaks[] {
  return SCALES.map((scale, i) => {
    const before = i === 0 ? 0 : SCALES[i - 1];
    return {
      samplesPerSecond: scale,
      broken: bounds.filter((one) => {
        return one.samplesPerSecond <= scale && one.samplesPerSecond > before;
      }),
      next: bounds.find((one) => one.samplesPerSecond > scale),
    };
  });
}

function use({ use: share }: PlanInputs): string {
  return `used to ${Math.round(share * 100)} %`;
}

function count(value: number): string {
  if (value >= 1e9) return `${Number((value / 1e9).toPrecision(3))} G`;
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  return `${Number((value / 1e3).toPrecision(3))} k`;
}
