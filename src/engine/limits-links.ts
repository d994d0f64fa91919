// The bounds of what goes between processes and machines: sockets of a cluster, Kafka, agents. The
// others are in limits.ts; a test holds them all against one another.
const KIB = 1024;
const MIB = 1024 * 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A record over Kafka: the door cuts batches so that many of them share a request. */
export const KAFKA_RECORD_BYTES = 256 * KIB;
/** Records of one partition that go into one request as one batch of Kafka's. */
export const KAFKA_BATCH_BYTES = 256 * KIB;
/** The largest message a topic must take: a record as large as any, with its key. */
export const KAFKA_MESSAGE_BYTES_MAX = 5 * MIB;
/** A batch from the topic unpacked; past it the batch is malformed (bombs). */
export const KAFKA_BATCH_UNPACKED_BYTES_MAX = 64 * MIB;
/** A request waits so long for further records, so that a batch is worth its head. */
export const KAFKA_LINGER_MS = 5;
/** Under load it waits while records keep coming, and so long at most. */
export const KAFKA_LINGER_BUSY_MS = 150;
/** Without a record for so long nothing further is waited for. */
export const KAFKA_QUIET_MS_MAX = 20;
/** Enough for a request: 64 KiB for each of 24 partitions. */
export const KAFKA_REQUEST_BYTES = 1536 * KIB;
/** A request that held so much says that there is load. */
export const KAFKA_BUSY_BYTES = 4 * KIB;
/** A change of an alert as a record; past it its annotations are left out. */
export const ALERT_RECORD_BYTES_MAX = 1 * MIB;
/** What waits to be acknowledged by Kafka; past it appends are answered 503. */
export const KAFKA_PENDING_BYTES_MAX = 64 * MIB;
/** Without an acknowledgement for so long records go to the spool on this machine's disk. */
export const KAFKA_PATIENCE_MS = 2 * SECOND;
/** Without a spool appends fail after so long. */
export const KAFKA_GIVE_UP_MS = 10 * SECOND;
/** A record that may be in Kafka already is sent again for so long before its append fails. */
export const KAFKA_DOUBT_MS = 60 * SECOND;
/** The spool of a collector while Kafka is down; past it senders get 429. */
export const KAFKA_SPOOL_BYTES_MAX = 1024 * MIB;
/** A dictionary over Kafka lives so long: what a reader reads at most before its start. */
export const KAFKA_DICTIONARY_BYTES = 4 * MIB;
export const KAFKA_DICTIONARY_MS = 5 * MINUTE;
/** Fetched records that wait for a slow reader. */
export const KAFKA_READY_BYTES_MAX = 8 * MIB;
/** A message between processes: the largest answer of a fragment, and room for its labels. */
export const REMOTE_MESSAGE_BYTES_MAX = 192 * MIB;
/** The first message of a connection, before anybody has shown a token. */
export const REMOTE_GREETING_BYTES_MAX = 8 * KIB;
/** Who connects and says nothing is cut off. */
export const REMOTE_GREETING_MS_MAX = 5 * SECOND;
/** Lists within lists of a message: an answer's histograms need eight. */
export const REMOTE_VALUE_DEPTH_MAX = 32;
/** Calls of one connection under way; past it nothing more is read from it. */
export const REMOTE_CALLS_MAX = 1024;
/** Bytes that wait to be sent on one connection; past it a call is refused, a reader paused. */
export const REMOTE_PENDING_BYTES_MAX = 64 * MIB;
/** Connections of one listener. */
export const REMOTE_CONNECTIONS_MAX = 512;
/** A call that names no time of its own ends after this. */
export const REMOTE_CALL_MS = 30 * SECOND;
/** How long a call waits for a peer that is being started again. */
export const REMOTE_CONNECT_MS_MAX = 5 * SECOND;
/** A peer that answers no ping for so long is taken to be gone. */
export const REMOTE_SILENT_MS_MAX = 3 * SECOND;
/** A far producer spells its series anew this often, so that the log's book may forget. */
export const REMOTE_DICTIONARY_MS = 1 * HOUR;
/** Spans of late samples that the log remembers for result caches elsewhere. */
export const REMOTE_LATE_SPANS_MAX = 4096;

/** An agent's folder of what is not delivered yet: at 1,000 series every 10 s many days. */
export const AGENT_BUFFER_BYTES = 512 * MIB;
export const AGENT_BUFFER_BYTES_MIN = 16 * MIB;
/** Of it one segment: what goes at once when the folder is full. */
export const AGENT_SEGMENT_BYTES = 4 * MIB;
/** Recent records that an agent keeps in memory, and what may wait for its disk. */
export const AGENT_RECENT_BYTES = 1 * MIB;
/** Samples of one request: Prometheus' number is 2,000; larger ones help a long backlog. */
export const AGENT_BATCH_SAMPLES = 5000;
/** An agent that has sent all waits so long for more, so that a request carries many targets. */
export const AGENT_LINGER_MS = 1 * SECOND;
/** Pauses between tries to deliver: first, longest, and longest that a server may ask for. */
export const AGENT_RETRY_MS_MIN = 1 * SECOND;
export const AGENT_RETRY_MS_MAX = 30 * SECOND;
export const AGENT_RETRY_AFTER_MS_MAX = 5 * MINUTE;
/** One request with its answer. */
export const AGENT_REQUEST_MS = 30 * SECOND;
