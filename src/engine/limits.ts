// Every bound of the system with its unit and its reason. Past a bound there is a clear error to
// the one who caused it. A test holds the constants against one another.
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
/** Parameters of a query sent as a form: the longest query and many selectors. */
export const FORM_BYTES_MAX = 1 * MIB;
/** Push bodies held at once, read or being stored; past it senders are asked to come again. */
export const BODIES_PENDING_BYTES_MAX = 256 * MIB;
/** Connections to the HTTP API; further ones are closed at once. */
export const CONNECTIONS_MAX = 1024;
/** A sender that needs longer for its headers or its body is cut off (slow loris). */
export const REQUEST_HEADERS_MS_MAX = 10 * SECOND;
export const REQUEST_MS_MAX = 1 * MINUTE;
/** A connection that moves no byte for so long is closed; longer than any query may run. */
export const CONNECTION_IDLE_MS_MAX = 3 * MINUTE;
/** One scrape: VictoriaMetrics' -promscrape.maxScrapeSize. */
export const SCRAPE_BYTES_MAX = 16 * MIB;
export const SCRAPE_SAMPLES_MAX = 1_000_000;
/** Go's http client, and so Prometheus, gives up here too. */
export const SCRAPE_REDIRECTS_MAX = 10;
/** A scrape this close to its planned time gets the planned time: steps compress better. */
export const SCRAPE_ALIGN_MS_MAX = 2;
/** First scrapes of new targets are spread over this much time. */
export const SCRAPE_FIRST_MS_MAX = 2 * SECOND;
/** Files of file_sd_configs are looked at this often, or at refresh_interval if that is shorter. */
export const DISCOVERY_POLL_MS = 5 * SECOND;
/** The start of a job waits so long for the first answer of its discovery, then begins without. */
export const DISCOVERY_FIRST_MS = 2 * SECOND;
/** One question of a discovery; a watch may be silent for longer, by its own word. */
export const DISCOVERY_TIMEOUT_MS = 30 * SECOND;
/** One answer of a discovery, 500 large pods with room to spare; and one line of a watch. */
export const DISCOVERY_BYTES_MAX = 64 * MIB;
export const DISCOVERY_LINE_BYTES_MAX = 8 * MIB;
/** Pauses between tries at a discovery that is away: first and longest. */
export const DISCOVERY_RETRY_MS_MIN = 1 * SECOND;
export const DISCOVERY_RETRY_MS_MAX = 30 * SECOND;
/** Changes within this much time are shown together: a rollout is hundreds of them. */
export const DISCOVERY_SETTLE_MS = 1 * SECOND;
/** Objects of one page, as kubectl asks for them, and of one kind in all. */
export const KUBERNETES_PAGE = 500;
export const KUBERNETES_OBJECTS_MAX = 200_000;
/** A server ends a watch after this; a silent one is given up a little later. */
export const KUBERNETES_WATCH_MS = 5 * MINUTE;
/** How long Consul holds a question back when nothing changes, and services watched one by one. */
export const CONSUL_WAIT_MS = 2 * MINUTE;
export const CONSUL_SERVICES_MAX = 5000;
/** Pages of one EC2 answer: 1,000 instances each. */
export const EC2_PAGES_MAX = 1000;

/** Labels of one series, __name__ included: the seed's 20 and room for what relabelling adds. */
export const LABELS_MAX = 32;
export const LABEL_NAME_BYTES_MAX = 1 * KIB;
export const LABEL_VALUE_BYTES_MAX = 4 * KIB;

/**
 * Samples of one push body: with the least that a sample takes, what 64 MiB can hold in earnest.
 */
export const BODY_SAMPLES_MAX = 2_000_000;
/**
 * Series that one door knows: at 300 bytes of labels each they fill a third of its 4 GiB memory.
 */
export const BOOK_SERIES_MAX = 4_000_000;
/** Bytes of all spellings that a door remembers. */
export const BOOK_BYTES_MAX = 1536 * MIB;
/** A series not seen for so long leaves the book; it may come back under another number. */
export const BOOK_IDLE_MS = 3 * HOUR;
/** Families whose metadata the door remembers, so that it is logged only when it has changed. */
export const METADATA_FAMILIES_MAX = 100_000;
/** Type, help and unit of a family together; longer help is cut. */
export const METADATA_TEXT_BYTES_MAX = 4 * KIB;
/** What has not changed is logged again after this, for readers that begin late. */
export const METADATA_REPEAT_MS = 1 * HOUR;

