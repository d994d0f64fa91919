// Numbers, durations and strings of PromQL, from text to value and back. Easy to get wrong:
// strings have Go's escapes, which can make bytes that are no UTF-8; such a byte is kept as a lone
// surrogate U+DC80 to U+DCFF, so that it is never a legal label name and prints as \xNN again.

const UNIT_MS: Record<string, number> = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

const DURATION = /^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/;

/** Milliseconds of `1h30m`, or undefined when the text is no duration. */
export function durationMs(text: string): number | undefined {
  if (text === '' || !DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) {
    ms += Number(digits) * UNIT_MS[unit];
  }
  return ms;
}

/** A length in ms as Prometheus prints it: `1h30m`, `0s`, with years and weeks only when exact. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  let rest = Math.trunc(ms);
  let out = '';
  for (const unit of ['y', 'w', 'd', 'h', 'm', 's', 'ms']) {
    const size = UNIT_MS[unit];
    if ((unit === 'y' || unit === 'w') && rest % size !== 0) continue;
    const many = Math.floor(rest / size);
    if (many > 0) out += `${many}${unit}`;
    rest -= many * size;
  }
  return out;
}

export interface NumberText {
  readonly value: number;
  readonly duration: boolean;
}

/**
 * A number or duration literal without sign; undefined when it is neither. Durations are seconds.
 */
export function parseNumber(text: string): NumberText | undefined {
  const lower = text.toLowerCase();
  if (lower === 'inf') return { value: Infinity, duration: false };
  if (lower === 'nan') return { value: NaN, duration: false };
  const ms = durationMs(text);
  if (ms !== undefined) return { value: ms / 1000, duration: true };
  const plain = text.replaceAll('_', '');
  if (/^0x[0-9a-f]+$/i.test(plain)) {
    // Go reads them as whole numbers of 64 bits, and nothing longer.
    if (BigInt(plain) > 0x7fffffffffffffffn) return undefined;
    return { value: Number(plain), duration: false };
  }
  // Go reads a leading zero as octal, and so does Prometheus: 017 is 15.
  if (/^0[0-7]+$/.test(plain)) return { value: parseInt(plain, 8), duration: false };
  if (!/^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(plain)) return undefined;
  return { value: Number(plain), duration: false };
}

const SIMPLE: Record<string, number> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
};

/** What is wrong with a string literal; `at` counts from the literal's beginning. */
export class StringTrouble extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** The value of a string literal with its quotes. @throws StringTrouble. */
export function parseString(literal: string): string {
  const quote = literal[0];
  if (literal.length < 2 || literal.at(-1) !== quote) {
    throw new StringTrouble('unterminated quoted string', 0);
  }
  const body = literal.slice(1, -1);
  if (quote === '`') return body.replaceAll('\r', '');
  const line = body.indexOf('\n');
  if (line >= 0) throw new StringTrouble('unterminated quoted string', 0);
  if (!body.includes('\\')) return body;
  const bytes: number[] = [];
  const out: string[] = [];
  const flush = (): void => {
    if (bytes.length > 0) out.push(decodeLoose(bytes));
    bytes.length = 0;
  };
  let i = 0;
  while (i < body.length) {
    if (body[i] !== '\\') {
      flush();
      out.push(body[i++]);
      continue;
    }
    const escape = readEscape(body, i, quote);
    if (escape.byte) bytes.push(escape.code);
    else {
      flush();
      out.push(String.fromCodePoint(escape.code));
    }
    i = escape.next;
  }
  flush();
  return out.join('');
}

interface Escape {
  readonly code: number;
  readonly byte: boolean;
  readonly next: number;
}

