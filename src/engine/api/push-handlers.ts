// The doors of pushed samples: remote write, the seed's JSON, exposition text. The body goes to the
// Intake as it came; 2xx means durable. Easy to get wrong: a refusal for the data's fault is told
// only after the rest is stored, and never with a status that makes the sender send it all again.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { MonError } from '../errors.ts';
import { BODY_BYTES_MAX, BODY_COMPRESSED_BYTES_MAX } from '../limits.ts';
import type { PushOutcome } from '../ports.ts';
import { isCrossSite } from './access.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused } from './failure-status.ts';
import { JSON_TYPE, TEXT_TYPE, errorJson, sendWhole } from './respond.ts';

const gunzipped = promisify(gunzip);
const EXPOSITION_TYPES = ['text/plain', 'application/openmetrics-text'];

/**
 * POST /api/v1/write: remote write 1.0 and 2.0, told apart by the content type. What was written is
 * counted in headers, as 2.0 wants it.
 */
export async function remoteWrite(call: Call, parts: ApiParts): Promise<void> {
  refuseCrossSite(call);
  const second = checkRemoteWrite(call);
  const { intake } = parts;
  const outcome = await call.withBody(BODY_COMPRESSED_BYTES_MAX, (bytes) =>
    second ? intake.remoteWrite2(bytes) : intake.remoteWrite(bytes),
  );
  if (second) {
    const { histograms = 0 } = outcome;
    const written = { Samples: outcome.accepted - histograms, Histograms: histograms };
    for (const [what, count] of Object.entries({ ...written, Exemplars: 0 })) {
      call.response.setHeader(`X-Prometheus-Remote-Write-${what}-Written`, String(count));
    }
  }
  if (outcome.refused === 0) {
    call.response.writeHead(204).end();
  } else {
    await sendWhole(call.response, call.head(400, TEXT_TYPE), `${refusedWords(outcome)}\n`);
  }
}

/** POST /metrics: the seed's `{"metrics": …, "labels": {…}}`. */
export async function pushJson(call: Call, parts: ApiParts): Promise<void> {
  refuseCrossSite(call);
  if (call.mediaType() !== JSON_TYPE) {
    const hint = 'for exposition text use POST /api/v1/push';
    throw unsupported(`the content type has to be ${JSON_TYPE}`, hint);
  }
  const outcome = await plainBody(call, (bytes) => parts.intake.json(bytes));
  await sendOutcome(call, outcome);
}

/** POST /api/v1/push: exposition text, Prometheus' or OpenMetrics'. */
export async function pushExposition(call: Call, parts: ApiParts): Promise<void> {
  refuseCrossSite(call);
  const media = call.mediaType();
  if (media !== '' && !EXPOSITION_TYPES.includes(media)) {
    const hint = media === JSON_TYPE ? 'for JSON use POST /metrics' : undefined;
    throw unsupported(`the content type has to be ${EXPOSITION_TYPES.join(' or ')}`, hint);
  }
  const type = call.header('content-type') || 'text/plain';
  const outcome = await plainBody(call, (bytes) => parts.intake.exposition(bytes, type));
  await sendOutcome(call, outcome);
}

export async function sendOutcome(call: Call, outcome: PushOutcome): Promise<void> {
  const { accepted, refused, reasons, examples } = outcome;
  if (refused === 0) {
    const body = JSON.stringify({ status: 'success', accepted, refused, reasons });
    return sendWhole(call.response, call.head(200, JSON_TYPE), body);
  }
  const refusal = { status: 400, errorType: 'bad_data', error: refusedWords(outcome) };
  const body = errorJson(refusal, { accepted, refused, reasons, examples });
  return sendWhole(call.response, call.head(400, JSON_TYPE), body);
}

function refusedWords({ accepted, refused, reasons, examples }: PushOutcome): string {
  const counts = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
  const why = counts.length > 0 ? ` (${counts.join(', ')})` : '';
  const head = `${refused} of ${accepted + refused} samples were refused${why}`;
  const rest = accepted > 0 ? '; the rest is stored' : '';
  return [`${head}${rest}.`, ...examples].join(' ');
}

/** Hands on a body that may be packed with gzip. */
export function plainBody(
  call: Call,
  use: (bytes: Buffer) => Promise<PushOutcome>,
): Promise<PushOutcome> {
  codingOf(call);
  return call.withBody(BODY_COMPRESSED_BYTES_MAX, async (bytes) =>
    use(await unzipped(call, bytes)),
  );
}

function codingOf(call: Call): string {
  const coding = call.header('content-encoding').trim().toLowerCase();
  if (coding !== '' && coding !== 'identity' && coding !== 'gzip') {
    throw unsupported(`the content encoding ${coding} is not known here; gzip is`);
  }
  return coding;
}

/** The body without the packing that its header names. */
export async function unzipped(call: Call, bytes: Buffer): Promise<Buffer> {
  return codingOf(call) === 'gzip' ? await unzip(bytes) : bytes;
}

async function unzip(bytes: Buffer): Promise<Buffer> {
  try {
    return await gunzipped(bytes, { maxOutputLength: BODY_BYTES_MAX });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      const words = `the body unpacks to more than ${BODY_BYTES_MAX} bytes`;
      throw new MonError('MON_BODY_TOO_LARGE', words, { cause });
    }
    throw new MonError('MON_BODY_MALFORMED', 'the body is not gzip, or only a part of it', {
      cause,
    });
  }
}

/**
 * Remote write in snappy; a header that is missing means version 1.0, as with Prometheus. Answers
 * whether it is version 2.0.
 */
function checkRemoteWrite(call: Call): boolean {
  const type = call.header('content-type');
  const message = type === '' ? VERSION_1 : messageOf(type);
  if (message !== VERSION_1 && message !== VERSION_2) {
    const hint = `remote write 1.0 and 2.0 are: application/x-protobuf;proto=${VERSION_2}`;
    throw unsupported(`${type} is not accepted here`, hint);
  }
  const coding = call.header('content-encoding');
  if (coding !== '' && coding !== 'snappy') {
    throw unsupported(
      `${coding} encoding (compression) is not accepted by this server; only snappy is acceptable`,
    );
  }
  return message === VERSION_2;
}

const VERSION_1 = 'prometheus.WriteRequest';
const VERSION_2 = 'io.prometheus.write.v2.Request';

/** The message that a content type names; without a word it is that of version 1.0. */
function messageOf(type: string): string | undefined {
  const [media, ...params] = type.split(';').map((part) => part.trim());
  if (media.toLowerCase() !== 'application/x-protobuf') return undefined;
  const named = params.find((param) => /^proto=/i.test(param))?.slice('proto='.length);
  if (named === undefined) return VERSION_1;
  return [VERSION_1, VERSION_2].find((known) => known.toLowerCase() === named.toLowerCase());
}

export function refuseCrossSite(call: Call): void {
  if (!isCrossSite(call.request)) return;
  const error = 'a page of another site may not push samples';
  throw new Refused({ status: 403, errorType: 'forbidden', error });
}

export function unsupported(error: string, hint?: string): Refused {
  return new Refused({ status: 415, errorType: 'bad_data', error, ...(hint ? { hint } : {}) });
}