/** Behind its receive time by no more than this a sample is live: a Prometheus sends every 5 s. */
export const LIVE_MS_MAX = 10 * SECOND;
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
/** How long a commit waits for senders that were just answered: they share its sync. */
export const COMMIT_GATHER_MS = 5;
/** How long durable records gather before the shards get them, unless a question waits. */
export const HAND_GATHER_MS = 10;
/** How long the rules let records gather: they act on ticks, of which there is one a second. */
export const RULE_FEED_REST_MS = 20;
/** A run of so many bytes does not wait for more. */
export const HANDED_BYTES = 256 * KIB;
/** Slots of shared memory in which records cross to a shard, and what one holds. */
export const HAND_SLOTS = 4;
export const HAND_SLOT_BYTES = 512 * KIB;
export const LOG_SEGMENT_BYTES = 128 * MIB;
/** One native histogram as its message: some thousands of buckets. More is refused. */
export const HISTOGRAM_BYTES_MAX = 64 * 1024;
/** One record: a batch of one partition. Larger batches are cut by the collector. */
export const RECORD_BYTES_MAX = 4 * MIB;
/** Definitions of one record unfolded: twice what a door puts into one. */
export const RECORD_UNFOLDED_BYTES_MAX = 8 * MIB;
/** What waits for the next commit; past it appends are answered 503. */
export const LOG_PENDING_BYTES_MAX = 64 * MIB;
/** Recent log kept in memory for readers at the tail: several seconds at full speed. */
export const LOG_RECENT_BYTES = 16 * MIB;
/** A segment is kept at least so long after its last record, also when every reader has let go. */
export const LOG_KEEP_MS_MIN = 10 * MINUTE;
/** What readers have released is written down this much later: one small file for many releases. */
export const LOG_READERS_SAVE_MS = 1 * SECOND;
/** Free disk below which the log takes nothing: the checkpoint must still fit. */
export const DISK_FREE_BYTES_MIN = 64 * MIB;

/** Producers of one partition that a head tells apart at once. */
export const HEAD_EPOCHS_MAX = 64;

/** Samples of one column piece of a sealed block; the kernels' work arrays are made for it. */
export const COLUMN_SAMPLES_MAX = 8192;
/** Columns of a sealed block share pages of about this much before zstd: what one read unpacks. */
export const BLOCK_PAGE_BYTES = 64 * KIB;
/** Columns of one page: short ones would else come by the ten thousand. */
export const BLOCK_PAGE_COLUMNS_MAX = 1024;
/** The longest section of a block: a page that one piece of opaque rows fills alone. */
export const BLOCK_SECTION_BYTES_MAX = 64 * MIB;
/** Timestamp columns that a block's writer remembers, so that further series can share them. */
export const BLOCK_TIMES_BYTES = 32 * MIB;
/** What all open blocks of a process keep unpacked: about 1,000 pages and as much index. */
export const BLOCK_CACHE_BYTES = 128 * MIB;
/**
 * Of the 4 GiB that a shard's heads can have: from the first on no new series, from the second on
 * nothing. Figures are two seconds old by then, and chunks of known series grow on.
 */
