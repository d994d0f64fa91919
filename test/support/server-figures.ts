// Figures of a running server from outside, for benchmarks: its memory and CPU by the kernel, its
// files by what they are for, answers of queries. Linux only where it reads /proc.
import { existsSync, globSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BlockCache } from '../../src/engine/codec/block-cache.ts';
import { BlockReader } from '../../src/engine/codec/block-reader.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';

/** Bytes that are resident now, and at most so far; 0 where nobody tells. */
export async function memoryOf(pid: number): Promise<{ rss: number; peak: number }> {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return { rss: 0, peak: 0 };
  const text = await readFile(path, 'utf8');
  const figure = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) * 1024;
  return { rss: figure('VmRSS'), peak: figure('VmHWM') };
}

/** Seconds of CPU so far. */
export async function cpuOf(pid: number): Promise<number> {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return 0;
  const fields = (await readFile(path, 'utf8')).split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export interface FolderBytes {
  log: number;
  /** Of sealed blocks: samples with their times, and the index. */
  blockData: number;
  blockIndex: number;
  blocks: number;
  samples: number;
  /** Checkpoints of the heads. */
  state: number;
  /** Everything else: state.db, locks, readers. */
  rest: number;
}

/** What a data folder takes, by purpose. */
export async function folderBytes(dataDir: string): Promise<FolderBytes> {
  const out = { log: 0, blockData: 0, blockIndex: 0, blocks: 0, samples: 0, state: 0, rest: 0 };
  const kernels = new Kernels();
  for (const name of globSync('**/*', { cwd: dataDir })) {
    const path = join(dataDir, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() !== true) continue;
    if (name.endsWith('.segment')) out.log += stat.size;
    else if (name.endsWith('.checkpoint')) out.state += stat.size;
    else if (name.endsWith('.block')) {
      const file = systemDisk.randomAccess(path);
      const { summary } = new BlockReader(file, { kernels, cache: new BlockCache(1 << 20) });
      file.close();
      out.blocks++;
      out.samples += summary.samples;
      out.blockIndex += summary.indexBytes;
      out.blockData += summary.bytes - summary.indexBytes;
    } else out.rest += stat.size;
  }
  return out;
}

interface Answer {
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
  readonly error?: string;
}

/** The single value of an instant query, now or at a time; 0 for an empty answer. */
export async function askNumber(url: string, query: string, timeMs?: number): Promise<number> {
  const body = new URLSearchParams({ query, timeout: '120s' });
  if (timeMs !== undefined) body.set('time', String(timeMs / 1000));
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body });
  const { data, error } = (await response.json()) as Answer;
  if (data === undefined) throw new Error(`${query}: ${error}`);
  return Number(data.result[0]?.value[1] ?? 0);
}
