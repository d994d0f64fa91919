// POST /api/v1/import: samples from a file, a piece at a time, through the same door as all that is
// pushed. What stands already stays, so a piece may come twice. Easy to get wrong: what one line
// does wrong is told and costs that line only, and the answer comes when the rest is durable.
import { MonError } from '../errors.ts';
import { BODY_COMPRESSED_BYTES_MAX } from '../limits.ts';
import { IMPORT_FILE_BYTES_MAX, IMPORT_REQUEST_SAMPLES } from '../limits-sql.ts';
import type { Intake, PushOutcome } from '../ports.ts';
import type { LineFaults } from '../wire/import-lines.ts';
import { linesToBodies } from '../wire/import-lines.ts';
import { framesIn } from '../wire/remote-write-frames.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { formatParam, transferOf, TYPES } from './export-handler.ts';
import { refuseCrossSite, sendOutcome } from './push-handlers.ts';

const EXAMPLES_MAX = 5;

/** The outcomes of several bodies as one. */
class Sum {
  accepted = 0;
  refused = 0;
  readonly reasons = Object.create(null) as Record<string, number>;
  readonly examples: string[] = [];

  add({ accepted, refused, reasons, examples }: PushOutcome): void {
    this.accepted += accepted;
    this.refused += refused;
    for (const [reason, count] of Object.entries(reasons)) this.#count(reason, count);
    for (const one of examples) if (this.examples.length < EXAMPLES_MAX) this.examples.push(one);
  }

  addFaults({ lines, examples }: LineFaults): void {
    if (lines === 0) return;
    this.refused += lines;
    this.#count('unreadable lines', lines);
    this.examples.unshift(...examples);
  }

  #count(reason: string, count: number): void {
    this.reasons[reason] = (this.reasons[reason] ?? 0) + count;
  }
}

/** ?format=; the body is a piece of a file, for Parquet the whole file. */
export async function importSamples(call: Call, parts: ApiParts): Promise<void> {
  refuseCrossSite(call);
  const format = formatParam(new URLSearchParams(call.search));
  const sum = new Sum();
  if (format === 'parquet') {
    await parquet(call, parts, sum);
  } else {
    await call.withBody(BODY_COMPRESSED_BYTES_MAX, async (bytes) => {
      if (format === 'csv' || format === 'jsonl') await lines(parts.intake, bytes, format, sum);
      else if (format === 'remote-write') await frames(parts.intake, bytes, sum);
      else sum.add(await parts.intake.exposition(bytes, TYPES[format]));
    });
  }
  await sendOutcome(call, sum);
}

async function lines(
  intake: Intake,
  bytes: Buffer,
  format: 'csv' | 'jsonl',
  sum: Sum,
): Promise<void> {
  const faults: LineFaults = { lines: 0, examples: [] };
  const text = bytes.toString('utf8');
  for (const body of linesToBodies(text, format, IMPORT_REQUEST_SAMPLES, faults)) {
    sum.add(await intake.writeRequest(body));
  }
  sum.addFaults(faults);
}

async function frames(intake: Intake, bytes: Buffer, sum: Sum): Promise<void> {
  for (const body of framesIn(bytes)) sum.add(await intake.remoteWrite(body));
}

async function parquet(call: Call, parts: ApiParts, sum: Sum): Promise<void> {
  const transfer = transferOf(parts);
  const asker = { user: call.user, signal: call.gone() };
  const bodies = await transfer.readParquet(bounded(call), asker);
  for await (const body of bodies) sum.add(await parts.intake.writeRequest(body));
}

async function* bounded({ request }: Call): AsyncGenerator<Uint8Array, void, void> {
  let size = 0;
  for await (const page of request as AsyncIterable<Buffer>) {
    size += page.length;
    if (size > IMPORT_FILE_BYTES_MAX) {
      const words = `the file has more than ${IMPORT_FILE_BYTES_MAX} bytes`;
      throw new MonError('MON_BODY_TOO_LARGE', words);
    }
    yield page;
  }
}