function readEscape(body: string, at: number, quote: string): Escape {
  const letter = body[at + 1];
  if (letter === undefined) throw new StringTrouble('escape sequence not terminated', at + 2);
  const simple = Object.hasOwn(SIMPLE, letter) ? SIMPLE[letter] : undefined;
  if (simple !== undefined && ((letter !== "'" && letter !== '"') || letter === quote)) {
    return { code: simple, byte: false, next: at + 2 };
  }
  const octal = /[0-7]/.test(letter);
  const digits = octal ? 3 : { x: 2, u: 4, U: 8 }[letter];
  if (digits === undefined) {
    const code = letter.codePointAt(0) as number;
    const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${letter}'`;
    throw new StringTrouble(`unknown escape sequence ${name}`, at + 2);
  }
  const from = octal ? at + 1 : at + 2;
  const text = body.slice(from, from + digits);
  const legal = octal ? /^[0-7]{3}$/ : /^[0-9a-fA-F]+$/;
  if (text.length < digits || !legal.test(text)) {
    throw new StringTrouble('escape sequence not terminated', at + 2);
  }
  const code = parseInt(text, octal ? 8 : 16);
  const byte = octal || letter === 'x';
  if (code > (byte ? 0xff : 0x10ffff) || (!byte && code >= 0xd800 && code <= 0xdfff)) {
    throw new StringTrouble('escape sequence is an invalid Unicode code point', at + 2);
  }
  return { code, byte, next: from + digits };
}

function decodeLoose(bytes: readonly number[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes),
    );
  } catch {
    return bytes.map((b) => String.fromCharCode(b < 0x80 ? b : 0xdc00 + b)).join('');
  }
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  ...{ '"': '\\"', '\\': '\\\\', '\x07': '\\a', '\b': '\\b', '\f': '\\f' },
  ...{ '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' },
};
/** What Go's strconv.IsPrint lets pass. */
const PRINTED = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
const PLAIN = /^[ !#-[\]-~]*$/;

/** A string in double quotes with the escapes of Go's strconv.Quote, as Prometheus prints it. */
export function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let out = '"';
  for (const char of text) out += SHORT_ESCAPES[char] ?? escaped(char);
  return `${out}"`;
}

function escaped(char: string): string {
  if (PRINTED.test(char)) return char;
  const code = char.codePointAt(0) as number;
  const hex = (of: number, digits: number): string => of.toString(16).padStart(digits, '0');
  // Bytes that are no UTF-8, as decodeLoose() keeps them.
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

const LEGACY_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** A label name as it is written: bare when it can be, otherwise in quotes. */
export function quoteName(name: string): string {
  return LEGACY_NAME.test(name) ? name : quote(name);
}

/** True for a name that a label may have: not empty and whole UTF-8. */
export function isLabelName(name: string): boolean {
  return name !== '' && name.isWellFormed();
}

/** A float as Go's FormatFloat(v, 'f', -1, 64): shortest digits, never an exponent. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign, head, tail = '', power] = match;
  const digits = head + tail;
  const point = 1 + Number(power);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}

/** A float as Go's %g prints it. */
export function formatShort(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatFloat(value);
  const [mantissa, power] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return formatFloat(value);
  return scientific(mantissa, exponent);
}

/** A float as Go's %.2g prints it. */
export function formatTwoDigits(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatFloat(value);
  // Of a tie Go takes the even digit, JavaScript the larger one.
  const tie = /^(-?\d\.[02468])50*e(.*)$/.exec(value.toExponential(20));
  const [mantissa, power] = tie?.slice(1) ?? value.toExponential(1).split('e');
  const exponent = Number(power);
  const rounded = Number(`${mantissa}e${power}`);
  if (exponent >= -4 && exponent < 2) return formatFloat(rounded);
  return scientific(mantissa.replace('.0', ''), exponent);
}

/** Go writes two digits of an exponent at least. */
function scientific(mantissa: string, exponent: number): string {
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
}

/** A float as Go's ParseFloat reads it, or undefined: for `le` labels. */
export function parseFloatText(text: string): number | undefined {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null) {
    if (special[2].toLowerCase() === 'nan') return NaN;
    return special[1] === '-' ? -Infinity : Infinity;
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined;
  return Number(text);
}
