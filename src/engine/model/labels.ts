// A label set as one flat array of strings, name and value in turn, sorted by name: compact, cheap
// to clone between threads, equal when its strings are equal. An empty value means "no such label"
// and is never stored. Names compare by UTF-16 code units here; canonical bytes compare by UTF-8
// bytes.

/** `[name, value, name, value, …]`, names sorted and unique, no empty value. */
export type Labels = readonly string[];

export const NAME = '__name__';

/** Sorts, drops empty values, and on a doubled name keeps the last one given. */
export function makeLabels(pairs: Iterable<readonly [string, string]>): Labels {
  const map = new Map<string, string>(pairs);
  const names = [...map.keys()].filter((n) => map.get(n) !== '').sort(compareText);
  return names.flatMap((n) => [n, map.get(n) as string]);
}

/** The value of a label, or the empty string where the set has none. */
export function labelValue(labels: Labels, name: string): string {
  for (let i = 0; i < labels.length; i += 2) if (labels[i] === name) return labels[i + 1];
  return '';
}

/** The set without the names given. */
export function dropLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  const out: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (!names.has(labels[i])) out.push(labels[i], labels[i + 1]);
  }
  return out;
}

/** The set with only the names given. */
export function keepLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  const out: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (names.has(labels[i])) out.push(labels[i], labels[i + 1]);
  }
  return out;
}

/** A string that is equal exactly when the sets are: for maps, never for show. */
export function labelsKey(labels: Labels): string {
  return labels.join('\u0000');
}

/** Order of label sets as Prometheus sorts results: name, value, name, value, then the shorter. */
export function compareLabels(a: Labels, b: Labels): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return compareText(a[i], b[i]);
  return a.length - b.length;
}

/** Plain order of code units, not the locale's. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The set as an object for JSON; made without a prototype, so that `__proto__` is a label too. */
export function labelsObject(labels: Labels): Record<string, string> {
  const out = Object.create(null) as Record<string, string>;
  for (let i = 0; i < labels.length; i += 2) out[labels[i]] = labels[i + 1];
  return out;
}
