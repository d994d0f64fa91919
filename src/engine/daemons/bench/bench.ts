// `mon bench`: measures this machine part by part, each against a server that was started for it,
// and saves the figures. Easy to get wrong: a figure is of this machine in this hour; what else
// runs beside it is in it, so the load is written down too.
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { systemHost } from '../../runtime/host-reader.ts';
import { systemDisk } from '../../runtime/system-disk.ts';
import { withTempFolder } from '../../runtime/temp-folder.ts';
import { kafkaTopics } from '../kafka-admin.ts';
import { VERSION } from '../version.ts';
import { benchIngest, benchKafka } from './bench-ingest.ts';
import type { BenchOptions } from './bench-ingest.ts';
import { benchQueries, benchRules } from './bench-queries.ts';
import { benchStore } from './bench-store.ts';
import type { Figures, FigureValues, Machine } from './figures.ts';

const BENCH_PARTS = ['ingest', 'store', 'query', 'rules', 'kafka'] as const;
export type BenchPart = (typeof BENCH_PARTS)[number];

export interface BenchAsked {
  /** All but Kafka where nothing is said; Kafka too where brokers are. */
  readonly part?: string;
  readonly seconds: number;
  readonly brokers?: string;
  readonly replication?: number;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

/** The figures of this machine. @throws UserError, MonError. */
export async function bench(asked: BenchAsked): Promise<Figures> {
  const parts = partsOf(asked);
  const notes: string[] = [];
  let figures: FigureValues = {};
  const before = loadNow();
  for (const part of parts) {
    asked.signal.throwIfAborted();
    asked.note(`${part}:`);
    figures = { ...figures, ...(await measure(part, asked)) };
  }
  notes.push(`load of the machine before ${before.toFixed(1)}, after ${loadNow().toFixed(1)}`);
  notes.push(`${asked.seconds} s a part: ${parts.join(', ')}`);
  return {
    ...{ apiVersion: 'mon/v1', kind: 'Figures', version: VERSION.version },
    measuredAt: new Date(systemClock.now()).toISOString(),
    machine: await machine(),
    ...{ figures, notes },
  };
}

function partsOf({ part, brokers }: BenchAsked): readonly BenchPart[] {
  if (part === undefined) return BENCH_PARTS.filter((one) => one !== 'kafka' || brokers);
  const found = BENCH_PARTS.find((one) => one === part);
  if (found === undefined) {
    throw new UserError(`there is no part "${part}"`, { hint: `one of ${BENCH_PARTS.join(', ')}` });
  }
  if (found === 'kafka' && brokers === undefined) {
    throw new UserError('kafka needs brokers', { hint: 'mon bench kafka --brokers HOST:PORT' });
  }
  return [found];
}

/** One part in a folder of its own. */
function measure(part: BenchPart, asked: BenchAsked): Promise<FigureValues> {
  return withTempFolder('mon-bench-', async (folder) => {
    const { seconds, signal } = asked;
    const note = (line: string): void => asked.note(`  ${line}`);
    const options: BenchOptions = { folder, seconds, signal, note };
    switch (part) {
      case 'ingest':
        return await benchIngest(options);
      case 'store':
        return await benchStore(options);
      case 'query':
        return await benchQueries(options);
      case 'rules':
        return await benchRules(options);
      case 'kafka':
        return await overKafka(options, asked);
    }
  });
}

async function overKafka(options: BenchOptions, asked: BenchAsked): Promise<FigureValues> {
  const { brokers = '', replication } = asked;
  const topic = `mon.bench.${systemClock.now()}`;
  const settings = { brokers, topic };
  const reports = await kafkaTopics({ settings, replication, init: true });
  const missing = reports.find(({ state }) => state === 'missing');
  if (missing !== undefined) throw new UserError(missing.words, { hint: missing.hint });
  const kafka = `brokers: "${brokers}", topic: ${topic}`;
  const figures = await benchKafka({ ...options, kafka });
  options.note(`the topic ${topic} stays: it holds nothing of worth`);
  return figures;
}

function loadNow(): number {
  return systemHost.facts().loads[0] ?? 0;
}

async function machine(): Promise<Machine> {
  const { processors, memoryBytes, system, release } = systemHost.facts();
  const text = await systemHost.readText('/proc/cpuinfo').catch(() => '');
  return {
    processor: /^model name\s*:\s*(.+)$/m.exec(text)?.[1].trim() ?? systemHost.platform,
    ...{ cores: processors.length, memoryBytes, system: `${system} ${release}` },
    node: process.version,
  };
}

/** Where the figures of this user's machine lie. */
export function figuresFile(stateFolder: string): string {
  return join(stateFolder, 'figures.json');
}

/** Writes a figures file. @throws MonError. */
export async function saveFigures(path: string, figures: Figures): Promise<void> {
  const text = `${JSON.stringify(figures, undefined, 2)}\n`;
  await systemDisk.replaceFile(path, [Buffer.from(text)]);
}
