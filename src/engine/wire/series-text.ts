// From the text of a series, `name{label="value",…}` as it was received, to its labels. Runs on a
// cache miss only, so it may make strings. Easy to get wrong: an empty value means "no such label",
// but a scrape with honor_labels must still see that it was given.
import type { Labels } from '../model/labels.ts';
import { makeLabels, NAME } from '../model/labels.ts';
import { unescapeText } from './exposition-columns.ts';
import * as lexer from './exposition-lexer.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decoder.decode(bytes.subarray(start, end));
  } catch {
    return lexer.malformed(bytes, start, 'this name or value is not UTF-8');
  }
}

function quotedText(bytes: Uint8Array, start: number, end: number): string {
  return unescapeText(textOf(bytes, start + 1, end - 1));
}

/**
 * Name and labels in the order received, empty values kept. The range is one that parseExposition
 * found. @throws MonError MON_BODY_MALFORMED for text that is not UTF-8 and for a doubled name.
 */
export function parseSeriesPairs(
  bytes: Uint8Array,
  start: number,
  end: number,
): Map<string, string> {
  const pairs = new Map<string, string>();
  const put = (name: string, value: string, at: number): void => {
    if (pairs.has(name)) lexer.malformed(bytes, at, 'a label name that stands there twice');
    pairs.set(name, value);
  };
  let at = lexer.skipName(bytes, start, lexer.METRIC_START, lexer.METRIC_CHAR);
  if (at > start) pairs.set(NAME, textOf(bytes, start, at));
  at = lexer.skipBlank(bytes, at) + 1;
  while (at < end) {
    at = lexer.skipBlank(bytes, at);
    const from = at;
    if (bytes[at] === lexer.BRACE_CLOSE) break;
    const quoted = bytes[at] === lexer.QUOTE;
    at = quoted
      ? lexer.skipQuoted(bytes, at + 1)
      : lexer.skipName(bytes, at, lexer.LABEL_START, lexer.LABEL_CHAR);
    const name = quoted ? quotedText(bytes, from, at) : textOf(bytes, from, at);
    at = lexer.skipBlank(bytes, at);
    if (bytes[at] === lexer.EQUALS) {
      const open = lexer.skipBlank(bytes, at + 1);
      at = lexer.skipQuoted(bytes, open + 1);
      put(name, quotedText(bytes, open, at), from);
      at = lexer.skipBlank(bytes, at);
    } else {
      put(NAME, name, from);
    }
    if (bytes[at] === lexer.COMMA) at++;
  }
  return pairs;
}

/** The labels of a series text; see parseSeriesPairs. */
export function parseSeriesText(bytes: Uint8Array, start: number, end: number): Labels {
  return makeLabels(parseSeriesPairs(bytes, start, end));
}