export const HEAD_BYTES_HOLD = 3 * 1024 * MIB;
export const HEAD_BYTES_MAX = 3.5 * 1024 * MIB;
/** Sealed blocks begin and end at multiples of this: Prometheus' block of two hours. */
export const SEAL_SLICE_MS = 2 * HOUR;
/** The head keeps at least so much: dashboards over the last hour never touch a block. */
export const SEAL_AFTER_MS = 75 * MINUTE;
/** What came late for sealed ranges is sealed after so long, or when there is so much of it. */
export const SEAL_LATE_MS = 15 * MINUTE;
/** More often than this would only write files. */
export const SEAL_LATE_MS_MIN = 100;
export const SEAL_LATE_SAMPLES = 8_000_000;
/** Heads that are nearly full are sealed up to here, behind what is late, and not more often. */
export const SEAL_PRESSED_MS = 20 * MINUTE;
export const SEAL_PRESSED_EVERY_MS = 5 * MINUTE;
/** Late samples that a seal under way may hold aside; past it the seal begins anew later. */
export const SEAL_ASIDE_MAX = 1_000_000;
/** Spans into which compaction joins blocks; each divides the next, so a block lies in one. */
export const BLOCK_SPANS_MS: readonly number[] = [SEAL_SLICE_MS, 8 * HOUR, 1 * DAY, 8 * DAY];
/** What a compaction keeps unpacked of its sources, beside what queries have. */
export const COMPACTION_CACHE_BYTES = 32 * MIB;
/** An hour is rolled up so long after its end: what comes late by the rules is in it by then. */
export const ROLLUP_LAG_MS = LATE_MS_MAX + 5 * MINUTE;
/** Hours that change all the time are rolled up anew after so long, others once they rest. */
export const ROLLUP_RESTLESS_MS = 5 * MINUTE;
/** How long rollups work before somebody else has a turn. */
export const ROLLUP_BEAT_MS = 10 * SECOND;
/** How long rows of each window are kept: one minute, five minutes, an hour, a day. */
export const ROLLUP_KEEP_MS: readonly number[] = [30 * DAY, 90 * DAY, 365 * DAY, 730 * DAY];
/** What the rollup files of a shard keep unpacked, beside what blocks have. */
export const ROLLUP_CACHE_BYTES = 32 * MIB;
/** Selections of series that get sketches: each is asked of every series in every hour. */
export const ROLLUP_SKETCHES_MAX = 100;
/** Half a second, so that a rule of a second sees what came just behind its step at once. */
export const TICK_MS = 500;
/** A checkpoint is due after so much log or so much time, whichever is first. */
export const CHECKPOINT_LOG_BYTES = 256 * MIB;
export const CHECKPOINT_MS = 10 * MINUTE;

export const LOOKBACK_MS = 5 * MINUTE;
export const QUERY_TIMEOUT_MS = 30 * SECOND;
export const QUERY_CONCURRENT_PER_USER = 10;
/** Queries of one user that wait for their turn: more only grow old in the queue. */
export const QUERY_WAITING_PER_USER = 100;
export const QUERY_SAMPLES_MAX = 50_000_000;
export const QUERY_SERIES_MAX = 500_000;
/** Points of one series in a range answer: Prometheus refuses above 11,000. */
export const QUERY_STEPS_MAX = 11_000;
/** Warnings of the language that an answer tells, and as many infos. */
export const QUERY_NOTES_MAX = 10;
export const QUERY_BYTES_MAX = 64 * KIB;
/** Questions of the SLO gate that share a query, and its queries under way: others ask too. */
export const SLO_TERMS_PER_QUERY = 200;
export const SLO_QUERIES_RUNNING = 4;
/** Objectives that one run of the gate takes. */
export const SLOS_MAX = 20_000;
/** Queries that the prompt remembers, and bytes of their file: some weeks of a busy person. */
export const QUERY_HISTORY_MAX = 1000;
export const QUERY_HISTORY_BYTES_MAX = MIB;
/** Nesting of a query: deeper would only exhaust the stack. */
export const QUERY_DEPTH_MAX = 200;
/** Height of a query's tree: a chain of operators adds a level for each, and nests nothing. */
export const QUERY_HEIGHT_MAX = 1000;
/** The thread of costly queries: its heap, when it ends for want of work, when it is replaced. */
export const ROOT_HEAP_MIB = 1024;
export const ROOT_IDLE_MS = 10 * MINUTE;
export const ROOT_LETS_GO_MS = 2 * SECOND;
/** Query texts whose trees are kept, a few kB each, and the longest among them; letters. */
export const QUERIES_PARSED_KEPT = 512;
export const QUERY_PARSED_LENGTH_MAX = 4096;
/** What the fragments of one query answer together: 14 million values; as JSON three times that. */
export const QUERY_RESULT_BYTES_MAX = 128 * MIB;
/**
 * Cost of a query in samples read, cells made and samples looked at again by windows: a core does
 * some 50 million of them a second. Above the first there is a warning, above the second a refusal;
 * a request may move its own refusal up to the third.
 */
