// Text from outside on its way to a terminal. Almost all of it is plain ASCII, which needs no care;
// only the rest pays for the tables of Unicode widths. Easy to get wrong: a file or a pipe gets
// values as they are, because whoever reads them wants the data.

const PLAIN = /^[\u0020-\u007e]*$/;

export interface TextTools {
  /** One code point a character, no escape sequences, a width that every terminal counts alike. */
  safe(text: string): string;
  /** Cells that a safe text takes. */
  width(text: string): number;
}

const PLAIN_TOOLS: TextTools = { safe: (text) => text, width: (text) => text.length };

/** Tools that are right for all of the texts given, and cheap where they may be. */
export async function textToolsFor(texts: Iterable<string>): Promise<TextTools> {
  for (const text of texts) if (!PLAIN.test(text)) return await unicodeTools();
  return PLAIN_TOOLS;
}

async function unicodeTools(): Promise<TextTools> {
  const { safeText, cellWidth } = await import('../tui/draw/text.ts');
  return { safe: safeText, width: cellWidth };
}

/** One text made safe, its line breaks turned into spaces. */
export async function safeLine(text: string): Promise<string> {
  const line = text.replaceAll(/\s*[\r\n]+\s*/g, ' ').trim();
  return (await textToolsFor([line])).safe(line);
}
