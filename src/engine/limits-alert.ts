// Bounds of what standing rules keep in State, with unit and reason. Beside limits.ts, which has
// those of the rules themselves. Easy to get wrong: a page is rewritten whole when one of its
// alerts changes, so its size is a cost per change, not only a size.

/** Alerts of a page when a rule's pages are laid out: some kilobytes a write. */
export const RULE_PAGE_ROWS = 32;
/** A page may grow to so many alerts before its rule gets twice as many pages. */
export const RULE_PAGE_ROWS_MAX = 64;
/** Pages of a rule; RULE_SERIES_MAX alerts need 4,096. */
export const RULE_PAGES_MAX = 8192;
/** UTF-16 units of a page or a list of waiting events that is read; more is no page of ours. */
export const RULE_PAGE_CHARS_MAX = 64 * 1024 * 1024;
/** Transitions that are written down together while they wait for the notifier. */
export const RULE_OUTBOX_ROWS = 256;

/** A replay of rules works through so much time at once, between two ticks. */
export const REPLAY_PIECE_MS = 60_000;
/** When a part of the data is away it tries again after this. */
export const REPLAY_AGAIN_MS = 1000;
/** What lacks a part of the archive is tried so often; then the minute is left out, and told. */
export const REPLAY_PARTS_TRIES = 10;
/** Alerts with a longer `for:` than this begin to wait there in a replay. */
export const REPLAY_WARM_MS_MAX = 86_400_000;
