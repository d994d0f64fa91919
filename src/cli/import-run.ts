// What `mon import` does: sees what each file is, sends it piece by piece, remembers how far it
// came and tells what was taken. Easy to get wrong: a piece that was sent twice changes nothing, so
// whatever is doubtful is sent again; and a line must never be cut in two.
import { MonError, UserError } from '../engine/errors.ts';
import { IMPORT_PIECE_BYTES } from '../engine/limits-sql.ts';
import type { PushOutcome } from '../engine/ports.ts';
import { postOutcome } from '../engine/remote/import-client.ts';
import type { Disk, DiskFile } from '../engine/runtime/disk.ts';
import { CSV_HEADER, EXPORT_FORMATS } from '../engine/wire/export-text.ts';
import type { ExportFormat } from '../engine/wire/export-text.ts';
import { frameLength } from '../engine/wire/remote-write-frames.ts';
import { forgetImport, importedTo, noteImport } from './import-notes.ts';
import type { Listing } from './listing.ts';
import type { ServerChoice } from './server.ts';
import type { Stage } from './stage.ts';

export type ImportFormat = ExportFormat | 'auto';

export interface ImportRun {
  readonly files: readonly string[];
  readonly format: ImportFormat;
  readonly fromStart: boolean;
  readonly server: ServerChoice;
  readonly stage: Stage;
  readonly disk: Disk;
}

/** Tries of a piece while the server is busy or away, and the rest between. */
const TRIES = 5;
const REST_MS = 2000;
const HEAD_BYTES = 64 * 1024;

/** Sends all files; a row each. @throws UserError, MonError. */
export async function runImport(run: ImportRun): Promise<{ listing: Listing; refused: number }> {
  const rows: (string | number)[][] = [];
  let refused = 0;
  for (const path of run.files) {
    const sum = await importFile(run, path);
    for (const [reason, count] of Object.entries(sum.reasons)) {
      await run.stage.note(`refused: ${count} ${reason}`);
    }
    for (const example of sum.examples) await run.stage.note(`refused: ${example}`);
    rows.push([path, sum.format, sum.accepted, sum.refused]);
    refused += sum.refused;
  }
  const listing: Listing = {
    kind: 'ImportOutcome',
    columns: [
      { name: 'file' },
      { name: 'format' },
      { name: 'accepted', align: 'right' },
      { name: 'refused', align: 'right' },
    ],
    rows,
    valueColumn: 2,
  };
  return { listing, refused };
}

interface Sum {
  readonly format: ExportFormat;
  accepted: number;
  refused: number;
  readonly reasons: Record<string, number>;
  readonly examples: string[];
}

async function importFile(run: ImportRun, path: string): Promise<Sum> {
  const { disk } = run;
  let file: DiskFile;
  let size: number;
  try {
    file = await disk.open(path, 'r');
    size = await file.size();
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    throw new UserError(thrown.message, { hint: 'check the path', cause: thrown });
  }
  try {
    const head = await bytesAt(file, 0, Math.min(HEAD_BYTES, size));
    const tail = await bytesAt(file, Math.max(0, size - 64), Math.min(64, size));
    const format = run.format === 'auto' ? formatOf(head, tail, path) : run.format;
    const reasons = Object.create(null) as Record<string, number>;
    const sum: Sum = { format, accepted: 0, refused: 0, reasons, examples: [] };
    if (size === 0) throw new UserError(`${path} is empty`);
    if (format === 'parquet') await sendWhole(run, file, size, sum);
    else await sendPieces(run, { file, size, path, head }, sum);
    return sum;
  } finally {
    await file.close();
  }
}

async function bytesAt(file: DiskFile, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const read = await file.read(bytes, at);
  return bytes.subarray(0, read);
}

