// A strict stand-in for S3: verifies every signature (AWS Signature Version 4, by Amazon's
// "Signature calculations for the Authorization header") and every checksum, pages lists, honours
// Range and If-None-Match, takes uploads in parts, and hurts what it is told to hurt. Easy to get
// wrong: a request that is not signed as it should be must never do anything.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';

/** What happens to a request instead of its answer. */
export type Fault = 500 | 503 | 'slow' | 'cut' | 'drop' | 'flip' | undefined;

export interface Asked {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
}

export interface FakeS3Options {
  readonly bucket?: string;
  readonly region?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** Keys of a page of a list. */
  readonly page?: number;
  /** False: conditions are taken no notice of, as some stores do; 501: they are refused. */
  readonly conditions?: boolean | 501;
}

const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** As the signature wants texts escaped. */
function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

export class FakeS3 {
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, { key: string; parts: Map<number, Buffer> }>();
  /** Every request that was signed well, in order. */
  readonly asked: Asked[] = [];
  refused = 0;
  fault: (asked: Asked) => Fault = () => undefined;
  readonly #options: Required<FakeS3Options>;
  #server: Server | undefined;
  #uploads = 0;

  constructor(options: FakeS3Options = {}) {
    this.#options = {
      ...{ bucket: 'samples', region: 'eu-test-1', accessKeyId: 'AKIATEST' },
      ...{ secretAccessKey: 'secret/of+tests', page: 3, conditions: true },
      ...options,
    };
  }

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      void this.#serve(request, response);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** What a client of this store is told. */
  settings(endpoint: string): {
    readonly bucket: string;
    readonly region: string;
    readonly endpoint: string;
    readonly pathStyle: boolean;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  } {
    const { bucket, region, accessKeyId, secretAccessKey } = this.#options;
    return { bucket, region, endpoint, pathStyle: true, accessKeyId, secretAccessKey };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://store');
    try {
      this.#verify(request, url, body);
      const [, bucket, ...rest] = url.pathname.split('/');
      if (decodeURIComponent(bucket) !== this.#options.bucket)
        throw new Refused(404, 'NoSuchBucket');
      const key = rest.map(decodeURIComponent).join('/');
      const asked = { method: request.method ?? '', key, query: url.searchParams };
      this.asked.push(asked);
      const fault = this.fault(asked);
      if (fault === 500) throw new Refused(500, 'InternalError');
      if (fault === 503) throw new Refused(503, 'SlowDown');
      if (fault === 'drop') return void response.destroy();
      if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, 400));
      this.#answer(asked, { request, response, body, fault });
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      this.refused++;
      response.statusCode = thrown.status;
      response.setHeader('content-type', 'application/xml');
      const text = `<Error><Code>${thrown.code}</Code><Message>${thrown.code}</Message></Error>`;
      response.end(request.method === 'HEAD' ? undefined : text);
    }
  }

  #verify(request: IncomingMessage, url: URL, body: Buffer): void {
    const { region, accessKeyId, secretAccessKey } = this.#options;
    const found =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
        request.headers.authorization ?? '',
      );
    if (found === null) throw new Refused(403, 'AccessDenied');
    const [, id, day, where, names, signature] = found;
    if (id !== accessKeyId || where !== region) throw new Refused(403, 'InvalidAccessKeyId');
    const hash = String(request.headers['x-amz-content-sha256']);
    if (hash !== sha256(body)) throw new Refused(400, 'XAmzContentSHA256Mismatch');
    const list = names.split(';');
    for (const needed of ['host', 'x-amz-content-sha256', 'x-amz-date']) {
      if (!list.includes(needed)) throw new Refused(403, 'AccessDenied');
    }
    const query = [...url.searchParams]
      .map(([name, value]) => [escaped(name), escaped(value)])
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const canonical = [
      request.method,
      url.pathname
        .split('/')
        .map((part) => escaped(decodeURIComponent(part)))
        .join('/'),
      query.map(([name, value]) => `${name}=${value}`).join('&'),
      ...list.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
      '',
      names,
      hash,
    ].join('\n');
    const date = String(request.headers['x-amz-date']);
    const scope = `${day}/${region}/s3/aws4_request`;
    const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
    let key = hmac(`AWS4${secretAccessKey}`, day);
    for (const part of [region, 's3', 'aws4_request']) key = hmac(key, part);
    if (hmac(key, text).toString('hex') !== signature) {
      throw new Refused(403, 'SignatureDoesNotMatch');
    }
    const sent = request.headers['x-amz-checksum-crc32'];
    if (sent === undefined) return;
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    if (sum.toString('base64') !== sent) throw new Refused(400, 'BadDigest');
  }

  #answer(asked: Asked, at: At): void {
    const { method, key, query } = asked;
    if (method === 'GET' && query.get('list-type') === '2') return this.#list(query, at.response);
    if (key === '') throw new Refused(501, 'NotImplemented');
    if (method === 'POST' && query.has('uploads')) return this.#begin(key, at.response);
    const upload = query.get('uploadId');
    if (upload !== null) return this.#parts(asked, upload, at);
    if (method === 'GET' || method === 'HEAD') return this.#get(key, at);
    if (method === 'PUT') {
      this.#condition(key, at.request);
      this.objects.set(key, at.body);
      return void at.response.setHeader('etag', `"${sha256(at.body).slice(0, 32)}"`).end();
    }
    if (method !== 'DELETE') throw new Refused(405, 'MethodNotAllowed');
    this.objects.delete(key);
    at.response.statusCode = 204;
    at.response.end();
  }

  #condition(key: string, request: IncomingMessage): void {
    const { conditions } = this.#options;
    const wanted = request.headers['if-none-match'];
    if (wanted === undefined || conditions === false) return;
    if (conditions === 501) throw new Refused(501, 'NotImplemented');
    if (wanted === '*' && this.objects.has(key)) throw new Refused(412, 'PreconditionFailed');
  }

  #get(key: string, { request, response, fault }: At): void {
    const whole = this.objects.get(key);
    if (whole === undefined) throw new Refused(404, 'NoSuchKey');
    let bytes = whole;
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (range !== null) {
      const [from, to] = [Number(range[1]), Math.min(Number(range[2]), whole.length - 1)];
      if (from >= whole.length) throw new Refused(416, 'InvalidRange');
      bytes = whole.subarray(from, to + 1);
      response.statusCode = 206;
      response.setHeader('content-range', `bytes ${from}-${to}/${whole.length}`);
    }
    response.setHeader('content-length', bytes.length);
    if (request.method === 'HEAD') return void response.end();
    if (fault === 'flip') {
      bytes = Buffer.from(bytes);
      bytes[bytes.length >> 1] ^= 4;
    }
    if (fault !== 'cut') return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const prefix = query.get('prefix') ?? '';
    const delimiter = query.get('delimiter');
    const after = query.get('continuation-token') ?? '';
    const all = [...this.objects.keys()].filter((key) => {
      if (!key.startsWith(prefix) || key <= after) return false;
      return delimiter === null || !key.slice(prefix.length).includes(delimiter);
    });
    const keys = all.sort().slice(0, this.#options.page);
    const more = all.length > keys.length;
    const rows = keys.map((key) => {
      const size = this.objects.get(key)?.length ?? 0;
      return `<Contents><Key>${xmlText(key)}</Key><Size>${size}</Size></Contents>`;
    });
    const next = `<NextContinuationToken>${xmlText(keys.at(-1) ?? '')}</NextContinuationToken>`;
    response.setHeader('content-type', 'application/xml');
    response.end(
      `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>` +
        `${more ? next : ''}${rows.join('')}</ListBucketResult>`,
    );
  }

  #begin(key: string, response: ServerResponse): void {
    const id = `upload-${++this.#uploads}`;
    this.uploads.set(id, { key, parts: new Map() });
    response.setHeader('content-type', 'application/xml');
    response.end(
      `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  }

  #parts({ method, key, query }: Asked, id: string, { request, response, body }: At): void {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key) throw new Refused(404, 'NoSuchUpload');
    if (method === 'DELETE') {
      this.uploads.delete(id);
      response.statusCode = 204;
      return void response.end();
    }
    if (method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body);
      return void response.setHeader('etag', `"${sha256(body).slice(0, 32)}"`).end();
    }
    this.#condition(key, request);
    const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)];
    const parts = numbers.map(([, number]) => upload.parts.get(Number(number)));
    const short = parts.slice(0, -1).some((part) => (part?.length ?? 0) < 5 * 1024 * 1024);
    if (parts.includes(undefined) || short) throw new Refused(400, 'InvalidPart');
    this.objects.set(key, Buffer.concat(parts as Buffer[]));
    this.uploads.delete(id);
    response.setHeader('content-type', 'application/xml');
    response.end('<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>');
  }
}

interface At {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly fault: Fault;
}
