// Rows of a matrix or a vector picked and put into another order. Under merging and the root, on
// the way of every answer. Easy to get wrong: a view of a row costs more than to copy a short one,
// and of instant answers a row is one cell.

/** Longer rows, in cells, are copied as views: a loop is fast only once it was compiled. */
const SHORT = 16;

/** Room for that many values, and a copy of each row in it, in the order given. */
export function gatherValues(
  values: Float64Array,
  rows: ArrayLike<number>,
  steps: number,
): Float64Array {
  const out = new Float64Array(rows.length * steps);
  for (let to = 0; to < rows.length; to++) {
    const from = rows[to] * steps;
    const at = to * steps;
    if (steps > SHORT) out.set(values.subarray(from, from + steps), at);
    else for (let i = 0; i < steps; i++) out[at + i] = values[from + i];
  }
  return out;
}

/** The same of marks. A loop of its own: one that met both kinds would be slower for each. */
export function gatherMarks(
  marks: Uint8Array,
  rows: ArrayLike<number>,
  steps: number,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(rows.length * steps);
  for (let to = 0; to < rows.length; to++) {
    const from = rows[to] * steps;
    const at = to * steps;
    if (steps > SHORT) out.set(marks.subarray(from, from + steps), at);
    else for (let i = 0; i < steps; i++) out[at + i] = marks[from + i];
  }
  return out;
}

/**
 * Tells of rows, asked for from the first to the last, whether any of their marks is set: all are
 * looked at once, by the engine's own search.
 */
export function filledRows(present: Uint8Array, steps: number): (row: number) => boolean {
  let next = -1;
  return (row) => {
    const at = row * steps;
    if (next < at) {
      const found = present.indexOf(1, at);
      next = found < 0 ? Infinity : found;
    }
    return next < at + steps;
  };
}

/** True when any of the marks of a row is set. */
export function anyMarked(present: Uint8Array, at: number, steps: number): boolean {
  for (let i = at; i < at + steps; i++) if (present[i] !== 0) return true;
  return false;
}
