// Fields that both kinds of SLO files have: numbers that stay decimals, queries that are checked
// where they stand, labels. Easy to get wrong: 100 - 99.9 is no float that anybody means, so the
// budget comes from the digits as they are written.
import { checkTemplate } from '../alert/slo/query-template.ts';
import type { AlertWindows } from '../alert/slo/burn-windows.ts';
import { UserError } from '../errors.ts';
import type { SloPairs } from '../model/slo.ts';
import { ConfigFile, Section } from './config-reader.ts';

export interface SloDefaults {
  /** The period of files that name none. */
  readonly periodMs: number;
  readonly windows: readonly AlertWindows[];
}

const DECIMAL = /^[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** A text that must be there. @throws UserError at the section. */
export function required(section: Section, name: string): string {
  const text = section.text(name);
  if (text !== undefined && text.trim() !== '') return text;
  return section.fail(name, `${name} is missing in ${section.what}`);
}

/** A plain decimal that must be there. */
export function decimal(section: Section, name: string): number {
  const text = required(section, name);
  return DECIMAL.test(text) ? Number(text) : section.fail(name, `${name} must be a number`);
}

/** (whole - value) / whole, from the digits: 99.9 of 100 leaves exactly 0.001. */
export function budgetOf(text: string, whole: 1 | 100): number {
  const [units, digits = ''] = text.replace('+', '').split('.');
  const scale = 10n ** BigInt(digits.length);
  const value = BigInt(units === '' ? '0' : units) * scale + BigInt(digits === '' ? '0' : digits);
  const rest = BigInt(whole) * scale - value;
  return Number(rest) / Number(BigInt(whole) * scale);
}

/** A query that must be there and be PromQL; mistakes in it point at the field. */
export function query(section: Section, name: string): string {
  const text = required(section, name);
  checkQuery(section, name, text);
  if (!/\{\{-?\s*\.window\s*-?\}\}/.test(text)) {
    section.fail(name, `${name} holds no {{.window}}`, 'as in sum(rate(x[{{.window}}]))');
  }
  return text;
}

/** @throws UserError at the field when the template is no PromQL. */
export function checkQuery(section: Section, name: string, text: string): void {
  try {
    checkTemplate(text);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    section.fail(name, `${name}: ${thrown.message}`, thrown.hint);
  }
}

/** Labels or annotations, in the order of the file; names as Prometheus had them before 3.0. */
export function pairsOf(section: Section, name: string, named = LABEL_NAME): SloPairs {
  const { file } = section;
  return file.entries(section.value(name), name).map(({ key, keyNode, value }) => {
    if (!named.test(key)) file.fail(keyNode, `${JSON.stringify(key)} is no name of a label`);
    return [key, value === null ? '' : textOf(file, value, key)] as const;
  });
}

function textOf(file: ConfigFile, value: Parameters<ConfigFile['text']>[0], key: string): string {
  return file.text(value, key);
}
