// Pushes of other houses: OTLP over HTTP and Influx line protocol. A decoder brings the body into
// the form of remote write, and the door takes it from there. Easy to get wrong: each protocol has
// its own word for "some of it was not taken", and must not be made to send all of it again.
import type { PushOutcome } from '../ports.ts';
import { fromCollectd } from '../wire/collectd-json.ts';
import { fromInfluxLines, influxUnit } from '../wire/influx-line.ts';
import { readOtlpJson } from '../wire/otlp-json.ts';
import { readOtlpProtobuf } from '../wire/otlp-protobuf.ts';
import { fromOtlp } from '../wire/otlp.ts';
import { WritePen } from '../wire/write-pen.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import type { Refusal } from './failure-status.ts';
import { Refused, refusalOf } from './failure-status.ts';
import { plainBody, refuseCrossSite, unsupported } from './push-handlers.ts';
import { JSON_TYPE, sendWhole } from './respond.ts';

const PROTOBUF_TYPE = 'application/x-protobuf';

/** What was not taken, by the decoder or by the door. */
interface Partial {
  readonly refused: number;
  readonly words: string;
}

/** Pens that nobody uses: what they grew to is not made anew for each request. */
const pens: WritePen[] = [];
const PENS_MAX = 4;
/** A pen that grew past it is let go. */
const PEN_BYTES_MAX = 16 * 1024 * 1024;

async function withPen<T>(work: (pen: WritePen) => Promise<T>): Promise<T> {
  const pen = pens.pop() ?? new WritePen();
  pen.clear();
  try {
    return await work(pen);
  } finally {
    if (pens.length < PENS_MAX && pen.written.length <= PEN_BYTES_MAX) pens.push(pen);
  }
}

function joined(
  decoded: { readonly refused: number; readonly examples: readonly string[] },
  outcome: PushOutcome,
): Partial {
  const words = [...decoded.examples, ...outcome.examples].join('; ');
  return { refused: decoded.refused + outcome.refused, words };
}

/** POST /api/v1/otlp/v1/metrics, and /v1/metrics as OTLP has it. */
export async function pushOtlp(call: Call, parts: ApiParts): Promise<void> {
  refuseCrossSite(call);
  const media = call.mediaType();
  if (media !== PROTOBUF_TYPE && media !== JSON_TYPE) {
    throw unsupported(`the content type has to be ${PROTOBUF_TYPE} or ${JSON_TYPE}`);
  }
  try {
    await takeOtlp(call, parts, media);
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    throw refusal.bug === true
      ? thrown
      : new Refused({ ...refusal, answer: status(refusal, media) });
  }
}

async function takeOtlp(call: Call, parts: ApiParts, media: string): Promise<void> {
  let partial: Partial = { refused: 0, words: '' };
  await plainBody(call, (bytes) =>
    withPen(async (pen) => {
      const resources = media === JSON_TYPE ? readOtlpJson(bytes) : readOtlpProtobuf(bytes, true);
      const counts = fromOtlp(resources, pen, parts.clock.now());
      const outcome = await parts.intake.writeRequest(pen.written);
      partial = joined(counts, outcome);
      return outcome;
    }),
  );
  const { refused, words } = partial;
  if (media === JSON_TYPE) {
    const told = { rejectedDataPoints: String(refused), errorMessage: words };
    const body = refused === 0 ? '{}' : JSON.stringify({ partialSuccess: told });
    return sendWhole(call.response, call.head(200, JSON_TYPE), body);
  }
  const body = refused === 0 ? new Uint8Array(0) : partialSuccess(refused, words);
  call.response.writeHead(200, {
    'Content-Type': PROTOBUF_TYPE,
    'Content-Length': String(body.length),
  });
  call.response.end(body);
}

/** google.rpc.Code of an HTTP status that is answered here; UNKNOWN for the rest. */
const RPC_CODES: ReadonlyMap<number, number> = new Map([
  ...([400, 413, 415].map((one) => [one, 3]) as [number, number][]),
  ...([429, 503].map((one) => [one, 14]) as [number, number][]),
  [500, 13],
]);

