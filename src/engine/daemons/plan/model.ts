// The arithmetic of a plan: from load, figures of one core and prices to machines, disks, Kafka
// and money. Pure; each step has its sentence, so that anybody can do the sum again. Easy to get
// wrong: a core is planned to be used in part, and every zone does the work of a store anew.
import type { FigureValues } from '../bench/figures.ts';
import type { PlanInputs } from './inputs.ts';
import type { Prices } from './prices.ts';

const DAY = 86_400_000;
const GB = 1e9;
const MONTH_S = 30.4 * 86_400;
/** Windows of a day, of the four resolutions. */
const WINDOWS = [1440, 288, 24, 1] as const;
/** The seed's topic; partitions come in twelves, so that three, four or six readers share them. */
const PARTITIONS_MIN = 24;
const PARTITIONS_STEP = 12;
/** Below so many samples a second one machine without Kafka is the better plan. */
const KAFKA_FROM = 500_000;
/** Of Kafka's own compression (snappy) on records that are packed already. */
const KAFKA_COMPRESSED = 0.7;
/** Bytes a second that a broker of this kind writes to its disks and takes from the network. */
const BROKER_BYTES = 250e6;
/** Series that a query or a rule of the figures reads. */
const MEASURED_SERIES = 200;
/** A cache answers so many questions a second. */
const CACHE_QUERIES = 50_000;

/** What a plan needs of the figures; all of them there. */
export type PlanFigures = Required<Omit<FigureValues, 'queryP50' | 'queryP99'>>;

/** A line of the bill. */
export interface PlanLine {
  readonly name: string;
  readonly count: number;
  /** What it is counted in: a kind of machine, GB, … */
  readonly unit: string;
  readonly month: number;
  /** Which figure and which sum made the count. */
  readonly why: string;
}

export interface Plan {
  readonly samplesPerSecond: number;
  readonly series: number;
  readonly overKafka: boolean;
  readonly lines: readonly PlanLine[];
  readonly month: number;
  /** Of the whole. */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly partitions: number;
  readonly storeNodes: number;
  readonly collectorNodes: number;
  readonly queryNodes: number;
  readonly ruleNodes: number;
  readonly brokers: number;
  /** Of one copy. */
  readonly rawBytes: number;
  readonly rollupBytes: number;
  readonly kafkaBytesPerSecond: number;
  /** Across zones. */
  readonly transferBytesPerSecond: number;
}

/** The plan, by these figures and prices. */
export function makePlan(inputs: PlanInputs, figures: PlanFigures, prices: Prices): Plan {
  const grown = (1 + inputs.growth) ** (inputs.months / 12);
  const series = inputs.targets * inputs.seriesPerTarget * grown;
  const samplesPerSecond = series / (inputs.intervalMs / 1000);
  const overKafka = samplesPerSecond > KAFKA_FROM;
  const load = { inputs, figures, prices, series, samplesPerSecond, overKafka };
  const kafka = planKafka(load);
  const disks = planDisks(load);
  const work = planWork(load, disks);
  const transfer = planTransfer(load, kafka);
  const lines = [
    ...work.lines,
    ...kafka.lines,
    ...disks.lines,
    ...planCache(load),
    ...transfer.lines,
  ].filter(({ count }) => count > 0);
  return {
    ...{ samplesPerSecond, series, overKafka, lines },
    month: lines.reduce((sum, line) => sum + line.month, 0),
    ...{ cores: work.cores, memoryBytes: work.memoryBytes },
    ...{ partitions: kafka.partitions, brokers: kafka.brokers },
    ...{ storeNodes: work.storeNodes, collectorNodes: work.collectorNodes },
    ...{ queryNodes: work.queryNodes, ruleNodes: work.ruleNodes },
    ...{ rawBytes: disks.rawBytes, rollupBytes: disks.rollupBytes },
    kafkaBytesPerSecond: kafka.bytesPerSecond,
    transferBytesPerSecond: transfer.bytesPerSecond,
  };
}

interface Load {
  readonly inputs: PlanInputs;
  readonly figures: PlanFigures;
  readonly prices: Prices;
  readonly series: number;
  readonly samplesPerSecond: number;
  readonly overKafka: boolean;
}

