// What stands below the line of the prompt: the answer as table or chart, a plan, the help, the
// history. Part of the screen in query-prompt.tsx. Easy to get wrong: while a new question runs the
// old answer stays in sight, and says so.
import { useMemo, type ReactNode } from 'react';
import type { QueryTimes } from '../../engine/ports.ts';
import { metricsNamed, unknownMetricWords } from '../../engine/promql/unknown-metrics.ts';
import type { Word } from '../draw/frame.ts';
import { planRows, syntaxRows } from '../draw/plan-tree.ts';
import { STYLE } from '../draw/styles.ts';
import { formatDuration } from '../draw/units.ts';
import type { Outcome, SessionState } from '../feed/query-session.ts';
import type { Theme } from '../theme.ts';
import { Chart } from '../widgets/chart.tsx';
import { Picture } from '../widgets/picture.tsx';
import { helpRows } from './query-prompt-keys.ts';
import { linesOf, singleText, tableOf } from './query-prompt-result.ts';
import type { BodySeen, PromptState } from './query-prompt-state.ts';
import { folded, planWords, tableBox, wordsBox, wrapped } from './query-prompt-view.ts';

export interface BodyProps {
  readonly state: PromptState;
  readonly answered: SessionState;
  /** Names of the last hour, as far as they have come. */
  readonly metrics: readonly string[];
  readonly theme: Theme;
  readonly zone: string | undefined;
  readonly times: QueryTimes;
  /** The same question for a shell. */
  readonly command: string;
  /** Told what there was to paint. */
  readonly seen: (body: BodySeen) => void;
  readonly width: number;
  readonly height: number;
}

/** Lines of a chart that can be told apart. */
const LINES_MAX = 16;

/** Exactly `width` by `height` cells. */
export function PromptBody(props: BodyProps): ReactNode {
  const { state, answered, width, height } = props;
  const { outcome } = answered;
  const picture = (lines: readonly string[]): ReactNode => (
    <Picture lines={lines} width={width} height={height} />
  );
  const size = { width, height };
  if (state.view === 'help') {
    return picture(wordsBox(boxOf(props, 'help'), helpWords(width), size));
  }
  if (state.view === 'history') {
    const rows = state.past
      .toReversed()
      .map((text): Word[] => [{ text: text.replaceAll(/\s+/g, ' '), style: STYLE.plain }]);
    return picture(wordsBox(boxOf(props, 'history, newest first'), rows, size));
  }
  if (state.view === 'command') {
    return picture(wordsBox(boxOf(props, 'for a shell'), folded(props.command, width - 4), size));
  }
  if (outcome.kind === 'answer') return <Answer {...props} outcome={outcome} />;
  if (outcome.kind === 'plan') {
    const view = boxOf(props, outcome.plan.ms === undefined ? 'plan' : 'plan, as it ran');
    return picture(wordsBox(view, planWords(planRows(outcome.plan), width - 4), size));
  }
  if (outcome.kind === 'tree') {
    const why = [{ text: outcome.why, style: STYLE.warn }];
    const rows = planWords(syntaxRows(outcome.tree, outcome.query), width - 4);
    return picture(wordsBox({ ...boxOf(props, 'tree of the query'), bottom: why }, rows, size));
  }
  if (outcome.kind === 'failure') {
    const { message, hint = '' } = outcome.failure;
    const rows = [
      ...wrapped(message, width - 4, STYLE.bad),
      ...wrapped(hint, width - 4, STYLE.warn),
    ];
    return picture(wordsBox(boxOf(props, 'no answer'), rows, size));
  }
  return picture(wordsBox(boxOf(props, 'answer'), welcomeWords(), size));
}

function boxOf({ state, theme, answered, seen }: BodyProps, title: string) {
  const right = answered.running === undefined ? [] : [{ text: 'running', style: STYLE.warn }];
  return { title, right, scroll: state.scroll, theme, seen };
}

function welcomeWords(): Word[][] {
  const row = (key: string, words: string): Word[] => [
    { text: key.padEnd(9), style: STYLE.accent },
    { text: words, style: STYLE.dim },
  ];
  return [
    [],
    row('up', 'a metric: one value a series, now'),
    row('Tab', 'completes metrics, labels, their values, functions'),
    row('Ctrl-T', 'another time: an instant, the last 5m, 15m, 1h and so on'),
    row('Ctrl-X', 'how the query is answered, and at what cost'),
    row('.help', 'all keys and commands'),
    row('Ctrl-D', 'leaves'),
  ];
}

