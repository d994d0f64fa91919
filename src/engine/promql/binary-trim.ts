// `</` and `>/` cut buckets off native histograms; between floats they mean nothing.

/** The info about an operator that floats do not have. */
export function incompatible(op: string): string {
  return `incompatible sample types encountered for binary operator "${op}": float ${op} float`;
}
