// A text as one word of a shell, for the commands that screens show so that a view can be opened
// again. Easy to get wrong: whoever copies such a command runs it, so nothing of a label's value
// may become more than a word.

/** A word for a POSIX shell: quoted where it has to be. */
export function shellQuote(text: string): string {
  if (/^[A-Za-z0-9_./:=@%+-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
