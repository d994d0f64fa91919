// The questions of a dashboard: one for each different query, however many panels ask it, with the
// answers it has had. A question over a range keeps a ring and asks only for the instants that are
// new; one for an instant keeps its rows. Easy to get wrong: an answer that arrives for a grid that
// is no longer looked at must not replace what is shown.
import { DASH_BUCKETS_MAX, DASH_LINES_MAX, DASH_ROWS_MAX } from '../../engine/limits-dash.ts';
import type { Grid, Matrix } from '../../engine/model/fragment.ts';
import type { Labels } from '../../engine/model/labels.ts';
import type { QueryAnswer } from '../../engine/model/query-result.ts';
import type { Ask, AskOptions } from '../../engine/ports.ts';
import { givenUp, gridKey, troubleOf } from './answers.ts';
import { ASK_MS_MAX } from './bounded-ask.ts';
import type { AskedQuery } from './dash-snapshot.ts';
import { heatMatrix } from './heat-rows.ts';
import { Ring } from './ring.ts';
import type { Trouble } from './snapshot.ts';

/** How an answer is kept: lines, buckets of a heatmap, or rows of one instant. */
export type QuestionKind = 'lines' | 'buckets' | 'rows';

export interface AnswerRow {
  readonly labels: Labels;
  readonly value: number;
}

/** What the server does not have is asked for again this often. */
const ABSENT_MS = 10_000;
/** An answer that a source is missing from says so in a warning. */
const MISSING = /\bmissing\b|\bpartial\b/i;

/** The key of a question: equal ones are asked once. */
export function questionKey(kind: QuestionKind, expr: string): string {
  return `${kind} ${expr}`;
}

export class Question {
  readonly kind: QuestionKind;
  readonly expr: string;
  readonly ring: Ring;
  rows: readonly AnswerRow[] = [];
  hidden = 0;
  partial = false;
  note = '';
  trouble: Trouble | undefined;
  /** When it was last answered; 0 for never. */
  freshMs = 0;
  /** Counts changes of what is shown. */
  version = 0;
  /** The beat that last wanted it. */
  usedMs = 0;
  #answered = '';
  #askedMs = -Infinity;

  constructor(kind: QuestionKind, expr: string) {
    this.kind = kind;
    this.expr = expr;
    this.ring = new Ring(kind === 'buckets' ? DASH_BUCKETS_MAX : DASH_LINES_MAX);
  }

  get asked(): AskedQuery {
    return { expr: this.expr, instant: this.kind === 'rows' };
  }

  /** True when nothing came back although it was asked. */
  get absent(): boolean {
    return this.kind === 'rows' ? this.rows.length === 0 : this.ring.rows.size === 0;
  }

  /** Whether this beat has to ask it. */
  due(grid: Grid, nowMs: number): boolean {
    const quiet = this.freshMs > 0 && this.absent && this.trouble === undefined;
    if (quiet && sameWindow(this.#answered, grid)) return nowMs - this.#askedMs >= ABSENT_MS;
    return this.#answered !== gridKey(grid);
  }

  /** Asks and keeps the answer. @throws what the server throws, after it was noted. */
  async put(
    grid: Grid,
    nowMs: number,
    by: {
      readonly ask: Ask;
      readonly bounded: <T>(ask: (signal: AbortSignal) => Promise<T>) => Promise<T>;
    },
  ): Promise<void> {
    this.#askedMs = nowMs;
    const { ask, bounded } = by;
    const options = (signal: AbortSignal): AskOptions => ({ timeoutMs: ASK_MS_MAX, signal });
    try {
      if (this.kind === 'rows') {
        this.#keepRows(
          await bounded((signal) => ask.instant(this.expr, grid.end, options(signal))),
        );
      } else {
        const { start, end, step } = this.ring.missing(grid);
        const answer = await bounded((signal) =>
          ask.range(this.expr, start, end, step, options(signal)),
        );
        this.#keepRange(answer, grid);
      }
      this.#answered = gridKey(grid);
      this.trouble = undefined;
      this.freshMs = nowMs;
      this.version++;
    } catch (thrown) {
      if (!givenUp(thrown)) this.fail(thrown, nowMs);
      throw thrown;
    }
  }

  /** Notes a failure; what was shown stays. */
  fail(thrown: unknown, nowMs: number): void {
    this.#answered = '';
    const trouble = troubleOf(thrown, nowMs, this.trouble);
    if (trouble !== this.trouble) this.version++;
    this.trouble = trouble;
  }

  #keepRange(answer: QueryAnswer, grid: Grid): void {
    const found = this.kind === 'buckets' ? heatMatrix(answer) : rangeOf(answer, grid);
    if (found !== undefined) this.ring.merge(grid, found.grid, found.matrix);
    this.hidden = this.ring.hidden;
    this.#keepNotes(answer);
  }

  #keepRows(answer: QueryAnswer): void {
    const { result } = answer;
    const rows: AnswerRow[] = [];
    if (result.type === 'scalar') rows.push({ labels: [], value: result.value });
    if (result.type === 'vector') {
      const { labels, values, present } = result.matrix;
      labels.forEach((one, i) => {
        if (present[i] === 1) rows.push({ labels: one, value: values[i] });
      });
    }
    this.rows = rows.slice(0, DASH_ROWS_MAX);
    this.hidden = rows.length - this.rows.length;
    this.#keepNotes(answer);
  }

  #keepNotes({ whole, warnings }: QueryAnswer): void {
    this.note = warnings[0] ?? '';
    this.partial = !whole || warnings.some((words) => MISSING.test(words));
  }
}

/** The matrix of a range; a scalar is a line that stands still. */
function rangeOf(answer: QueryAnswer, grid: Grid): { grid: Grid; matrix: Matrix } | undefined {
  const { result } = answer;
  if (result.type === 'matrix') return { grid: result.grid, matrix: result.matrix };
  if (result.type !== 'scalar') return undefined;
  const steps = Math.floor((grid.end - grid.start) / grid.step) + 1;
  const values = new Float64Array(steps).fill(result.value);
  const present = new Uint8Array(steps).fill(1);
  return { grid, matrix: { labels: [[]], steps, values, present } };
}

/** True for grids of one step and length: only time has passed between them. */
function sameWindow(answered: string, grid: Grid): boolean {
  const [start, end, step] = answered.split(' ').map(Number);
  return step === grid.step && Math.abs(end - start - (grid.end - grid.start)) <= grid.step;
}
