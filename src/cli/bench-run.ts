// What `mon bench` prints: a row for each figure, with its unit and what it is of; as JSON the
// whole figures file. Easy to get wrong: figures are rounded for people only.
import { dirname, resolve } from 'node:path';
import { bench, figuresFile, saveFigures } from '../engine/daemons/bench/bench.ts';
import { FIGURE_WORDS } from '../engine/daemons/bench/figures.ts';
import type { FigureName, Figures } from '../engine/daemons/bench/figures.ts';
import { stateFolder } from '../engine/daemons/folders.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import { jsonText } from './json-text.ts';
import { listingChunks, safeChunks } from './listing.ts';
import type { Listing } from './listing.ts';
import type { Stage } from './stage.ts';

export interface BenchFlags {
  readonly part?: string;
  readonly seconds: number;
  readonly brokers?: string;
  readonly replication?: number;
  readonly save?: string;
  readonly output: 'table' | 'json';
}

/** Measures, saves and prints. @throws UserError, MonError. */
export async function runBench(flags: BenchFlags, stage: Stage): Promise<void> {
  const { part, seconds, brokers, replication, save, output } = flags;
  const figures = await bench({
    ...{ part, seconds, brokers, replication, signal: stage.signal },
    note: (line) => void stage.note(line),
  });
  // A part alone is no whole file: it is saved only where somebody says so.
  const path =
    save === undefined
      ? part === undefined
        ? figuresFile(stateFolder(stage.env))
        : undefined
      : resolve(save);
  if (path !== undefined) {
    await systemDisk.makeFolder(dirname(path));
    await saveFigures(path, figures);
  }
  if (output === 'json') {
    await stage.print(await safeChunks(() => [jsonText(figures)], stage.surface));
  } else {
    await stage.print(await listingChunks(figuresListing(figures), 'table', stage.surface));
    await stage.note(machineWords(figures));
    for (const words of figures.notes) await stage.note(words);
  }
  if (path !== undefined) await stage.note(`saved to ${path}; mon plan computes with it`);
}

/** One line that says where figures are from. */
function machineWords({ machine, version, measuredAt }: Figures): string {
  const { processor, cores, memoryBytes, node } = machine;
  const memory = `${Math.round(memoryBytes / 1024 ** 3)} GiB`;
  return `mon ${version} on ${processor}, ${cores} cores, ${memory}, Node ${node}, ${measuredAt}`;
}

function figuresListing({ figures }: Figures): Listing {
  const names = Object.keys(FIGURE_WORDS) as FigureName[];
  const rows = names.flatMap((name) => {
    const value = figures[name];
    if (value === undefined) return [];
    const [unit, words] = FIGURE_WORDS[name];
    return [[name, rounded(value), unit, words]];
  });
  const columns = [
    { name: 'figure' },
    { name: 'value', align: 'right' as const },
    { name: 'unit' },
    { name: 'of' },
  ];
  return { kind: 'Figures', columns, rows, valueColumn: 1 };
}

/** Three digits that count. */
export function rounded(value: number): string {
  if (value >= 1000) {
    const scale = 10 ** (Math.floor(Math.log10(value)) - 2);
    return (Math.round(value / scale) * scale).toLocaleString('en-US', {
      maximumFractionDigits: 0,
    });
  }
  return String(Number(value.toPrecision(3)));
}
