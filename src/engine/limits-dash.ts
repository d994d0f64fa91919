// The bounds of dashboards: files from outside, variables, and what one panel may ask and keep. The
// others are in limits.ts; a test holds them all against one another.
const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** A dashboard file: Grafana's largest public ones have some hundred kilobytes. */
export const DASH_FILE_BYTES_MAX = 4 * MIB;
/** Panels of one dashboard; past it the file is refused. */
export const DASH_PANELS_MAX = 300;
/** Queries of one panel: Grafana names them A to Z. */
export const DASH_QUERIES_MAX = 26;
export const DASH_VARIABLES_MAX = 64;
/** Values of one variable that can be chosen from; further ones are counted and left out. */
export const DASH_VALUES_MAX = 2000;
/** A query after its variables were put in: a long list of chosen values is cut by the server. */
export const DASH_QUERY_UNITS_MAX = 64 * KIB;
/** Rows of the 24-column grid, and the height of one panel in them. */
export const DASH_GRID_ROWS_MAX = 10_000;
export const DASH_PANEL_ROWS_MAX = 200;
/** Thresholds of one panel. */
export const DASH_THRESHOLDS_MAX = 20;
/** Text of a text panel: what two screens can show. */
export const DASH_TEXT_UNITS_MAX = 16 * KIB;
/** Titles, names and legends: longer ones are cut. */
export const DASH_TITLE_UNITS_MAX = 300;

/** Lines of one chart: more cannot be told apart on a screen. */
export const DASH_LINES_MAX = 40;
/** Rows of one table or bar panel. */
export const DASH_ROWS_MAX = 500;
/** Buckets of one heatmap: native histograms have some hundred. */
export const DASH_BUCKETS_MAX = 200;
/** Questions whose answers are kept: a variable that is turned back is shown at once. */
export const DASH_QUESTIONS_MAX = 128;

/** The time range of a dashboard, and the least between two beats. */
export const DASH_RANGE_MS_MIN = 10 * SECOND;
export const DASH_RANGE_MS_MAX = 730 * DAY;
export const DASH_BEAT_MS_MIN = 500;
/** Names for variables are asked for again this often. */
export const DASH_VARIABLES_MS = MINUTE;
