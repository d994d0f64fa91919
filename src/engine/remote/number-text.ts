// A float as Prometheus' JSON writes it: a text, because JSON has no infinities. The other
// direction is in api/. Pure.

/** The float of a text; NaN for what is none. */
export function numberOf(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}
