// The bounds of the system against one another: what one of them promises, another must not break.
// Easy to get wrong: a bound that is raised for a good reason may make a second one meaningless.
import assert from 'node:assert/strict';
import test from 'node:test';
import * as links from '../../src/engine/limits-links.ts';
import * as sources from '../../src/engine/limits-sources.ts';
import * as regions from '../../src/engine/limits-regions.ts';
import * as limits from '../../src/engine/limits.ts';

const {
  BLOCK_CACHE_BYTES,
  BLOCK_PAGE_BYTES,
  BLOCK_SECTION_BYTES_MAX,
  BODIES_PENDING_BYTES_MAX,
  BODY_BYTES_MAX,
  BODY_COMPRESSED_BYTES_MAX,
  CACHE_BYTES_MAX,
  CACHE_ENTRY_BYTES_MAX,
  CACHE_FRESH_MS,
  CONNECTION_IDLE_MS_MAX,
  FORM_BYTES_MAX,
  HEAD_BYTES_HOLD,
  HEAD_BYTES_MAX,
  LABELS_MAX,
  LABEL_NAME_BYTES_MAX,
  LABEL_VALUE_BYTES_MAX,
  LATE_MS_MAX,
  LIVE_MS_MAX,
  LOG_PENDING_BYTES_MAX,
  LOG_RECENT_BYTES,
  LOG_SEGMENT_BYTES,
  QUERY_BYTES_MAX,
  QUERY_COST_HEAVY,
  QUERY_COST_MAX,
  QUERY_COST_WARN,
  QUERY_RESULT_BYTES_MAX,
  QUERY_TIMEOUT_MS,
  RECORD_BYTES_MAX,
  RECORD_UNFOLDED_BYTES_MAX,
  RETENTION_RAW_MS,
  ROLLUP_LAG_MS,
  SCRAPE_INTERVAL_MS,
  SCRAPE_TIMEOUT_MS,
  SEAL_AFTER_MS,
  SEAL_PRESSED_MS,
} = limits;
const { KAFKA_GIVE_UP_MS, KAFKA_MESSAGE_BYTES_MAX, KAFKA_PATIENCE_MS, REMOTE_MESSAGE_BYTES_MAX } =
  links;

const MIB = 1024 * 1024;
const HOUR = 3_600_000;

test('bounds of what is scraped together fit the others', () => {
  const { SCRAPE_GATHER_MS, SCRAPE_GATHER_PART, SCRAPE_GATHER_ROWS } = sources;
  assert(
    SCRAPE_GATHER_PART * limits.SCRAPE_INTERVAL_MS >= SCRAPE_GATHER_MS,
    'by default all of it',
  );
  assert(SCRAPE_GATHER_MS < limits.TICK_MS, 'what waits is not behind the tick');
  assert(SCRAPE_GATHER_ROWS * 20 < limits.LOG_PENDING_BYTES_MAX, 'the log takes a gathering');
  assert(sources.SCRAPE_INFLATED_HERE_BYTES_MAX <= limits.SCRAPE_BYTES_MAX, 'a small body is one');
});

test('bounds of regions and of stores behind fit the others', () => {
  const { REMOTE_STORE_HOT_MS, REMOTE_STORE_HOT_MS_MIN, REMOTE_STORE_REWIND_MS } = regions;
  assert(REMOTE_STORE_HOT_MS_MIN > SEAL_AFTER_MS, 'what a head keeps is within the hot hours');
  assert(REMOTE_STORE_HOT_MS >= REMOTE_STORE_HOT_MS_MIN, 'the default is allowed');
  assert(REMOTE_STORE_HOT_MS < RETENTION_RAW_MS, 'a door takes more than the hot hours');
  assert(REMOTE_STORE_REWIND_MS < REMOTE_STORE_HOT_MS_MIN, 'what is sent again is here');
  assert(regions.REMOTE_STORE_ASK_MS <= QUERY_TIMEOUT_MS, 'a query waits for the store behind');
  assert(
    regions.REGION_DICTIONARY_MS > 2 * links.KAFKA_DICTIONARY_MS,
    'no dictionary lives longer',
  );
  assert(regions.REGION_BATCH_SAMPLES < limits.BODY_SAMPLES_MAX, 'a step of a region is one body');
});

test('bounds fit one another', () => {
  assert(BODY_COMPRESSED_BYTES_MAX < BODY_BYTES_MAX, 'a body shrinks when it is compressed');
  assert(RECORD_BYTES_MAX < LOG_SEGMENT_BYTES, 'a record fits in a segment');
  assert(LOG_PENDING_BYTES_MAX <= LOG_SEGMENT_BYTES, 'what is pending fits in one segment');
  assert(LOG_RECENT_BYTES > RECORD_BYTES_MAX, 'the newest record is kept in memory');
  assert(HEAD_BYTES_HOLD < HEAD_BYTES_MAX && HEAD_BYTES_MAX < 4 * 1024 * MIB, 'heads end early');
  assert(LATE_MS_MAX < SEAL_PRESSED_MS, 'late samples find their range in a full head');
  assert(RECORD_BYTES_MAX < KAFKA_MESSAGE_BYTES_MAX, 'a message holds any record');
  assert(KAFKA_PATIENCE_MS < KAFKA_GIVE_UP_MS, 'the spool is tried before an append fails');
  assert(LATE_MS_MAX < SEAL_AFTER_MS, 'late samples find their range in the head');
  assert(LATE_MS_MAX < RETENTION_RAW_MS, 'late samples lie within retention');
  assert(ROLLUP_LAG_MS + 2 * HOUR < RETENTION_RAW_MS, 'samples are rolled up before they go');
  assert(SCRAPE_TIMEOUT_MS <= SCRAPE_INTERVAL_MS, 'a scrape ends before the next');
  assert(FORM_BYTES_MAX > QUERY_BYTES_MAX, 'the longest query fits into a form');
  assert(BODIES_PENDING_BYTES_MAX > BODY_COMPRESSED_BYTES_MAX, 'the largest body is taken');
  assert(CONNECTION_IDLE_MS_MAX > QUERY_TIMEOUT_MS, 'a query may keep its connection silent');
  assert(CACHE_FRESH_MS > LIVE_MS_MAX, 'live samples change no cached result');
  assert(CACHE_ENTRY_BYTES_MAX < CACHE_BYTES_MAX, 'the largest extent fits into the cache');
  assert(QUERY_COST_HEAVY < QUERY_COST_WARN, 'what is warned of runs alone');
  assert(QUERY_COST_WARN < QUERY_COST_MAX, 'a warning comes before the refusal');
  assert(BLOCK_PAGE_BYTES * 16 < BLOCK_CACHE_BYTES, 'a cache holds many pages');
  assert(BLOCK_PAGE_BYTES < BLOCK_SECTION_BYTES_MAX, 'a page is a section');
  assert(LIVE_MS_MAX < LATE_MS_MAX, 'live samples are not late');
  assert(REMOTE_MESSAGE_BYTES_MAX > QUERY_RESULT_BYTES_MAX, 'the largest result crosses');
  assert(REMOTE_MESSAGE_BYTES_MAX > BODY_BYTES_MAX, 'the largest body crosses');
  assert(RECORD_UNFOLDED_BYTES_MAX > RECORD_BYTES_MAX, 'what fits a record can be unfolded');
  assert(
    LABELS_MAX * (LABEL_NAME_BYTES_MAX + LABEL_VALUE_BYTES_MAX + 16) < RECORD_BYTES_MAX,
    'the definition of any series fits in a record',
  );
});
