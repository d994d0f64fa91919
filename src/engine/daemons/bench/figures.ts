// Figures of one machine, as `mon bench` measures them and `mon plan` computes with them: a JSON
// file with what, when, where and by which version. Easy to get wrong: a figure that was not
// measured is not zero, it is not there.
import { messageOf, UserError } from '../../errors.ts';
import { PLAN_FILE_BYTES_MAX } from '../../limits-regions.ts';
import type { Disk } from '../../runtime/disk.ts';

/** What was measured; units in FIGURE_WORDS. */
export interface FigureValues {
  readonly ingestKnown?: number;
  readonly ingestNew?: number;
  readonly applied?: number;
  readonly memoryPerSeries?: number;
  readonly memoryIdle?: number;
  readonly logBytes?: number;
  readonly sealedBytes?: number;
  readonly upkeep?: number;
  readonly rollupBytes?: number;
  readonly queries?: number;
  readonly queryP50?: number;
  readonly queryP99?: number;
  readonly ruleEvaluations?: number;
  readonly kafkaIngest?: number;
  readonly kafkaBytes?: number;
}

export type FigureName = keyof FigureValues;

/** Unit and meaning of each figure, in the order in which they are shown. */
export const FIGURE_WORDS: Readonly<Record<FigureName, readonly [unit: string, words: string]>> = {
  ingestKnown: ['samples/CPU s', 'pushed, durable and in the head, of series that are known'],
  ingestNew: ['series/CPU s', 'the same when each sample is the first one of its series'],
  applied: ['samples/CPU s', 'from the log into heads, as a store does that reads it'],
  memoryPerSeries: ['bytes', 'resident memory that an active series adds'],
  memoryIdle: ['bytes', 'resident memory of a process without series'],
  logBytes: ['bytes', 'a sample in the log, uncompressed'],
  sealedBytes: ['bytes', 'a sample in sealed blocks, index included'],
  upkeep: ['samples/CPU s', 'sealed, and rolled up into four windows'],
  rollupBytes: ['bytes', 'a row of a rollup: count, sum, min, max, first, last, increase'],
  queries: ['queries/CPU s', 'of dashboards over an hour, none from a cache'],
  queryP50: ['ms', 'one of these by the clock, median'],
  queryP99: ['ms', 'the slowest of a hundred'],
  ruleEvaluations: ['evaluations/CPU s', 'avg by (service) (rate(x[1m])) > n over 200 series'],
  kafkaIngest: ['samples/CPU s', 'pushed into Kafka and from there into the head, in mon alone'],
  kafkaBytes: ['bytes', "a sample in Kafka's topic before compression"],
};

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

export interface Figures {
  readonly apiVersion: 'mon/v1';
  readonly kind: 'Figures';
  /** Of mon. */
  readonly version: string;
  /** ISO 8601. */
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly figures: FigureValues;
  /** Sentences about how it was measured. */
  readonly notes: readonly string[];
}

/** Reads a figures file. @throws UserError when it is none. */
export async function readFigures(disk: Disk, path: string): Promise<Figures> {
  let text: string;
  try {
    text = new TextDecoder().decode(await disk.readFile(path));
  } catch (thrown) {
    throw new UserError(messageOf(thrown));
  }
  return parseFigures(text, path);
}

/** @throws UserError. */
export function parseFigures(text: string, path: string): Figures {
  const hint = 'mon bench --save FILE writes one';
  if (text.length > PLAN_FILE_BYTES_MAX) throw new UserError(`${path} is too long`, { hint });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    throw new UserError(`${path} is no JSON: ${messageOf(thrown)}`, { hint });
  }
  const file = (parsed ?? {}) as Partial<Figures>;
  if (file.kind !== 'Figures' || typeof file.figures !== 'object' || file.figures === null) {
    throw new UserError(`${path} holds no figures`, { hint });
  }
  const figures: Partial<Record<FigureName, number>> = {};
  for (const [name, value] of Object.entries(file.figures)) {
    if (!Object.hasOwn(FIGURE_WORDS, name)) {
      throw new UserError(`${path}: ${JSON.stringify(name)} is no figure`, { hint });
    }
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw new UserError(`${path}: ${name} must be a number above 0`, { hint });
    }
    figures[name as FigureName] = value;
  }
  return {
    ...{ apiVersion: 'mon/v1', kind: 'Figures', figures },
    version: String(file.version ?? 'unknown'),
    measuredAt: String(file.measuredAt ?? 'unknown'),
    machine: machineOf(file.machine),
    notes: Array.isArray(file.notes) ? file.notes.map(String) : [],
  };
}

function machineOf(told: unknown): Machine {
  const machine = (told ?? {}) as Partial<Machine>;
  return {
    processor: String(machine.processor ?? 'unknown'),
    cores: Number(machine.cores) || 0,
    memoryBytes: Number(machine.memoryBytes) || 0,
    system: String(machine.system ?? 'unknown'),
    node: String(machine.node ?? 'unknown'),
  };
}
