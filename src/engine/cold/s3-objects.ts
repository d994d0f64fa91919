// An object store that is a bucket of S3, or of anything that speaks its protocol. Beside
// folder-objects.ts, under the same contract. Easy to get wrong: not every such store knows
// conditional requests, so absence is asked for first and nothing rests on the condition alone; a
// body that was cut off is no body; and what failed in passing is tried again here, not by callers.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { messageOf, MonError } from '../errors.ts';
import {
  COLD_PART_BYTES,
  OBJECT_REQUEST_MS,
  OBJECT_TRIES,
  OBJECT_WHOLE_BYTES_MAX,
} from '../limits-cold.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';

export interface S3Settings {
  readonly bucket: string;
  readonly region: string;
  /** `https://HOST:PORT` of another store than Amazon's. */
  readonly endpoint?: string;
  /** The bucket stands in the path, not in the name of the host. */
  readonly pathStyle?: boolean;
  /** Before all keys; ends with a slash, or empty. */
  readonly prefix?: string;
  /** Without them the environment's (AWS_ACCESS_KEY_ID, …) or the machine's role. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** A file that has the secret, read where the store is opened. */
  readonly secretFile?: string;
  /** For tests: how long one request may take, ms. */
  readonly requestMs?: number;
}

interface ServiceFailure {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

function statusOf(thrown: unknown): number {
  return (thrown as ServiceFailure | undefined)?.$metadata?.httpStatusCode ?? 0;
}

/** A store that does not know a condition answers so. */
const UNKNOWN_CONDITION = 501;

export class S3Objects implements ObjectStore {
  readonly #client: S3Client;
  readonly #settings: S3Settings;
  #conditions = true;

