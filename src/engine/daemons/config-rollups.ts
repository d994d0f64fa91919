// Rollups in the configuration: whether there are any, how long rows of each window are kept, which
// series get sketches for quantiles; and the presets, which set all retention by one word. Easy to
// get wrong: a day that is kept shorter than an hour would leave nothing to answer old ranges from.
import { ROLLUP_KEEP_MS, ROLLUP_SKETCHES_MAX } from '../limits.ts';
import { RESOLUTIONS, type RollupKeep } from '../model/rollup.ts';
import { messageOf } from '../errors.ts';
import { parse } from '../promql/parse.ts';
import type { Matcher } from '../model/matcher.ts';
import { Section } from './config-reader.ts';

const DAY = 24 * 3_600_000;
const YEAR = 365 * DAY;

interface Preset {
  readonly retentionMs: number;
  readonly keepMs: readonly number[];
}

/** Retention by one word: samples, then windows of 1m, 5m, 1h and 1d. */
const RETENTION_PRESETS: ReadonlyMap<string, Preset> = new Map([
  ['seed', { retentionMs: DAY, keepMs: [7 * DAY, 30 * DAY, YEAR, 2 * YEAR] }],
  ['pipeline', { retentionMs: 7 * DAY, keepMs: [30 * DAY, 90 * DAY, YEAR, 100 * YEAR] }],
  ['staff', { retentionMs: 7 * DAY, keepMs: [30 * DAY, 30 * DAY, YEAR, YEAR] }],
]);

const FIELDS = ['enabled', 'keep', 'quantiles'];

const HOUR = 3_600_000;
/** Runs by how long samples are kept: they are rolled up well before they go. */
const RUNS: readonly (readonly [retentionMs: number, runMs: number])[] = [
  [3 * DAY, DAY],
  [12 * HOUR, 6 * HOUR],
  [3 * HOUR, HOUR],
];

/** The rollups that `mon.rollups` asks for; undefined when there are to be none. */
export function readRollups(
  mon: Section,
  { preset, retentionMs }: { readonly preset?: Preset; readonly retentionMs: number },
): RollupKeep | undefined {
  const section = mon.section('rollups', FIELDS);
  const defaults = preset?.keepMs ?? ROLLUP_KEEP_MS;
  const keep = section.section(
    'keep',
    RESOLUTIONS.map(({ name }) => name),
  );
  const keepMs = RESOLUTIONS.map(({ name, ms }, i) => {
    const given = keep.duration(name) ?? defaults[i];
    if (given < ms) keep.fail(name, `rows of ${name} must be kept for ${name} at least`);
    return given;
  });
  const texts = section.texts('quantiles');
  if (texts.length > ROLLUP_SKETCHES_MAX) {
    section.fail('quantiles', `at most ${ROLLUP_SKETCHES_MAX} selectors`);
  }
  const sketches = texts.map((text) => matchersOf(section, text));
  if (section.bool('enabled') === false) return undefined;
  const runMs = RUNS.find(([least]) => retentionMs >= least)?.[1];
  if (runMs !== undefined) return { keepMs, runMs, sketches, sketchTexts: texts };
  if (section.node !== null) {
    mon.file.warn(mon.place('rollups'), 'samples that are kept less than 3h are not rolled up');
  }
  return undefined;
}

function matchersOf(section: Section, text: string): readonly Matcher[] {
  const hint = `write a selector such as '{__name__=~"http_.*_seconds"}'`;
  try {
    const expr = parse(text);
    if (expr.kind === 'selector') return expr.matchers;
  } catch (thrown) {
    section.fail('quantiles', messageOf(thrown), hint);
  }
  return section.fail('quantiles', `${text} is no series selector`, hint);
}

/** `retention`: a preset's name, or a duration. */
export function readRetention(mon: Section): { ms: number | undefined; preset?: Preset } {
  const preset = RETENTION_PRESETS.get(mon.text('retention') ?? '');
  if (preset !== undefined) return { ms: preset.retentionMs, preset };
  return { ms: mon.duration('retention') };
}