/** What a file is by how it begins and ends. @throws UserError. */
export function formatOf(head: Buffer, tail: Buffer, path: string): ExportFormat {
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  const text = head.toString('latin1');
  if (text.startsWith(CSV_HEADER.trim())) return 'csv';
  if (/^\s*\{\s*"metric"\s*:/.test(text)) return 'jsonl';
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (frameLength(view, 0) >= 0 && /[\u0000-\u0008]/.test(text.slice(0, 4))) return 'remote-write';
  if (tail.toString('latin1').trimEnd().endsWith('# EOF')) return 'openmetrics';
  if (/^(?:#|[a-zA-Z_:{])/.test(text.trimStart())) return 'prom';
  const hint = `name it with --format: ${EXPORT_FORMATS.join(', ')}`;
  throw new UserError(`${path} is in no form that is known`, { hint });
}

/** Parquet can be read as a whole only. */
async function sendWhole(run: ImportRun, file: DiskFile, size: number, sum: Sum): Promise<void> {
  const pages = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < size; at += HEAD_BYTES) {
      yield await bytesAt(file, at, Math.min(HEAD_BYTES, size - at));
    }
  };
  await tried(run, sum, () => ({ body: pages(), format: 'parquet' }));
}

interface Source {
  readonly file: DiskFile;
  readonly size: number;
  readonly path: string;
  readonly head: Buffer;
}

async function sendPieces(run: ImportRun, source: Source, sum: Sum): Promise<void> {
  const { stage, disk, server, fromStart } = run;
  const { file, size, path, head } = source;
  const { format } = sum;
  const key = { path, size, head, url: server.url };
  let at = fromStart ? 0 : await importedTo(disk, stage.env, key);
  if (at > 0) {
    const done = Math.floor((at / size) * 100);
    await stage.note(`info: ${path} goes on at ${done} %; --from-start sends all of it again`);
  }
  while (at < size && !stage.signal.aborted) {
    const bytes = await bytesAt(file, at, Math.min(IMPORT_PIECE_BYTES, size - at));
    const whole = at + bytes.length >= size;
    const end = whole ? bytes.length : pieceEnd(bytes, format);
    if (end <= 0) {
      const words = `${path}: a line at byte ${at} is longer than ${IMPORT_PIECE_BYTES} bytes`;
      throw new UserError(words);
    }
    const body = bodyOf(bytes.subarray(0, end), format);
    try {
      await tried(run, sum, () => ({ body, format }));
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.code !== 'MON_BODY_MALFORMED') throw thrown;
      const words = `${path}, in the piece from byte ${at} on: ${thrown.message}`;
      throw new MonError('MON_BODY_MALFORMED', words, { hint: thrown.hint, cause: thrown });
    }
    at += end;
    await noteImport(disk, stage.env, key, at);
  }
  await forgetImport(disk, stage.env, key);
}

/** Where the last whole line, or body, of a piece ends; 0 when there is none. */
function pieceEnd(bytes: Buffer, format: ExportFormat): number {
  if (format !== 'remote-write') return lineEnd(bytes, format);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = 0;
  for (;;) {
    const length = frameLength(view, end);
    if (length < 0 || end + 4 + length > bytes.length) return end;
    end += 4 + length;
  }
}

function lineEnd(bytes: Buffer, format: ExportFormat): number {
  if (format !== 'csv') return bytes.lastIndexOf(10) + 1;
  // A line break between quotes ends no line.
  let [end, inside] = [0, false];
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 34) inside = !inside;
    else if (bytes[i] === 10 && !inside) end = i + 1;
  }
  return end;
}

/** OpenMetrics wants an end of every body. */
function bodyOf(bytes: Buffer, format: ExportFormat): Uint8Array {
  if (format !== 'openmetrics') return bytes;
  if (bytes.subarray(-64).toString('latin1').trimEnd().endsWith('# EOF')) return bytes;
  return Buffer.concat([bytes, Buffer.from('# EOF\n')]);
}

interface Piece {
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  readonly format: ExportFormat;
}

/** Sends a piece until the server has taken it. */
async function tried({ server, stage }: ImportRun, sum: Sum, piece: () => Piece): Promise<void> {
  for (let left = TRIES; ; left--) {
    try {
      const { body, format } = piece();
      return addOutcome(sum, await postOutcome(server, { body, format, signal: stage.signal }));
    } catch (thrown) {
      const again = thrown instanceof MonError && (thrown.kind === 'retry' || isBusy(thrown));
      if (!again || left <= 1 || stage.signal.aborted) throw thrown;
      await stage.note(`info: ${thrown.message}; trying again`);
      await stage.clock.sleep(REST_MS, stage.signal);
    }
  }
}

function isBusy({ code }: MonError): boolean {
  return code === 'MON_QUERY_LIMIT';
}

function addOutcome(sum: Sum, { accepted, refused, reasons, examples }: PushOutcome): void {
  sum.accepted += accepted;
  sum.refused += refused;
  for (const [reason, count] of Object.entries(reasons)) {
    sum.reasons[reason] = (sum.reasons[reason] ?? 0) + count;
  }
  for (const one of examples) if (sum.examples.length < 5) sum.examples.push(one);
}
