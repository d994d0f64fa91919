// The note that a log leaves when it is closed: where its newest segment ends. With it, damage in
// the last commit is told from a commit that a crash cut short. Easy to get wrong: it speaks only
// for the run that wrote it, so it is believed as long as meta.json still has that run's epoch; and
// a note that is damaged or missing says nothing, as after a kill.
import { crc32 } from 'node:zlib';
import { MonError } from '../errors.ts';
import type { Disk } from '../runtime/disk.ts';
import type { LogMeta } from './log-meta.ts';
import type { SegmentChain } from './segment-chain.ts';

const END_FILE = 'end.json';

interface End {
  readonly generation: number;
  readonly epoch: number;
  readonly segment: number;
  readonly bytes: number;
}

function textOf({ generation, epoch, segment, bytes }: End): string {
  return JSON.stringify({ generation, epoch, segment, bytes });
}

/** Notes the durable end. A disk that takes nothing any more leaves the log as a kill would. */
export async function noteEnd(
  disk: Disk,
  folder: string,
  { generation, epoch }: LogMeta,
  { newest }: SegmentChain,
): Promise<void> {
  if (newest === undefined) return;
  const end = { generation, epoch, segment: newest.header.segment, bytes: newest.bytes };
  const text = JSON.stringify({ ...end, crc: crc32(textOf(end)) });
  try {
    await disk.replaceFile(`${folder}/${END_FILE}`, [new TextEncoder().encode(`${text}\n`)]);
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
  }
}

/** Where a segment ends, if the last run was closed in order and said so. */
export async function notedEnd(
  disk: Disk,
  folder: string,
  meta: LogMeta,
  segment: number,
): Promise<number | undefined> {
  const path = `${folder}/${END_FILE}`;
  if (!(await disk.exists(path))) return undefined;
  const end = endIn(new TextDecoder().decode(await disk.readFile(path)));
  if (end === undefined || end.segment !== segment) return undefined;
  return end.generation === meta.generation && end.epoch === meta.epoch ? end.bytes : undefined;
}

function endIn(text: string): End | undefined {
  try {
    const found = JSON.parse(text) as End & { readonly crc: number };
    return found.crc === crc32(textOf(found)) ? found : undefined;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof TypeError) return undefined;
    throw thrown;
  }
}
