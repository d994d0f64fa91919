// YAML as the Go tools read it, whose files are taken unchanged: the lines of a quoted text may
// stand further left than YAML 1.2 allows, and control characters are refused. Under the reader of
// configurations. Easy to get wrong: lines must keep their numbers, since complaints name them.
import { Document, LineCounter, parseAllDocuments, parseDocument } from 'yaml';
import { readPlainYaml } from './yaml-plain.ts';

/** Texts that are mended in one file; each costs a pass over it. */
const MENDED_MAX = 100;

/** What go-yaml's reader refuses anywhere in a file; a byte order mark may only begin it. */
const CONTROL =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]|(?!^)\ufeff/;

/** A file that was parsed, with errors or without. */
export interface YamlText {
  /** As it was parsed: what was mended has more spaces before some lines. */
  readonly text: string;
  readonly lines: LineCounter;
  readonly documents: readonly Document[];
}

/** Where a control character stands; -1 for nowhere. */
export function controlAt(text: string): number {
  return CONTROL.exec(text)?.index ?? -1;
}

/**
 * Parses the one document of a text, or all of them; comments are lost. What is wrong stands with
 * the documents.
 */
export function parseYaml(text: string, many: boolean): YamlText {
  const read = readPlainYaml(text);
  if (read === undefined || (!many && read.roots.length > 1)) return parseWholeYaml(text, many);
  const lines = new LineCounter();
  lines.lineStarts = [...read.lineStarts];
  const documents = read.roots.map((root) => {
    const document = new Document();
    document.contents = root;
    return document;
  });
  return { text, lines, documents };
}

/** The same with comments, so that the documents can be written again. */
export function parseWholeYaml(text: string, many: boolean): YamlText {
  const plain = parsed(text, many);
  let now = plain;
  for (let i = 0; i < MENDED_MAX; i++) {
    const error = now.documents.find(({ errors }) => errors.length > 0)?.errors[0];
    if (error === undefined) return now;
    const [, quote] = /^Missing closing (["'])/.exec(error.message) ?? [];
    const mended = quote === undefined ? undefined : indented(now.text, error.pos[0], quote);
    if (mended === undefined) break;
    now = parsed(mended, many);
  }
  return now.documents.some(({ errors }) => errors.length > 0) ? plain : now;
}

function parsed(text: string, many: boolean): YamlText {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false };
  if (!many) return { text, lines, documents: [parseDocument(text, options)] };
  const documents = parseAllDocuments(text, options);
  return { text, lines, documents: Array.isArray(documents) ? documents : [] };
}

/** The rest of a quoted text that breaks off at `at`, its lines indented as its first line is. */
function indented(text: string, at: number, quote: string): string | undefined {
  const end = closingQuote(text, at, quote);
  if (end < 0 || !text.slice(at, end).includes('\n')) return undefined;
  const from = text.lastIndexOf('\n', at - 1) + 1;
  const [indent] = /^[ -]*/.exec(text.slice(from, at)) ?? [''];
  const more = ' '.repeat(indent.length + 2);
  return text.slice(0, at) + text.slice(at, end).replaceAll('\n', `\n${more}`) + text.slice(end);
}

function closingQuote(text: string, from: number, quote: string): number {
  for (let i = from; i < text.length; i++) {
    if (quote === '"' && text[i] === '\\') i++;
    else if (text[i] === quote) {
      if (quote === '"' || text[i + 1] !== quote) return i;
      i++;
    }
  }
  return -1;
}
