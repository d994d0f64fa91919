// The small file that says what a log is: its generation, its partitions and the epoch of who
// opened it last. Easy to get wrong: the epoch must be durable before anything is written under
// it, or two runs of the program could write records that mean different series by the same
// numbers.
import { MonError, messageOf } from '../errors.ts';
import type { Disk } from '../runtime/disk.ts';
import { corrupt } from './segment.ts';

const META_FILE = 'meta.json';
const FORMAT = 'mon log';
const VERSION = 1;

export interface LogMeta {
  readonly generation: number;
  readonly partitions: number;
  readonly epoch: number;
}

/** The file's content, or undefined when there is none. @throws MonError MON_LOG_CORRUPT. */
export async function readMeta(disk: Disk, folder: string): Promise<LogMeta | undefined> {
  const path = `${folder}/${META_FILE}`;
  if (!(await disk.exists(path))) return undefined;
  const text = new TextDecoder().decode(await disk.readFile(path));
  const found = parseJson(text, path) as Partial<Record<string, unknown>> | null;
  const { format, version, generation, partitions, epoch } = found ?? {};
  if (format !== FORMAT) throw corrupt(path, 0, 'it is not the meta file of a log');
  if (version !== VERSION) {
    throw corrupt(path, 0, `its format version ${String(version)} is unknown to this program`);
  }
  if (!isCount(generation) || !isCount(partitions) || !isCount(epoch)) {
    throw corrupt(path, 0, 'generation, partitions or epoch is no number');
  }
  return { generation, partitions, epoch };
}

export async function writeMeta(disk: Disk, folder: string, meta: LogMeta): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, version: VERSION, ...meta });
  await disk.replaceFile(`${folder}/${META_FILE}`, [new TextEncoder().encode(`${text}\n`)]);
}

/** JSON of a file of ours; anything else is damage. */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw corrupt(path, 0, messageOf(thrown));
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

/** Refuses another number of partitions while records of the old generation are still needed. */
export function notDrained(folder: string, had: number, wanted: number): MonError {
  const words = `${folder} is a log of ${had} partitions with records that are still needed`;
  return new MonError('MON_CONFIG_INVALID', words, {
    hint: `start with ${had} partitions until all readers are done, then change to ${wanted}`,
    fields: { folder, had, wanted },
  });
}
