// What the process tells its operator: one line a happening, as text or as JSON, to a write
// function that is handed in. Easy to get wrong: secrets. Fields with telling names, bearer tokens
// and passwords in URLs are blanked here, once for all; control characters never get through, so
// that a label value cannot forge a line or reach the terminal.
import { MonError, messageOf } from '../errors.ts';
import type { Clock } from './clock.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogField = string | number | boolean | undefined;
export type LogFields = Readonly<Record<string, LogField>>;

export interface LoggerOptions {
  /** Takes one line with its newline; must not throw. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** The least level that is written; info by default. */
  readonly level?: LogLevel;
  readonly format?: 'text' | 'json';
}

/**
 * A failure and the words around it become one line; the code and fields of a MonError come along.
 */
export interface Logger {
  debug(words: string, fields?: LogFields): void;
  info(words: string, fields?: LogFields): void;
  warn(words: string, fields?: LogFields): void;
  error(words: string, fields?: LogFields): void;
  /** The same for something thrown: level error, with its message, code and hint. */
  failure(words: string, thrown: unknown, fields?: LogFields): void;
  /** A logger whose lines all carry these fields too. */
  child(fields: LogFields): Logger;
}

const SECRET_NAME = /pass(word|wd|phrase)?$|secret|token|authorization|cookie|credential|api_?key/i;
const BLANK = '***';
const VALUE_CHARS_MAX = 2000;

/** The text without what looks like a credential. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{4,}/gi, `$1 ${BLANK}`)
    .replace(/([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@]{1,500}@/gi, `$1${BLANK}@`)
    .replace(/\b(pass(?:word)?|secret|token|api_?key)=[^\s&"']{1,500}/gi, `$1=${BLANK}`);
}

/** Control characters and line or direction marks as \u escapes: safe for a terminal and a file. */
function plain(text: string): string {
  const cut = text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
  return withoutSecrets(cut).replace(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function fieldText(name: string, value: string | number | boolean): string | number | boolean {
  if (SECRET_NAME.test(name)) return BLANK;
  return typeof value === 'string' ? plain(value) : value;
}

class LineLogger implements Logger {
  readonly #options: LoggerOptions;
  readonly #fields: LogFields;

  constructor(options: LoggerOptions, fields: LogFields) {
    this.#options = options;
    this.#fields = fields;
  }

  debug(words: string, fields?: LogFields): void {
    this.#line('debug', words, fields);
  }

  info(words: string, fields?: LogFields): void {
    this.#line('info', words, fields);
  }

  warn(words: string, fields?: LogFields): void {
    this.#line('warn', words, fields);
  }

  error(words: string, fields?: LogFields): void {
    this.#line('error', words, fields);
  }

  failure(words: string, thrown: unknown, fields: LogFields = {}): void {
    const more = thrown instanceof MonError ? { code: thrown.code, hint: thrown.hint } : {};
    this.#line('error', `${words}: ${messageOf(thrown)}`, { ...fields, ...more });
  }

  child(fields: LogFields): Logger {
    return new LineLogger(this.#options, { ...this.#fields, ...fields });
  }

  #line(level: LogLevel, words: string, fields: LogFields = {}): void {
    const { write, clock, level: least = 'info', format = 'text' } = this.#options;
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(least)) return;
    const all: [string, string | number | boolean][] = [];
    for (const [name, value] of Object.entries({ ...this.#fields, ...fields })) {
      if (value !== undefined) all.push([name, fieldText(name, value)]);
    }
    const time = new Date(clock.now()).toISOString();
    if (format === 'json') {
      const line = { time, level, words: plain(words), ...Object.fromEntries(all) };
      write(`${JSON.stringify(line)}\n`);
      return;
    }
    const tail = all.map(([name, value]) => ` ${plain(name)}=${quoted(value)}`).join('');
    write(`${time} ${level.padEnd(5)} ${plain(words)}${tail}\n`);
  }
}

function quoted(value: string | number | boolean): string {
  const text = String(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

export function makeLogger(options: LoggerOptions): Logger {
  return new LineLogger(options, {});
}
