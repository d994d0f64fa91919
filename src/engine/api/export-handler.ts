// GET and POST /api/v1/export: whole samples of the series selected, in the form asked for. From
// pages of samples to bytes that leave while they are made. Easy to get wrong: OpenMetrics wants
// all of a family together, while pages come partition by partition; so it is read metric by
// metric.
import { MonError, UserError } from '../errors.ts';
import { IMPORT_REQUEST_SAMPLES, SQL_TEXT_BYTES } from '../limits-sql.ts';
import { NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SamplePage, SamplesAsk, Transfer } from '../ports-sql.ts';
import {
  CSV_HEADER,
  csvText,
  EXPORT_FORMATS,
  expositionLines,
  familyLine,
  jsonLines,
} from '../wire/export-text.ts';
import type { ExportFormat, LeftOut } from '../wire/export-text.ts';
import { framed, pageToBodies } from '../wire/remote-write-frames.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { neededTimeParam, timeParam } from './params.ts';
import { sendStream } from './respond.ts';
import { parseSelectors } from './selectors.ts';

export const TYPES: Readonly<Record<ExportFormat, string>> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
  prom: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  'remote-write': 'application/octet-stream',
};
/** What an export had to leave out, told when it is known. */
const LEFT_OUT = 'X-Mon-Left-Out';

export function transferOf({ transfer }: ApiParts): Transfer {
  if (transfer !== undefined) return transfer;
  throw new MonError('MON_NOT_FOUND', 'this server exports and imports nothing');
}

/** The format that a request names. @throws UserError. */
export function formatParam(params: URLSearchParams): ExportFormat {
  const text = params.get('format') ?? 'jsonl';
  const format = EXPORT_FORMATS.find((one) => one === text);
  if (format !== undefined) return format;
  throw new UserError(
    `invalid parameter "format": ${text} is none of ${EXPORT_FORMATS.join(', ')}`,
  );
}

/** ?match[]=&start=&end=&format=. */
export async function exportSamples(call: Call, parts: ApiParts): Promise<void> {
  const transfer = transferOf(parts);
  const params = await call.params();
  const format = formatParam(params);
  const selections = parseSelectors(params.getAll('match[]'));
  if (selections.length === 0) throw new UserError('no match[] parameter provided');
  const minMs = timeParam(params, 'start', 0);
  const maxMs = params.has('end') ? neededTimeParam(params, 'end') : Infinity;
  const ask = { selections, minMs, maxMs };
  const signal = call.gone();
  const head = call.head(200, TYPES[format]);
  if (format === 'parquet') {
    const file = await transfer.writeParquet(ask, { user: call.user, signal });
    return sendStream(call.response, head, file);
  }
  const left: LeftOut = { stale: 0, histograms: 0 };
  const tells = format === 'prom' || format === 'openmetrics';
  const told = (): void => {
    if (tells) call.response.addTrailers({ [LEFT_OUT]: `${left.stale} ${left.histograms}` });
  };
  const headers: Record<string, string> = tells ? { Trailer: LEFT_OUT } : {};
  const pages = bytesOf(transfer, ask, { format, left, signal, told });
  await sendStream(call.response, { ...head, headers }, pages);
}

interface ExportJob {
  readonly format: Exclude<ExportFormat, 'parquet'>;
  readonly left: LeftOut;
  readonly signal: AbortSignal;
  readonly told: () => void;
}

async function* bytesOf(
  transfer: Transfer,
  ask: SamplesAsk,
  { format, left, signal, told }: ExportJob,
): AsyncGenerator<Uint8Array, void, void> {
  if (format === 'remote-write') {
    for await (const page of transfer.samples.pages(ask, signal)) {
      for (const body of pageToBodies(page, IMPORT_REQUEST_SAMPLES)) {
        yield framed(await transfer.pack(body));
      }
    }
    return;
  }
  const lines = format === 'prom' || format === 'openmetrics' ? families : plainLines;
  let text = '';
  for await (const line of lines(transfer, ask, { format, left, signal, told })) {
    text += line;
    if (text.length < SQL_TEXT_BYTES) continue;
    yield Buffer.from(text);
    text = '';
  }
  told();
  yield Buffer.from(text);
}

async function* plainLines(
  { samples }: Transfer,
  ask: SamplesAsk,
  { format, signal }: ExportJob,
): AsyncGenerator<string, void, void> {
  if (format === 'csv') yield CSV_HEADER;
  const textOf: (page: SamplePage) => Iterable<string> = format === 'csv' ? csvText : jsonLines;
  for await (const page of samples.pages(ask, signal)) yield* textOf(page);
}

async function* families(
  transfer: Transfer,
  ask: SamplesAsk,
  { format, left, signal }: ExportJob,
): AsyncGenerator<string, void, void> {
  const own = format as 'prom' | 'openmetrics';
  for (const metric of await transfer.metrics(ask)) {
    const named: Matcher = { name: NAME, op: '=', value: metric };
    const selections = ask.selections.map((matchers) => [...matchers, named]);
    let lead = familyLine(metric, own);
    for await (const page of transfer.samples.pages({ ...ask, selections }, signal)) {
      for (const lines of expositionLines(page, own, left)) {
        if (lines === '') continue;
        yield lead + lines;
        lead = '';
      }
    }
  }
  if (own === 'openmetrics') yield '# EOF\n';
}
