// The bounds of what is scraped and pushed that belong to one way in only. The others are in
// limits.ts; a test holds them against one another.
const KIB = 1024;
const MIB = 1024 * 1024;

/** Scrapes wait so long for others, so that 200 a second are ten appends, not 200. */
export const SCRAPE_GATHER_MS = 100;
/** Of a target's interval no more than this part, so that none misses its next beat. */
export const SCRAPE_GATHER_PART = 1 / 20;
/** So many rows are an append of their own; a large target waits for nobody. */
export const SCRAPE_GATHER_ROWS = 16_384;
/** With so many targets of one job memory is managed for requests, not for pushed bodies. */
export const SCRAPE_MANY_TARGETS = 500;
/** A compressed body of so many bytes is inflated where it is; larger ones go to a pool. */
export const SCRAPE_INFLATE_HERE_BYTES = 32 * KIB;
/** As long as it makes no more than this. */
export const SCRAPE_INFLATED_HERE_BYTES_MAX = 1 * MIB;

/** All groups of the Pushgateway together: they are held in memory and read over one link. */
export const PUSH_GROUPS_BYTES_MAX = 32 * MIB;