export const QUERY_COST_WARN = 50_000_000;
export const QUERY_COST_MAX = 500_000_000;
export const QUERY_COST_CEILING = 10_000_000_000;
/** Single questions that cost more run one at a time: each may hold the root for a second. */
export const QUERY_COST_HEAVY = 5_000_000;
/** Queries of all users at once: dashboards, and everybody's single questions beside them. */
export const QUERY_DASHBOARD_RUNNING = 16;
export const QUERY_ADHOC_RUNNING = 4;
export const QUERY_POOL_WAITING = 1000;
/** Estimates that are remembered, so that a dashboard asks for each only once a minute. */
export const QUERY_ESTIMATES_KEPT = 2000;
export const QUERY_ESTIMATE_MS = 1 * MINUTE;
/** A fragment gives other work of its shard a turn after this much time. */
export const FRAGMENT_TURN_MS = 2;
/** So long costly fragments wait for others that are under way, between two slices. */
export const FRAGMENT_BEHIND_MS = 20;
/** So long after a fragment came, more of its kind are expected. */
export const LANE_ABOUT_MS = 1000;
/**
 * Label sets that a head keeps as arrays, some 200 bytes each; their strings are shared with all
 * others. What asks for more series keeps nothing: 100,000 sets in tables held a shard for 20 ms.
 */
export const LABELS_HELD_MAX = 32_768;
/** Label sets that cross to another thread before others have a turn: 2 to 3 ms. */
export const LABEL_SETS_AT_ONCE = 1024;

/** Results kept in the process. */
export const CACHE_BYTES_MAX = 64 * MIB;
/** One extent: larger ones would push out too much else. */
export const CACHE_ENTRY_BYTES_MAX = 4 * MIB;
/** Steps of an extent: some keys for a screen of points, not hundreds. */
export const CACHE_EXTENT_STEPS = 128;
/**
 * The newest results are never cached: a live sample comes up to LIVE_MS_MAX behind its time, and
 * the rest is for its way into the log. What comes later is known to be late and drops extents.
 */
export const CACHE_FRESH_MS = 15 * SECOND;
/** How long a result is kept, by the age of its data. */
export const CACHE_TTL_NEW_MS = 60 * SECOND;
export const CACHE_TTL_DAY_MS = 300 * SECOND;
export const CACHE_TTL_OLD_MS = 3600 * SECOND;
export const CACHE_AGE_NEW_MS = 1 * HOUR;
export const CACHE_AGE_DAY_MS = 1 * DAY;
/**
 * Queries of open dashboards that are refreshed before they are asked; so long before; a round of
 * it ends after so much time; and what is asked less often than the longest is not waited for.
 */
export const CACHE_WARM_QUERIES_MAX = 64;
export const CACHE_WARM_LEAD_MS = 5 * SECOND;
export const CACHE_WARM_ROUND_MS = 100;
export const CACHE_WARM_PERIOD_MS_MIN = 5 * SECOND;
export const CACHE_WARM_PERIOD_MS_MAX = 10 * MINUTE;
export const CACHE_WARM_EVERY_MS = 1 * SECOND;
/**
 * Lists of names for completion: how long they are kept, how many, names in all of them. The
 * beginning of their range moves in grains; a series that was silent for so long begins anew.
 */
export const CATALOG_CACHE_TTL_MS = 5 * MINUTE;
export const CATALOG_CACHE_LISTS_MAX = 256;
export const CATALOG_CACHE_NAMES_MAX = 400_000;
export const CATALOG_GRAIN_MS = 5 * MINUTE;
export const CATALOG_SILENT_MS = 5 * MINUTE;
/** A shared cache that needs longer than this has nothing. */
export const CACHE_WAIT_MS_MAX = 100;
/** The seed's limits: past them a new series is told of, or refused. */
export const CARDINALITY_LABELS = 20;
export const CARDINALITY_SERIES_OF_METRIC = 10_000;
export const CARDINALITY_VALUES_OF_LABEL = 100_000;
/** Largest metrics and offending series that the guard tells of. */
export const CARDINALITY_EXAMPLES_MAX = 50;

/** Rows of a list in /api/v1/status/tsdb. */
export const CARDINALITY_ROWS_MAX = 10_000;

/** Loopback: a public address is somebody's decision. */
export const LISTEN_DEFAULT = '127.0.0.1:9590';

export const SCRAPE_INTERVAL_MS = 10 * SECOND;
export const SCRAPE_TIMEOUT_MS = 5 * SECOND;

/** An answer that the client takes from a server: 500,000 series with some hundred bytes each. */
export const ANSWER_BYTES_MAX = 256 * MIB;

