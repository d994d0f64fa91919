// What is the same in many queries of an SLO file: all but the values that matchers ask for by `=`.
// A thousand queries have a few dozen shapes, so a shape is parsed once and its values are put back
// into what was made of it. Easy to get wrong: only texts in plain double quotes are looked at, and
// whatever could be anything else makes the query its own shape.

export interface TemplateShape {
  /** The template with §0§, §1§, … in place of values; equal values have one number. */
  readonly shape: string;
  readonly values: readonly string[];
}

const ODD = /[\\'`#§\p{Cc}\p{Cs}]/u;
const EQUALS = /[A-Za-z0-9_"]\s*=\s*$/;
const NAME = /__name__\s*=\s*$/;
const PLACE = /§(\d+)§/g;

/** The shape of a template; itself, without values, where it cannot be told. */
export function shapeOfTemplate(template: string): TemplateShape {
  const own = { shape: template, values: [] };
  // A line break within quotes is a mistake of its own; between them it is a blank.
  const flat = template.replaceAll(/[\n\t]/g, ' ');
  if (ODD.test(flat)) return own;
  const parts = template.split('"');
  if (parts.length % 2 === 0) return own;
  const numbers = new Map<string, number>();
  let shape = parts[0];
  for (let i = 1; i < parts.length; i += 2) {
    const text = parts[i];
    if (text.includes('\n') || text.includes('\t')) return own;
    const behind = parts[i + 1];
    const plain = text !== '' && !text.includes('{{');
    const value = plain && EQUALS.test(parts[i - 1]) && !NAME.test(parts[i - 1]);
    if (!value) {
      shape += `"${text}"${behind}`;
      continue;
    }
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    shape += `"§${number}§"${behind}`;
  }
  return { shape, values: [...numbers.keys()] };
}

/** A text that was made of the shape, with the template's own values. */
export function withValues(text: string, values: readonly string[]): string {
  if (values.length === 0) return text;
  return text.replaceAll(PLACE, (_, number: string) => values[Number(number)]);
}