/** A google.rpc.Status (code 1, message 2), which OTLP over HTTP answers to what failed. */
function status({ status: http, error, hint }: Refusal, media: string) {
  const code = RPC_CODES.get(http) ?? 2;
  const message = hint === undefined ? error : `${error}; ${hint}`;
  if (media === JSON_TYPE) {
    return { type: JSON_TYPE, bytes: Buffer.from(JSON.stringify({ code, message })) };
  }
  const text = Buffer.from(message);
  const head = Buffer.of(0x08, code, 0x12, ...varint(text.length));
  return { type: PROTOBUF_TYPE, bytes: Buffer.concat([head, text]) };
}

/** ExportMetricsServiceResponse with partial_success: rejected_data_points 1, error_message 2. */
function partialSuccess(refused: number, words: string): Uint8Array {
  const text = Buffer.from(words);
  const inner = Buffer.concat([
    Buffer.of(0x08, ...varint(refused)),
    Buffer.of(0x12, ...varint(text.length)),
    text,
  ]);
  return Buffer.concat([Buffer.of(0x0a, ...varint(inner.length)), inner]);
}

function varint(value: number): number[] {
  const out: number[] = [];
  for (; value > 0x7f; value >>>= 7) out.push((value & 0x7f) | 0x80);
  return [...out, value];
}

/** POST /write and /api/v2/write: Influx line protocol of versions 1 and 2. */
export async function pushInflux(call: Call, parts: ApiParts): Promise<void> {
  refuseCrossSite(call);
  const params = new URLSearchParams(call.search);
  const precision = params.get('precision') ?? '';
  if (influxUnit(precision) === undefined) {
    return influxError(call, 'unknown precision; ns, us, ms, s, m and h are known');
  }
  const database = params.get('db') ?? params.get('bucket') ?? '';
  const options = { precision, receivedMs: parts.clock.now(), database };
  let partial: Partial = { refused: 0, words: '' };
  await plainBody(call, (bytes) =>
    withPen(async (pen) => {
      const counts = fromInfluxLines(bytes, pen, options);
      const outcome = await parts.intake.writeRequest(pen.written);
      partial = joined(counts, outcome);
      return outcome;
    }),
  );
  if (partial.refused === 0) {
    call.response.writeHead(204).end();
    return;
  }
  await influxError(call, `partial write: ${partial.words} dropped=${partial.refused}`);
}

/**
 * POST /api/v1/push/collectd, and /collectd-post as collectd_exporter has it: the JSON of
 * collectd's write_http.
 */
export async function pushCollectd(call: Call, parts: ApiParts): Promise<void> {
  refuseCrossSite(call);
  if (call.mediaType() !== JSON_TYPE) {
    throw unsupported(`the content type has to be ${JSON_TYPE}: write_http with Format "JSON"`);
  }
  let partial: Partial = { refused: 0, words: '' };
  const receivedMs = parts.clock.now();
  const outcome = await plainBody(call, (bytes) =>
    withPen(async (pen) => {
      const counts = fromCollectd(bytes, pen, receivedMs);
      const taken = await parts.intake.writeRequest(pen.written);
      partial = joined(counts, taken);
      return taken;
    }),
  );
  const { refused, words } = partial;
  const { accepted } = outcome;
  const status = refused === 0 ? 200 : 400;
  const told = refused === 0 ? { accepted } : { accepted, refused, error: words };
  await sendWhole(call.response, call.head(status, JSON_TYPE), JSON.stringify(told));
}

function influxError(call: Call, error: string): Promise<void> {
  const body = JSON.stringify({ code: 'invalid', message: error, error });
  return sendWhole(call.response, call.head(400, JSON_TYPE), body);
}

/** GET /ping: Influx clients ask it before they write. */
export async function influxPing(call: Call): Promise<void> {
  call.response.writeHead(204, { 'X-Influxdb-Version': '1.8.0' }).end();
}

/** POST /query of Influx: clients send `CREATE DATABASE`; there is nothing to create. */
export async function influxQuery(call: Call): Promise<void> {
  const text = (await call.params()).get('q') ?? '';
  if (!/^\s*create\s+database\s/i.test(text)) {
    const error = 'InfluxQL is not spoken here; ask in PromQL at /api/v1/query';
    throw new Refused({ status: 400, errorType: 'bad_data', error });
  }
  await sendWhole(call.response, call.head(200, JSON_TYPE), '{"results":[{"statement_id":0}]}');
}