  constructor(settings: S3Settings) {
    const { region, endpoint, pathStyle = false, accessKeyId, secretAccessKey } = settings;
    const { requestMs = OBJECT_REQUEST_MS } = settings;
    const known = accessKeyId !== undefined && secretAccessKey !== undefined;
    this.#settings = settings;
    this.#client = new S3Client({
      region,
      forcePathStyle: pathStyle,
      maxAttempts: OBJECT_TRIES,
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: requestMs,
        requestTimeout: requestMs,
        throwOnRequestTimeout: true,
      },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(known ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    });
  }

  #place(key: string): { Bucket: string; Key: string } {
    const { bucket, prefix = '' } = this.#settings;
    return { Bucket: bucket, Key: prefix + key };
  }

  async putIfAbsent(key: string, parts: AsyncIterable<Uint8Array>): Promise<boolean> {
    if (await this.#exists(key)) return false;
    let held: Uint8Array[] = [];
    let size = 0;
    let upload: Upload | undefined;
    try {
      for await (const part of parts) {
        held.push(part.slice());
        size += part.length;
        const least = upload === undefined ? OBJECT_WHOLE_BYTES_MAX : COLD_PART_BYTES;
        if (size < least) continue;
        upload ??= await this.#begin(key);
        await this.#part(key, upload, Buffer.concat(held));
        held = [];
        size = 0;
      }
      if (upload === undefined) return await this.#whole(key, Buffer.concat(held));
      if (size > 0) await this.#part(key, upload, Buffer.concat(held));
      return await this.#complete(key, upload);
    } catch (thrown) {
      if (upload !== undefined) await this.#abort(key, upload);
      throw failure(thrown, 'put', key);
    }
  }

  async #exists(key: string): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand(this.#place(key)));
      return true;
    } catch (thrown) {
      if (statusOf(thrown) === 404) return false;
      throw failure(thrown, 'look for', key);
    }
  }

  /** Runs a request with the condition that nothing is there; false when something is. */
  async #conditionally(send: (condition: { IfNoneMatch?: string }) => Promise<unknown>) {
    for (;;) {
      try {
        await send(this.#conditions ? { IfNoneMatch: '*' } : {});
        return true;
      } catch (thrown) {
        const status = statusOf(thrown);
        if (status === 412 || status === 409) return false;
        if (status !== UNKNOWN_CONDITION || !this.#conditions) throw thrown;
        this.#conditions = false;
      }
    }
  }

  #whole(key: string, Body: Uint8Array): Promise<boolean> {
    const place = this.#place(key);
    return this.#conditionally((condition) =>
      this.#client.send(new PutObjectCommand({ ...place, ...condition, Body })),
    );
  }

  async #begin(key: string): Promise<Upload> {
    const made = await this.#client.send(new CreateMultipartUploadCommand(this.#place(key)));
    return { id: made.UploadId ?? '', parts: [] };
  }

  async #part(key: string, upload: Upload, Body: Uint8Array): Promise<void> {
    const PartNumber = upload.parts.length + 1;
    const place = { ...this.#place(key), UploadId: upload.id };
    const { $metadata: _, ...done } = await this.#client.send(
      new UploadPartCommand({ ...place, PartNumber, Body }),
    );
    const { ETag, ChecksumCRC32 } = done;
    upload.parts.push({ ETag, ChecksumCRC32, PartNumber });
  }

  #complete(key: string, { id, parts }: Upload): Promise<boolean> {
    const all = { ...this.#place(key), UploadId: id, MultipartUpload: { Parts: parts } };
    return this.#conditionally((condition) =>
      this.#client.send(new CompleteMultipartUploadCommand({ ...all, ...condition })),
    );
  }

  /** The store keeps parts of an upload that nobody ends; that it cannot be told is no failure. */
  async #abort(key: string, { id }: Upload): Promise<void> {
    const place = { ...this.#place(key), UploadId: id };
    await this.#client.send(new AbortMultipartUploadCommand(place)).catch(() => undefined);
  }

  async getRange(key: string, position: number, length: number): Promise<Uint8Array> {
    if (length <= 0) return new Uint8Array(0);
    const Range = `bytes=${position}-${position + length - 1}`;
    for (let attempt = 1; ; attempt++) {
      try {
        const got = await this.#client.send(new GetObjectCommand({ ...this.#place(key), Range }));
        const bytes = (await got.Body?.transformToByteArray()) ?? new Uint8Array(0);
        if (bytes.length !== got.ContentLength) throw new Error('the body was cut off');
        // A store that does not know ranges sends all of it, and some send more than was asked for.
        const from = got.ContentRange === undefined ? position : 0;
        return bytes.subarray(from, from + length);
      } catch (thrown) {
        const status = statusOf(thrown);
        if (status === 416) return new Uint8Array(0);
        // The client tries requests again, but not bodies.
        if (status !== 0 || attempt === OBJECT_TRIES) throw failure(thrown, 'read', key);
      }
    }
  }

  async list(prefix: string): Promise<readonly ObjectInfo[]> {
    const { Bucket, Key: Prefix } = this.#place(prefix);
    const own = (this.#settings.prefix ?? '').length;
    const found: ObjectInfo[] = [];
    let ContinuationToken: string | undefined;
    try {
      do {
        const asked = { Bucket, Prefix, Delimiter: '/', ContinuationToken };
        const page = await this.#client.send(new ListObjectsV2Command(asked));
        for (const { Key, Size } of page.Contents ?? []) {
          if (Key !== undefined && Key !== Prefix) {
            found.push({ key: Key.slice(own), bytes: Size ?? 0 });
          }
        }
        ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (ContinuationToken !== undefined);
    } catch (thrown) {
      throw failure(thrown, 'list', prefix);
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async remove(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#place(key)));
    } catch (thrown) {
      if (statusOf(thrown) !== 404) throw failure(thrown, 'remove', key);
    }
  }
}

interface Upload {
  readonly id: string;
  readonly parts: { ETag?: string; ChecksumCRC32?: string; PartNumber: number }[];
}

/** What went wrong, as one of the closed list. */
function failure(thrown: unknown, what: string, key: string): Error {
  if (thrown instanceof MonError) return thrown;
  const status = statusOf(thrown);
  const words = `object store: cannot ${what} ${key}: ${messageOf(thrown)}`;
  const more = { cause: thrown, fields: { object: key } };
  if (status === 404) return new MonError('MON_NOT_FOUND', `object ${key}: not there`, more);
  if (status === 401 || status === 403) {
    const hint = 'check the credentials, the bucket and its policy';
    return new MonError('MON_AUTH_REQUIRED', words, { ...more, hint });
  }
  if (status >= 500 || status === 429) return new MonError('MON_SERVER_FAILED', words, more);
  if (status === 0) return new MonError('MON_SERVER_UNREACHABLE', words, more);
  return new MonError('MON_SERVER_FAILED', words, more);
}