/** Core seconds that a sample costs a collector: all of taking it, less what a store does. */
export function collectorCost({ kafkaIngest, ingestKnown, applied }: PlanFigures): number {
  const whole = 1 / Math.min(kafkaIngest, ingestKnown);
  return Math.max(whole - 1 / applied, whole / 4);
}

/** Core seconds that a sample costs each store: into the head, into a block, into windows. */
export function storeCost({ applied, upkeep }: PlanFigures): number {
  return 1 / applied + 1 / upkeep;
}

function planKafka({ inputs, figures, prices, samplesPerSecond, overKafka }: Load) {
  const bytesPerSecond = overKafka
    ? samplesPerSecond * figures.kafkaBytes * KAFKA_COMPRESSED * inputs.peak
    : 0;
  if (!overKafka) return { partitions: 4, brokers: 0, bytesPerSecond, lines: [] };
  const { kafka } = prices.nodes;
  const written = bytesPerSecond * inputs.kafkaReplicas;
  const kept = (written / inputs.peak) * (inputs.kafkaMs / 1000);
  const byDisk = kept / (kafka.diskBytes * inputs.use || Infinity);
  const byWriting = written / (Math.min(BROKER_BYTES, kafka.networkBytes) * inputs.use);
  const brokers = Math.ceil(Math.max(inputs.kafkaReplicas, byDisk, byWriting));
  const readers = (samplesPerSecond * inputs.peak * storeCost(figures)) / inputs.use;
  const steps = Math.ceil(Math.max(PARTITIONS_MIN, readers) / PARTITIONS_STEP);
  const partitions = steps * PARTITIONS_STEP;
  const bound = byDisk > byWriting ? 'what it keeps' : 'what it writes';
  const why =
    `${mega(written)} MB/s written by ${inputs.kafkaReplicas} replicas, ${tera(kept)} TB kept ` +
    `for ${hours(inputs.kafkaMs)} h: bound by ${bound}`;
  const month = brokers * kafka.month;
  return {
    ...{ partitions, brokers, bytesPerSecond },
    lines: [{ name: 'Kafka', count: brokers, unit: kafka.name, month, why }],
  };
}

function planDisks({ inputs, figures, prices, series, samplesPerSecond }: Load) {
  const { hotMs, warmMs, coldMs, zones, rollupMs } = inputs;
  const aDay = samplesPerSecond * 86_400 * figures.sealedBytes;
  const rows = WINDOWS.reduce((sum, each, i) => sum + (each * rollupMs[i]) / DAY, 0);
  const rollupBytes = series * rows * figures.rollupBytes;
  const rawBytes = aDay * (coldMs / DAY);
  const hot = (zones * aDay * hotMs) / DAY / inputs.use;
  const warm = (zones * ((aDay * (warmMs - hotMs)) / DAY + rollupBytes)) / inputs.use;
  const objects = aDay * (coldMs / DAY) + rollupBytes;
  const each = `${figures.sealedBytes.toPrecision(3)} bytes a sample, ${tera(aDay)} TB a day`;
  const line = (name: string, bytes: number, price: number, why: string): PlanLine => {
    return { name, count: bytes / GB, unit: 'GB', month: (bytes / GB) * price, why };
  };
  return {
    ...{ rawBytes, rollupBytes, hotBytes: hot },
    lines: [
      line('hot disks', hot, prices.ssd, `${each}, ${days(hotMs)} days in ${zones} zones`),
      line(
        'warm disks',
        warm,
        prices.hdd,
        `raw to day ${days(warmMs)} and ${tera(rollupBytes)} TB of rollups, in ${zones} zones`,
      ),
      line('objects', objects, prices.object, `raw to day ${days(coldMs)} and rollups, once`),
    ],
  };
}

