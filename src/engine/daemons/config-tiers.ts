// `mon.tiers`: where samples go as they grow old, and back into words for `mon config show`. Easy
// to get wrong: secrets are read from files or the environment, never from the configuration
// itself; and a store is a folder or a bucket, not both.
import { formatDuration } from '../model/duration.ts';
import { COLD_CACHE_BYTES } from '../limits-cold.ts';
import type { S3Settings } from '../cold/s3-objects.ts';
import type { ColdStore, TierSettings } from './cold-options.ts';
import { compact } from './config-render-access.ts';
import { Section, words } from './config-reader.ts';

const DAY = 24 * 3_600_000;
const FIELDS = words('warm_dir warm_after cold_after store s3 archive archive_keep cache_size');
const S3_FIELDS = words('bucket region endpoint path_style prefix access_key_id secret_file');
/** Younger samples are still being rolled up and corrected. */
const COLD_AFTER_LEAST_MS = 2 * 3_600_000;

export function readTiers(mon: Section): TierSettings | undefined {
  const section = mon.section('tiers', FIELDS);
  if (section.node === null) return undefined;
  const warmAfterMs = section.duration('warm_after') ?? 7 * DAY;
  const coldAfterMs = section.duration('cold_after') ?? 90 * DAY;
  if (coldAfterMs < COLD_AFTER_LEAST_MS) {
    section.fail('cold_after', 'cold_after must be 2h or more');
  }
  if (section.text('warm_dir') !== undefined && coldAfterMs < warmAfterMs) {
    section.fail('cold_after', 'cold_after must not be below warm_after');
  }
  const archive = section.text('archive') ?? 'none';
  if (archive !== 'none' && archive !== 'raw') {
    section.fail('archive', 'archive is raw or none', 'raw keeps samples past their retention');
  }
  const store = readStore(section);
  if (archive === 'raw' && store === undefined) {
    section.fail('archive', 'archive: raw needs a store', 'write store: FOLDER, or s3:');
  }
  return {
    ...compactUndefined({ warmDir: section.path('warm_dir'), store }),
    ...{ warmAfterMs, coldAfterMs, archiveRaw: archive === 'raw' },
    archiveKeepMs: section.duration('archive_keep') ?? 730 * DAY,
    cacheBytes: section.bytes('cache_size') ?? COLD_CACHE_BYTES,
  };
}

function compactUndefined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined)) as T;
}

function readStore(tiers: Section): ColdStore | undefined {
  const folder = tiers.path('store');
  const section = tiers.section('s3', S3_FIELDS);
  if (section.node === null) return folder === undefined ? undefined : { folder };
  if (folder !== undefined) tiers.fail('s3', 'a store is a folder or a bucket, not both');
  const bucket = section.text('bucket') ?? tiers.fail('s3', 's3 needs a bucket');
  const endpoint = section.text('endpoint');
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) {
    section.fail('endpoint', 'no address of a store', 'write https://HOST:PORT');
  }
  const prefix = section.text('prefix');
  const key = section.text('access_key_id');
  const secret = section.path('secret_file');
  if ((key === undefined) !== (secret === undefined)) {
    tiers.fail('s3', 'access_key_id and secret_file belong together', HINT);
  }
  const s3: S3Settings = compactUndefined({
    ...{ bucket, region: section.text('region') ?? 'us-east-1', endpoint },
    pathStyle: section.bool('path_style') ?? endpoint !== undefined,
    prefix: prefix === undefined || prefix.endsWith('/') ? prefix : `${prefix}/`,
    ...{ accessKeyId: key, secretFile: secret },
  });
  return { s3 };
}

const HINT = 'without both the environment counts: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';

export function tierFields(tiers: TierSettings | undefined): object | undefined {
  if (tiers === undefined) return undefined;
  const { store } = tiers;
  return {
    ...compact({ warm_dir: tiers.warmDir }),
    warm_after: formatDuration(tiers.warmAfterMs),
    cold_after: formatDuration(tiers.coldAfterMs),
    ...(store !== undefined && 'folder' in store ? { store: store.folder } : {}),
    ...(store !== undefined && 's3' in store ? { s3: s3Fields(store.s3) } : {}),
    archive: tiers.archiveRaw ? 'raw' : 'none',
    archive_keep: formatDuration(tiers.archiveKeepMs),
    ...compact({ cache_size: `${tiers.cacheBytes}B` }),
  };
}

function s3Fields(s3: S3Settings): object {
  return compact({
    ...{ bucket: s3.bucket, region: s3.region, endpoint: s3.endpoint, path_style: s3.pathStyle },
    ...{ prefix: s3.prefix, access_key_id: s3.accessKeyId, secret_file: s3.secretFile },
  }) as object;
}
