// `</` and `>/` cut buckets off native histograms. Between floats they mean nothing and leave
// nothing, but say so.

/** The info about an operator that floats do not have. */
export function incompatible(op: string): string {
  return `incompatible sample types encountered for binary operator "${op}": float ${op} float`;
}