/** Groups of the Pushgateway's paths, and bytes of one: they lie in State and in memory. */
export const PUSH_GROUPS_MAX = 10_000;
export const PUSH_GROUP_BYTES_MAX = 1 * MIB;

/** Series of the StatsD aggregator; one that nobody updates for so long is forgotten. */
export const STATSD_SERIES_MAX = 100_000;
export const STATSD_IDLE_MS = 5 * MINUTE;
/** Observations of a timer, or members of a set, kept between two showings. */
export const STATSD_WINDOW_MAX = 1000;

/** The seed's push interface sends at most this many metrics in a body. */
export const JSON_METRICS_MAX = 10_000;

/** Rules evaluate this often unless their file or the configuration says otherwise. */
export const RULE_INTERVAL_MS = 1 * SECOND;
/** Groups that record nothing: a sample waits for the next step, half as long here. */
export const ALERT_INTERVAL_MS = 500;
/** Rules of one process: ten times what the largest installations write down. */
export const RULES_MAX = 100_000;
/** Series or alerts that one rule may answer; a group's own limit is below. */
export const RULE_SERIES_MAX = 100_000;
/** A tick that comes so much later than the last one is no tick: the clock jumped, or we slept. */
export const TICK_GAP_MS_MAX = 1 * MINUTE;
/** After such a gap nothing is decided for so long: what was scraped meanwhile must come in. */
export const TICK_SETTLE_MS = 1 * MINUTE;
/** Steps that are evaluated in one go when rules have fallen behind; more are taken in turns. */
export const RULE_STEPS_MAX = 120;
/**
 * Transitions that wait for the notifier: the oldest are kept. Past it rules go on and tell nothing
 * new until there is room; then they tell what differs from what was told.
 */
export const ALERT_OUTBOX_MAX = 10_000;
/** What a template may make, in UTF-16 units, and in how many steps. */
export const TEMPLATE_BYTES_MAX = 64 * KIB;
export const TEMPLATE_STEPS_MAX = 100_000;
/** Queries that one template may ask. */
export const TEMPLATE_QUERIES_MAX = 20;
/** One rule file, and files that the globs of a configuration may find. */
export const RULE_FILE_BYTES_MAX = 16 * MIB;
export const RULE_FILES_MAX = 10_000;
/** An alert that comes back within so long after it was told is not told again (the seed's). */
export const DEDUPE_WINDOW_MS = 15 * MINUTE;
/** Alerts that the notifier holds: ten times a bad day; past it new ones are refused. */
export const ALERTS_MAX = 100_000;
/** Alerts of one body: Prometheus sends 64 at once, a restart of many may send thousands. */
export const ALERTS_BODY_BYTES_MAX = 16 * MIB;
export const SILENCES_MAX = 10_000;
export const SILENCE_MATCHERS_MAX = 100;
/** A comment or a name of an author, UTF-16 units. */
export const ALERT_TEXT_MAX = 16 * KIB;
/** A resolved alert and its event ids are remembered so long, for those who tell it again. */
export const ALERT_KEEP_MS = 1 * DAY;
/** What was told of a quiet group is remembered as long as Alertmanager does. */
export const GROUP_KEEP_MS = 5 * DAY;
/** Incidents and expired silences; the history is for the month's review. */
export const INCIDENT_KEEP_MS = 90 * DAY;
export const SILENCE_KEEP_MS = 30 * DAY;
/** Lines of one incident's history; then the oldest but the first go. */
export const HISTORY_MAX = 300;
/** One attempt to deliver, unless its receiver says otherwise. */
export const NOTIFY_TIMEOUT_MS = 10 * SECOND;
/** Waits between attempts double up to this; a receiver that is back is told within it. */
export const NOTIFY_WAIT_MS_MIN = 1 * SECOND;
export const NOTIFY_WAIT_MS_MAX = 30 * SECOND;
/** The longest that a receiver may make us wait with Retry-After. */
export const NOTIFY_RETRY_AFTER_MS_MAX = 1 * HOUR;
/** Deliveries of one integration at once: one slow group does not hold up the others. */
export const NOTIFY_LANE_MAX = 4;
/** What is kept of a receiver's answer, for the history. */
export const NOTIFY_ANSWER_BYTES_MAX = 64 * KIB;
