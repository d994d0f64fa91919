// The nearest known word to one that was mistyped, for the hint under an error. Runs once per
// error, never on the way of a sample.

/**
 * Edits (insert, remove, replace, swap of neighbours) that make `a` from `b`. More than `most` are
 * not counted to the end: then the answer is only known to be above it.
 */
export function editDistance(a: string, b: string, most = Infinity): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  // What both begin and end with costs nothing, and names of metrics are alike for long stretches.
  const begin = sharedLetters(a, b);
  let [endA, endB] = [a.length, b.length];
  while (endA > begin && endB > begin && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  return editsBetween(a.slice(begin, endA), b.slice(begin, endB), most);
}

function editsBetween(a: string, b: string, most: number): number {
  const far = a.length + b.length;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  let lastLeast = 0;
  for (let i = 1; i <= a.length; i++) {
    const row = last.map(() => far);
    row[0] = i;
    let least = i;
    // Farther from the diagonal there are more edits than are counted.
    const end = Math.min(b.length, i + most);
    for (let j = Math.max(1, i - most); j <= end; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, before[j - 2] + 1);
      }
      row[j] = edits;
      if (edits < least) least = edits;
    }
    if (least > most && lastLeast > most) return most + 1;
    lastLeast = least;
    before = last;
    last = row;
  }
  return last[b.length];
}

/** The nearest of `known`, or nothing when none is near enough to be meant. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  const typed = word.toLowerCase();
  const limit = Math.floor(typed.length / 3) + 1;
  let best: string | undefined;
  let distance = limit + 1;
  for (const name of known) {
    // Of equally near names the one that was only cut short is meant, then the one of the same
    // length and the most letters alike at the beginning: "sun" is "sum", not "sgn".
    const cut = name.startsWith(typed) ? 0.5 : 0;
    const alike = name.length === typed.length ? 0.1 : 0;
    const edits = editDistance(typed, name) - cut;
    const d = edits - alike - sharedLetters(typed, name) / 1000;
    if (edits <= limit && d < distance) [best, distance] = [name, d];
  }
  return best;
}

/** Letters that two words begin with alike. */
export function sharedLetters(a: string, b: string): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}

/** `did you mean "rate"?`, or nothing. */
export function meant(word: string, known: Iterable<string>): string | undefined {
  const near = nearest(word, known);
  return near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`;
}
