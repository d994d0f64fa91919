// The bounds of `mon watch`: what it asks how often, what it keeps of what it could not tell. The
// others are in limits.ts; a test holds them all against one another.
const KIB = 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Between two rounds when nothing is said: with the wait below a death is told within 30 s. */
export const WATCH_EVERY_MS = 5 * SECOND;
export const WATCH_EVERY_MS_MIN = 500;
/** What fails is told when it has failed for so long: a restart is no news. */
export const WATCH_AFTER_MS = 10 * SECOND;
/** One question of a probe. */
export const WATCH_ASK_MS = 4 * SECOND;
/** A canary that takes longer than this to be readable is late. */
export const WATCH_LATE_MS = 2 * SECOND;
/** A canary that is not readable by then is not readable. */
export const WATCH_CANARY_MS = 5 * SECOND;
/** Between two looks for a canary: the finest latency that is told. */
export const WATCH_CANARY_LOOK_MS = 50;
/** Groups of rules that were not evaluated for so long, and three of their intervals, are late. */
export const WATCH_RULES_LATE_MS = 30 * SECOND;
/** A notifier that has not heard of the Watchdog for so long is deaf: Alertmanager's default. */
export const WATCH_DEAF_MS = 5 * MINUTE;
/** A peer whose last round is three of its rounds and this old stands still. */
export const WATCH_PEER_LATE_MS = 10 * SECOND;
/** Alertmanager forgets what is not said again within 5 minutes. */
export const WATCH_AGAIN_MS = 1 * MINUTE;
export const WATCH_ALERT_MS = 4 * MINUTE;
/** Pauses between tries to tell: first and longest. */
export const WATCH_RETRY_MS_MIN = 1 * SECOND;
export const WATCH_RETRY_MS_MAX = 1 * MINUTE;
/** News that wait to be told; past it the oldest go, which is counted. */
export const WATCH_OUTBOX_MAX = 1000;
/** What was not checked any more for so long is forgotten: its server is watched no longer. */
export const WATCH_FORGET_MS = 24 * HOUR;
/** Checks that are remembered: a cluster of hundreds of processes. */
export const WATCH_CHECKS_MAX = 5000;
/** A body of the small endpoint. */
export const WATCH_BODY_BYTES_MAX = 256 * KIB;
/** Connections of the small endpoint: peers, a balancer, a person. */
export const WATCH_CONNECTIONS_MAX = 64;
/** Servers, peers and webhooks of one watcher. */
export const WATCH_TARGETS_MAX = 200;
