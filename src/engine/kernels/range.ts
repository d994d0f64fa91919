// Leaf functions run by the kernels: which there are, and the rows of many series in one call. The
// TypeScript of promql/ says what they mean; both are equal to the last bit. Easy to get wrong: a
// block of rows lies in kernel memory and is good only until the next call.
import { assert } from '../errors.ts';
import type { RowBlock, RowEvaluator, RowWork } from '../model/row-block.ts';
import type { Kernels } from './kernels.ts';

/** Position is the number that assembly/range.ts knows a function by. */
const FUNCTIONS = [
  'last',
  'timestamp',
  'rate',
  'increase',
  'delta',
  'irate',
  'idelta',
  'changes',
  'resets',
  'count_over_time',
  'present_over_time',
  'first_over_time',
  'last_over_time',
  'ts_of_first_over_time',
  'ts_of_last_over_time',
  'sum_over_time',
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'ts_of_min_over_time',
  'ts_of_max_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
  'deriv',
  'predict_linear',
];
const NUMBERS: ReadonlyMap<string, number> = new Map(FUNCTIONS.map((name, i) => [name, i]));

/** Cells of a block: some 600 kB of kernel memory, whatever the query asks for. */
const CELLS_MAX = 65_536;
const ROWS_MAX = 1024;
/** A fragment over more series would only drive out what others need. */
const KEPT_SERIES_MAX = 20_000;

/** True when the kernels know the function and these arguments of it. */
export function kernelRuns({ fn, args }: RowWork): boolean {
  if (!NUMBERS.has(fn)) return false;
  // Others come with a warning, which is not the kernels' to give.
  return fn !== 'quantile_over_time' || (args[0] >= 0 && args[0] <= 1);
}

/** Runs a function over series of one head. */
export class RowKernel implements RowEvaluator {
  readonly #kernels: Kernels;
  readonly #head: number;
  readonly #room: (bytes: number) => number;
  readonly #work: RowWork;
  readonly rowsMax: number;

  /**
   * @param head the address of the head; `room` answers that of a piece which nobody else uses
   *   during a call.
   */
  constructor(kernels: Kernels, head: number, room: (bytes: number) => number, work: RowWork) {
    assert(kernelRuns(work), 'the kernels know the function');
    this.#kernels = kernels;
    this.#head = head;
    this.#room = room;
    this.#work = work;
    this.rowsMax = Math.max(1, Math.min(ROWS_MAX, Math.floor(CELLS_MAX / work.steps)));
  }

  block(ids: Uint32Array): RowBlock {
    const { exports } = this.#kernels;
    const { fn, args, first, step, steps, windowMs } = this.#work;
    const rows = ids.length;
    const cells = rows * steps;
    const values = this.#room(cells * 9 + rows * 8);
    const idsAt = values + cells * 8;
    const samples = idsAt + rows * 4;
    const marks = samples + rows * 4;
    this.#kernels.u32.set(ids, idsAt / 4);
    const last = first + (steps - 1) * step;
    exports.rangeWindows(first, step, steps, windowMs);
    exports.rangeKeep(this.#work.series <= KEPT_SERIES_MAX ? 1 : 0);
    exports.rangeArguments(args[0] ?? 0, args[1] ?? 0);
    exports.rangeFunction(NUMBERS.get(fn) as number, first - windowMs + 1, last);
    exports.rangeRows(values, marks, samples);
    exports.rangeEvaluate(this.#head, idsAt, rows);
    return {
      values: this.#kernels.f64.subarray(values / 8, values / 8 + cells),
      present: this.#kernels.bytes.subarray(marks, marks + cells),
      samples: this.#kernels.u32.subarray(samples / 4, samples / 4 + rows),
    };
  }
}
