// The answer of a range query as a chart for stdout: the same raster that the screens use. Easy to
// get wrong: a pipe gets the picture without colour, and a terminal that knows no UTF-8 gets it in
// ASCII.
import { UserError } from '../engine/errors.ts';
import type { QueryAnswer } from '../engine/model/query-result.ts';
import { gridTimes, renderGraph } from '../tui/draw/graph.ts';
import type { GraphSeries } from '../tui/draw/plot.ts';
import type { ColorDepth } from '../tui/draw/styles.ts';
import type { Environment } from './color.ts';
import { seriesText } from './series-text.ts';

export interface GraphStyle {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly color: boolean;
  readonly env: Environment;
  readonly tz?: string;
  readonly startMs?: number;
  readonly endMs?: number;
}

/** The lines of the chart. @throws UserError when the result has no values over time. */
export async function graphChunks(answer: QueryAnswer, style: GraphStyle): Promise<string[]> {
  const { env, color, tz, ...rest } = style;
  const lines = renderGraph({
    ...rest,
    series: graphSeries(answer),
    color: color ? colorDepth(env) : 'none',
    ascii: isAsciiOnly(env),
    tz: tz?.toLowerCase() === 'local' ? undefined : (tz ?? 'UTC'),
  });
  return lines.map((line) => `${line}\n`);
}

function graphSeries(answer: QueryAnswer): GraphSeries[] {
  const { result } = answer;
  if (result.type === 'matrix') {
    const { labels, steps, values, present } = result.matrix;
    const timestamps = gridTimes(result.grid);
    return labels.map((one, s) => ({
      name: seriesText(one),
      timestamps,
      values: values.subarray(s * steps, (s + 1) * steps),
      present: present.subarray(s * steps, (s + 1) * steps),
    }));
  }
  throw new UserError('--graph draws values over time', { hint: 'give a range: --since 1h' });
}

function colorDepth(env: Environment): ColorDepth {
  if (env['COLORTERM'] === 'truecolor' || env['COLORTERM'] === '24bit') return 'truecolor';
  return env['TERM'] === 'linux' ? '16' : '256';
}

function isAsciiOnly(env: Environment): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return env['TERM'] === 'dumb' || /^(C|POSIX)$|\.(?!utf-?8)/i.test(locale);
}
