// Every bound of the system with its unit and its reason. Past a bound there is a clear error to the
// one who caused it. The constants check one another when this file is loaded.
import { assert } from './errors.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Push bodies: as large as a Prometheus sender's batch of 10,000 samples with 1.5 kB each. */
export const BODY_COMPRESSED_BYTES_MAX = 16 * MIB;
/** Checked against the declared length before anything is inflated (bombs). */
export const BODY_BYTES_MAX = 64 * MIB;
/** One scrape: VictoriaMetrics' -promscrape.maxScrapeSize. */
export const SCRAPE_BYTES_MAX = 16 * MIB;
export const SCRAPE_SAMPLES_MAX = 1_000_000;

/** Labels of one series, __name__ included: the seed's 20 and room for what relabelling adds. */
export const LABELS_MAX = 32;
export const LABEL_NAME_BYTES_MAX = 1 * KIB;
export const LABEL_VALUE_BYTES_MAX = 4 * KIB;

/** A sample further ahead of the collector's clock is refused. */
export const FUTURE_MS_MAX = 10 * MINUTE;
/** Up to here behind its receive time a sample is late; older is backfill. */
export const LATE_MS_MAX = 15 * MINUTE;
/** Raw retention at home. */
export const RETENTION_RAW_MS = 15 * DAY;

/** Default partitions of the embedded log: room for four shard workers without a new generation. */
export const EMBEDDED_PARTITIONS = 4;
/** A commit starts when the last has returned, at the latest after this. */
export const COMMIT_DELAY_MS_MAX = 20;
export const LOG_SEGMENT_BYTES = 128 * MIB;
/** One record: a batch of one partition. Larger batches are cut by the collector. */
export const RECORD_BYTES_MAX = 4 * MIB;
/** What waits for the next commit; past it appends are answered 503. */
export const LOG_PENDING_BYTES_MAX = 64 * MIB;
/** Free disk below which the log takes nothing: the checkpoint must still fit. */
export const DISK_FREE_BYTES_MIN = 64 * MIB;

/** Samples in a Gorilla chunk: Prometheus' number; more would make late inserts dearer. */
export const CHUNK_SAMPLES_MAX = 120;
export const TICK_MS = 1 * SECOND;
/** A checkpoint is due after so much log or so much time, whichever is first. */
export const CHECKPOINT_LOG_BYTES = 256 * MIB;
export const CHECKPOINT_MS = 10 * MINUTE;

export const LOOKBACK_MS = 5 * MINUTE;
export const QUERY_TIMEOUT_MS = 30 * SECOND;
export const QUERY_CONCURRENT_PER_USER = 10;
export const QUERY_SAMPLES_MAX = 50_000_000;
export const QUERY_SERIES_MAX = 500_000;
/** Points of one series in a range answer: Prometheus refuses above 11,000. */
export const QUERY_STEPS_MAX = 11_000;
export const QUERY_BYTES_MAX = 64 * KIB;
/** Nesting of a query: deeper would only exhaust the stack. */
export const QUERY_DEPTH_MAX = 200;

export const SCRAPE_INTERVAL_MS = 10 * SECOND;
export const SCRAPE_TIMEOUT_MS = 5 * SECOND;

/** The seed's push interface sends at most this many metrics in a body. */
export const JSON_METRICS_MAX = 10_000;

assert(BODY_COMPRESSED_BYTES_MAX < BODY_BYTES_MAX, 'a body shrinks when it is compressed');
assert(RECORD_BYTES_MAX < LOG_SEGMENT_BYTES, 'a record fits in a segment');
assert(LOG_PENDING_BYTES_MAX <= LOG_SEGMENT_BYTES, 'what is pending fits in one segment');
assert(LATE_MS_MAX < RETENTION_RAW_MS, 'late samples lie within retention');
assert(SCRAPE_TIMEOUT_MS <= SCRAPE_INTERVAL_MS, 'a scrape ends before the next');
