// JSON that may be shown: what a terminal would act upon stands in it as an escape, so that it
// reads back the same and changes nothing on a screen. YAML's quoted texts follow the same rule.

/** JSON without characters that a terminal would act upon; it reads back the same. */
export function jsonLine(value: unknown): string {
  return escapeInvisible(JSON.stringify(value));
}

/** The same, indented, for one document. */
export function jsonText(value: unknown): string {
  return `${escapeInvisible(JSON.stringify(value, null, 2))}\n`;
}

/** Writes control, direction and joining characters as \\u escapes; JSON has escaped the rest. */
export function escapeInvisible(json: string): string {
  return json.replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Variation_Selector}]/gu, (hidden) => {
    const units = hidden.split('');
    return units.map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  });
}
