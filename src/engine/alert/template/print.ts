// How Go prints values: %v, and Printf with its verbs, widths and flags. Under the functions of
// templates. Source: Go's fmt and strconv. Easy to get wrong: a float without a precision prints
// an exponent below 1e-4 and from 1e6 on, and a wrong verb prints itself instead of failing.
import { UserError } from '../../errors.ts';
import { quote } from '../../promql/literals.ts';
import { Moment, Struct, typeName } from './values.ts';
import type { GoValue } from './values.ts';

/** The most digits that JavaScript tells of a number; a middle needs no more. */
const DIGITS_MAX = 100;
/** Width and precision that anybody may ask for; Go's own bound is a million. */
const WIDTH_MAX = 10_000;
/** strconv's own number for the least digits. */
const SHORT_EXPONENT = 6;
const SPEC = /%([-+# 0]*)(\d+)?(?:\.(\d*))?(.)?/gsu;

/** %v. */
export function printValue(value: GoValue, nested = false): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return shortest(value);
    case 'bigint':
    case 'boolean':
      return String(value);
  }
  if (value === null || value === undefined) return nested ? '<nil>' : '<no value>';
  if (value instanceof Moment) return momentText(value.ms);
  if (Array.isArray(value)) return `[${value.map((one) => printValue(one, true)).join(' ')}]`;
  if (value instanceof Struct) {
    return `{${[...value.fields.values()].map((one) => printValue(one, true)).join(' ')}}`;
  }
  const pairs = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[${pairs.map(([name, one]) => `${name}:${printValue(one, true)}`).join(' ')}]`;
}

/** `print`: a blank between two operands of which neither is a text. */
export function printAll(values: readonly GoValue[]): string {
  let out = '';
  values.forEach((value, i) => {
    const plain = typeof value !== 'string' && typeof values[i - 1] !== 'string';
    out += (i > 0 && plain ? ' ' : '') + operandText(value);
  });
  return out;
}

/** `println`: blanks between all, and a line break. */
export function printLine(values: readonly GoValue[]): string {
  return `${values.map(operandText).join(' ')}\n`;
}

function operandText(value: GoValue): string {
  return value === null || value === undefined ? '<nil>' : printValue(value);
}

/** strconv's 'g' with the least digits that tell the value. */
export function shortest(value: number): string {
  if (!Number.isFinite(value)) return infinite(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, power] = exponential(value);
  const exponent = Number(power);
  if (exponent < -4 || exponent >= SHORT_EXPONENT) return `${digits}${powerText(exponent)}`;
  return plainText(value);
}

function infinite(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** Digits and power; a value in the middle of two goes to the even one, as in Go. */
function exponential(value: number, digits?: number): string[] {
  if (digits === undefined) return value.toExponential().split('e');
  const [exact, power] = value.toExponential(DIGITS_MAX).split('e');
  const cut = exact.indexOf('.') + 1 + digits;
  const kept = exact.slice(0, cut).replace(/\.$/, '');
  if (/^50*$/.test(exact.slice(cut)) && /[02468]$/.test(kept)) return [kept, power];
  return value.toExponential(digits).split('e');
}

function powerText(exponent: number): string {
  const size = Math.abs(exponent);
  return `e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
}