function planWork(load: Load, disks: { readonly hotBytes: number }) {
  const { inputs, figures, prices, series, samplesPerSecond } = load;
  const { store, compute } = prices.nodes;
  const { use, zones, peak } = inputs;
  const fresh = (series * inputs.churn) / 86_400 / figures.ingestNew;
  const doors = (samplesPerSecond * peak * collectorCost(figures) + fresh) / use;
  const queries = inputs.queriesPerSecond * (1 - inputs.cached);
  const asked = (queries * inputs.querySeries) / MEASURED_SERIES / figures.queries / use;
  const read = (inputs.rules * inputs.ruleSeries) / MEASURED_SERIES;
  const evaluations = read / (inputs.ruleIntervalMs / 1000);
  const ruled = evaluations / figures.ruleEvaluations / use;
  const stored = (samplesPerSecond * peak * storeCost(figures)) / use;
  const memory = (series * figures.memoryPerSeries) / use;
  const byCores = stored / store.cores;
  const byMemory = memory / store.memoryBytes;
  const perZone = Math.ceil(Math.max(1, byCores, byMemory));
  const bound = byCores >= byMemory ? 'cores' : 'memory';
  const storeNodes = perZone * zones;
  const machines = (cores: number): number => Math.ceil(cores / compute.cores);
  const [collectorNodes, queryNodes, ruleNodes] = [doors, asked, ruled].map(machines);
  const line = (name: string, count: number, why: string): PlanLine => {
    return { name, count, unit: compute.name, month: count * compute.month, why };
  };
  const lines: PlanLine[] = [
    line('collectors', collectorNodes, `${rate(1 / collectorCost(figures))} samples a core second`),
    {
      ...{ name: 'stores', count: storeNodes, unit: store.name, month: storeNodes * store.month },
      why:
        `${zones} zones of ${perZone}: ${Math.ceil(stored)} cores, ${tera(memory)} TB of memory ` +
        `(${Math.round(figures.memoryPerSeries)} bytes a series) each: bound by ${bound}`,
    },
    line('queries', queryNodes, queryWords(inputs, figures)),
    line('rules', ruleNodes, ruleWords(inputs, figures)),
  ];
  const computed = collectorNodes + queryNodes + ruleNodes;
  return {
    ...{ lines, storeNodes, collectorNodes, queryNodes, ruleNodes, hotBytes: disks.hotBytes },
    cores: computed * compute.cores + storeNodes * store.cores,
    memoryBytes: computed * compute.memoryBytes + storeNodes * store.memoryBytes,
  };
}

function planCache({ inputs, prices }: Load): PlanLine[] {
  const { cache } = prices.nodes;
  // The cache of one process is enough for what one process answers.
  if (inputs.queriesPerSecond < 1000) return [];
  const count = Math.max(3, Math.ceil(inputs.queriesPerSecond / CACHE_QUERIES / inputs.use));
  const why = `${rate(inputs.queriesPerSecond)} queries/s, ${CACHE_QUERIES} a machine; 3 at least`;
  return [{ name: 'cache', count, unit: cache.name, month: count * cache.month, why }];
}

/** What crosses zones: to the leaders, to the other replicas; readers fetch from their own zone. */
function planTransfer(
  { inputs, prices }: Load,
  { bytesPerSecond: taken }: { readonly bytesPerSecond: number },
) {
  const { zones, kafkaReplicas, peak } = inputs;
  if (zones < 2) return { bytesPerSecond: 0, lines: [] };
  const average = taken / peak;
  const bytesPerSecond = average * ((zones - 1) / zones + Math.min(zones, kafkaReplicas) - 1);
  const count = (bytesPerSecond * MONTH_S) / GB;
  const why = `${mega(bytesPerSecond)} MB/s: to leaders in other zones, and to the other replicas`;
  const month = count * prices.transfer;
  return {
    bytesPerSecond,
    lines: [{ name: 'between zones', count, unit: 'GB', month, why }],
  };
}

function queryWords(inputs: PlanInputs, figures: PlanFigures): string {
  const { queriesPerSecond, cached, querySeries } = inputs;
  const each = rate((figures.queries * MEASURED_SERIES) / querySeries);
  const known = `${Math.round(cached * 100)} % cached`;
  const load = `${rate(queriesPerSecond)} a second, ${known}, ${rate(querySeries)} series each`;
  return `${load}: ${each} a core second`;
}

function ruleWords({ rules, ruleSeries }: PlanInputs, figures: PlanFigures): string {
  const each = (figures.ruleEvaluations * MEASURED_SERIES) / ruleSeries;
  return `${rate(rules)} of ${rate(ruleSeries)} series each: ${rate(each)} a core second`;
}

function mega(bytes: number): string {
  return rate(bytes / 1e6);
}

function tera(bytes: number): string {
  return rate(bytes / 1e12);
}

function hours(ms: number): string {
  return rate(ms / 3_600_000);
}

function days(ms: number): string {
  return rate(ms / DAY);
}

function rate(value: number): string {
  if (value >= 1e9) return `${Number((value / 1e9).toPrecision(3))} G`;
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}