function helpWords(width: number): Word[][] {
  const rows = helpRows().map(([keys, words]): Word[] => [
    { text: keys.padEnd(20), style: STYLE.accent },
    { text: words, style: STYLE.plain },
  ]);
  if (width < 130) return rows;
  // Two columns: keys to the left, commands to the right.
  const cut = helpRows().findIndex(([keys]) => keys === '');
  const left = helpRows().slice(0, cut);
  const right = rows.slice(cut + 1);
  return left.map(([keys, words], i) => [
    { text: keys.padEnd(20), style: STYLE.accent },
    { text: words.padEnd(52), style: STYLE.plain },
    ...(right[i] ?? []),
  ]);
}

type AnswerProps = BodyProps & { readonly outcome: Extract<Outcome, { kind: 'answer' }> };

function Answer(props: AnswerProps): ReactNode {
  const { outcome, state, theme, zone, metrics, width, height } = props;
  const { answer, times } = outcome;
  const table = useMemo(() => tableOf(answer, { width, zone }), [answer, width, zone]);
  const lines = useMemo(() => linesOf(answer, LINES_MAX), [answer]);
  const empty = table?.count === 0;
  const hint = useMemo(() => {
    return empty ? emptyHint(outcome.query, metrics) : '';
  }, [empty, outcome, metrics]);
  const size = { width, height };
  const words = noteWords(props);
  const box = boxOf(props, titleOf(outcome, table?.count));
  const right = box.right.length > 0 ? box.right : words;
  const single = singleText(answer);
  if (single !== undefined) {
    const rows = folded(single, width - 4).map(([word]) => [{ ...word, style: STYLE.bold }]);
    return <Picture lines={wordsBox({ ...box, right }, [[], ...rows], size)} {...size} />;
  }
  const charted = answer.result.type === 'matrix' && state.form === 'graph' && height >= 5;
  if (charted && lines.series.length > 0 && 'startMs' in times) {
    return (
      <Chart
        {...size}
        title={box.title}
        unit="short"
        head="none"
        series={lines.series}
        hidden={lines.hidden}
        startMs={times.startMs}
        endMs={times.endMs}
        theme={theme}
        zone={zone}
        selected={false}
        large={height >= 12}
        empty="no data"
        trouble={undefined}
      />
    );
  }
  if (table === undefined || table.count === 0) {
    const rows: Word[][] = [[], [{ text: 'no data: no series matches', style: STYLE.dim }]];
    rows.push(...wrapped(hint, width - 4, STYLE.warn));
    return <Picture lines={wordsBox({ ...box, right }, rows, size)} {...size} />;
  }
  return <Picture lines={tableBox({ ...box, right }, table, size)} {...size} />;
}

/** A metric of the query that has not been seen, and those with names like it; '' for none. */
function emptyHint(query: string, metrics: readonly string[]): string {
  const known = new Set(metrics);
  const unknown = metricsNamed(query).find((name) => !known.has(name));
  if (unknown === undefined || known.size === 0) return '';
  return unknownMetricWords(unknown, metrics, ' in the last hour');
}

function titleOf({ answer, ms }: AnswerProps['outcome'], count: number | undefined): string {
  const { result } = answer;
  const series = result.type === 'samples' ? result.raw.labels.length : count;
  const what = series === undefined ? result.type : `${series} series`;
  const samples = result.type === 'samples' ? `, ${count} samples` : '';
  return `${what}${samples}, ${formatDuration(ms)}`;
}

/** What the server had to say, the first of it; else what the answer took. */
function noteWords({ outcome }: AnswerProps): Word[] {
  const { warnings, infos, stats } = outcome.answer;
  const [first] = [...warnings, ...infos];
  const more = warnings.length + infos.length - 1;
  if (first !== undefined) {
    const text = `! ${first}${more > 0 ? ` (+${more})` : ''}`;
    return [{ text, style: warnings.length > 0 ? STYLE.warn : STYLE.dim }];
  }
  if (stats?.samples === undefined) return [];
  const cache = stats.cache === undefined ? '' : `, cache ${stats.cache}`;
  return [{ text: `${stats.samples} samples read${cache}`, style: STYLE.dim }];
}
