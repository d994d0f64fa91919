// What `mon export` does: asks for the samples of a selection and writes them to stdout as they
// come. Easy to get wrong: what a form could not hold is known at the end only, and belongs on
// stderr.
import type { ServerChoice } from './server.ts';
import { checkBinary } from './sql-text.ts';
import type { Stage } from './stage.ts';
import { durationFlag, timeFlag } from './times.ts';
import { UserError } from '../engine/errors.ts';
import { streamedAnswer } from '../engine/remote/http-stream.ts';
import { safeChunks } from './listing.ts';

export interface ExportFlags {
  readonly output: string;
  readonly from?: string;
  readonly to?: string;
  readonly since?: string;
}

export interface ExportRun {
  readonly selectors: readonly string[];
  readonly server: ServerChoice;
  readonly flags: ExportFlags;
  readonly stage: Stage;
  readonly writeBytes: (pages: AsyncIterable<Uint8Array>) => Promise<void>;
}

const BINARY = new Set(['parquet', 'remote-write']);

/** Answers the exit code. @throws UserError, MonError. */
export async function runExport(run: ExportRun): Promise<number> {
  const { selectors, server, flags, stage } = run;
  const { surface, signal } = stage;
  if (BINARY.has(flags.output)) checkBinary(surface, flags.output);
  const params = new URLSearchParams({ format: flags.output });
  for (const one of selectors) params.append('match[]', one);
  for (const [name, ms] of timesOf(flags, stage.clock.now())) params.set(name, String(ms / 1000));
  let left = '';
  const pages = await streamedAnswer(server, {
    method: 'POST',
    path: '/api/v1/export',
    body: params.toString(),
    contentType: 'application/x-www-form-urlencoded',
    signal,
    ...(selectors.length === 1 ? { query: selectors[0] } : {}),
    trailers: (told) => (left = told['x-mon-left-out'] ?? ''),
  });
  if (surface.isTerminal) await printSafely(pages, stage);
  else await run.writeBytes(pages);
  const [stale = 0, histograms = 0] = left.split(' ').map(Number);
  if (stale > 0) await stage.note(`info: ${stale} stale markers have no form in ${flags.output}`);
  if (histograms > 0) {
    const words = `${histograms} native histograms have no form in ${flags.output}`;
    await stage.note(`warning: ${words}; jsonl, csv, parquet and remote-write hold them`);
  }
  return 0;
}

function timesOf({ from, to, since }: ExportFlags, nowMs: number): [name: string, ms: number][] {
  if (since !== undefined && from !== undefined) {
    throw new UserError('--since and --from both give the start', { hint: 'mon help export' });
  }
  const out: [string, number][] = [];
  const end = to === undefined ? nowMs : timeFlag('--to', to, nowMs);
  if (to !== undefined) out.push(['end', end]);
  if (since !== undefined) out.push(['start', end - durationFlag('--since', since)]);
  if (from !== undefined) out.push(['start', timeFlag('--from', from, nowMs)]);
  return out;
}

/** Labels may hold anything: a terminal gets them escaped. */
async function printSafely(pages: AsyncIterable<Uint8Array>, stage: Stage): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const page of pages) {
    const text = rest + decoder.decode(page, { stream: true });
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    await stage.print(await safeChunks(() => [text.slice(0, end)], stage.surface));
  }
  if (rest !== '') await stage.print(await safeChunks(() => [rest], stage.surface));
}