/** Without an exponent, whatever the size. */
function plainText(value: number): string {
  const text = String(Math.abs(value));
  const sign = value < 0 ? '-' : '';
  const found = /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (found === null) return sign + text;
  const [, first, rest = '', power] = found;
  const exponent = Number(power);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${first}${rest}`;
  return `${sign}${(first + rest).padEnd(exponent + 1, '0')}`;
}

/** %e, %f and %g of a finite or infinite float. */
export function formatFloat(value: number, verb: string, precision: number | undefined): string {
  if (!Number.isFinite(value)) return infinite(value);
  const lower = verb.toLowerCase();
  let out: string;
  if (lower === 'f') out = fixed(value, precision ?? 6);
  else if (lower === 'e') {
    const [digits, power] = exponential(value, Math.min(precision ?? 6, 100));
    out = `${digits}${powerText(Number(power))}`;
  } else if (precision === undefined) out = shortest(value);
  else out = general(value, precision === 0 ? 1 : precision);
  if (Object.is(value, -0) && !out.startsWith('-')) out = `-${out}`;
  return verb === lower ? out : out.toUpperCase();
}

function fixed(value: number, precision: number): string {
  const digits = Math.min(precision, 100);
  if (Math.abs(value) < 1e21) {
    const exact = value.toFixed(DIGITS_MAX);
    const cut = exact.indexOf('.') + 1 + digits;
    const kept = exact.slice(0, cut).replace(/\.$/, '');
    const middle = digits < 100 && /^50*$/.test(exact.slice(cut));
    return middle && /[02468]$/.test(kept) ? kept : value.toFixed(digits);
  }
  const whole = BigInt(value).toString();
  return digits > 0 ? `${whole}.${'0'.repeat(digits)}` : whole;
}

function general(value: number, precision: number): string {
  if (value === 0) return '0';
  const [digits, power] = exponential(value, Math.min(precision, 101) - 1);
  const exponent = Number(power);
  const trimmed = (text: string): string =>
    text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  if (exponent < -4 || exponent >= precision) {
    return `${trimmed(digits)}${powerText(exponent)}`;
  }
  return trimmed(fixed(value, Math.max(0, precision - 1 - exponent)));
}

/** A moment as Go's time.String prints it in UTC. */
function momentText(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) throw new UserError('that is no time');
  const [day, rest] = date.toISOString().split('T');
  const time = rest.replace('Z', '').replace(/\.?0+$/, '');
  const whole = time.split(':').length === 3 ? time : rest.slice(0, 8);
  return `${day} ${whole.length < 8 ? rest.slice(0, 8) : whole} +0000 UTC`;
}

interface Spec {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly verb: string;
}

/** Sprintf. */
export function printFormatted(format: string, values: readonly GoValue[]): string {
  let next = 0;
  const out = format.replaceAll(SPEC, (...found: (string | undefined)[]) => {
    const [, flags = '', width, precision, verb] = found;
    if (verb === undefined) return '%!(NOVERB)';
    if (verb === '%') return '%';
    if (next >= values.length) return `%!${verb}(MISSING)`;
    const value = values[next++];
    const spec: Spec = {
      flags,
      width: Math.min(Number(width ?? 0), WIDTH_MAX),
      precision: precision === undefined ? undefined : Math.min(Number(precision), WIDTH_MAX),
      verb,
    };
    return padded(spec, formatted(spec, value), value);
  });
  if (next >= values.length) return out;
  const extra = values.slice(next).map((one) => `${typeName(one)}=${operandText(one)}`);
  return `${out}%!(EXTRA ${extra.join(', ')})`;
}

function padded({ flags, width }: Spec, text: string, value: GoValue): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  const numeric = typeof value === 'number' ? Number.isFinite(value) : typeof value === 'bigint';
  if (!flags.includes('0') || !numeric) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.test(text) ? text[0] : '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

function formatted(spec: Spec, value: GoValue): string {
  const { verb, precision } = spec;
  if (verb === 'T') return typeName(value);
  const plain = plainFormatted(spec, value);
  if (plain !== undefined) return plain;
  if (value === null || value === undefined) return verb === 'v' ? '<nil>' : `%!${verb}(<nil>)`;
  if (Array.isArray(value)) return `[${value.map((one) => formatted(spec, one)).join(' ')}]`;
  if (value instanceof Map && 'vsq'.includes(verb)) {
    const pairs = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const text = (one: GoValue): string => formatted({ ...spec, precision }, one);
    return `map[${pairs.map(([name, one]) => `${text(name)}:${text(one)}`).join(' ')}]`;
  }
  if (verb === 'v' || (verb === 's' && value instanceof Moment)) return printValue(value);
  return `%!${verb}(${typeName(value)}=${printValue(value)})`;
}

/** Scalars under the verbs that they know. */
function plainFormatted({ verb, precision, flags }: Spec, value: GoValue): string | undefined {
  if (typeof value === 'string') {
    const text = precision === undefined ? value : [...value].slice(0, precision).join('');
    if (verb === 's' || verb === 'v')
      return flags.includes('#') && verb === 'v' ? quote(text) : text;
    if (verb === 'q') return quote(text);
    const hex = Buffer.from(text).toString('hex');
    if (verb === 'x') return hex;
    return verb === 'X' ? hex.toUpperCase() : undefined;
  }
  const plus = (text: string): string => {
    if (/^[+-]/.test(text)) return flags.includes('+') || text[0] === '-' ? text : text;
    return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
  };
  if (typeof value === 'number') {
    if (verb === 'v') return plus(formatFloat(value, 'g', precision));
    return 'eEfFgG'.includes(verb) ? plus(formatFloat(value, verb, precision)) : undefined;
  }
  if (typeof value === 'bigint') return intFormatted(verb, value, plus);
  return typeof value === 'boolean' && (verb === 't' || verb === 'v') ? String(value) : undefined;
}

function intFormatted(
  verb: string,
  value: bigint,
  plus: (text: string) => string,
): string | undefined {
  switch (verb) {
    case 'd':
    case 'v':
      return plus(String(value));
    case 'x':
      return plus(value.toString(16));
    case 'X':
      return plus(value.toString(16).toUpperCase());
    case 'o':
      return plus(value.toString(8));
    case 'b':
      return plus(value.toString(2));
    case 'q':
      return `'${intFormatted('c', value, plus) ?? ''}'`;
    case 'c':
      return value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : '\uFFFD';
    case 'U':
      return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return undefined;
}
