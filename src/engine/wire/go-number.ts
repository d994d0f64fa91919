// A number as Go's strconv.FormatFloat(value, 'g', -1, 64) spells it: what Prometheus' client
// libraries write for bounds of buckets and quantiles, so that a series has the same labels by
// text and by protobuf. Easy to get wrong: the exponent begins at 1e+06 and has at least two
// digits.

/** The shortest text that reads back as the same number. */
export function goNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, exponentText] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return value.toString();
  const sign = exponent < 0 ? '-' : '+';
  return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
