// The names of pressed keys, as all screens use them. What a key does is in the table of each
// screen. Easy to get wrong: quick typing and pasting arrive as one text of several keys.

/** What Ink tells of a key press, as far as it matters here. */
export interface Press {
  readonly ctrl?: boolean;
  readonly shift?: boolean;
  readonly meta?: boolean;
  readonly upArrow?: boolean;
  readonly downArrow?: boolean;
  readonly leftArrow?: boolean;
  readonly rightArrow?: boolean;
  readonly pageUp?: boolean;
  readonly pageDown?: boolean;
  readonly home?: boolean;
  readonly end?: boolean;
  readonly return?: boolean;
  readonly escape?: boolean;
  readonly tab?: boolean;
  readonly backspace?: boolean;
  readonly delete?: boolean;
}

/** Characters that stand for a key when several keys arrive as one text. */
const CHARACTER_KEYS: Readonly<Record<string, string>> = {
  '\r': 'return',
  '\n': 'return',
  '\t': 'tab',
  '\u001b': 'escape',
  '\u007f': 'backspace',
  '\b': 'backspace',
};

/**
 * The names of the keys of one event. Quick typing and pasting arrive as one text: each of its
 * characters is a key.
 */
export function keyNames(input: string, press: Press): string[] {
  const characters = [...input];
  if (characters.length < 2 || press.ctrl || press.meta) return [keyName(input, press)];
  return characters.map((character) => CHARACTER_KEYS[character] ?? character);
}

/** The name of a pressed key: a character, or a word such as `up`, `return`, `ctrl-l`. */
export function keyName(input: string, press: Press): string {
  if (press.ctrl && input.length === 1) return `ctrl-${input}`;
  if (press.tab) return press.shift ? 'shift-tab' : 'tab';
  if (press.upArrow) return 'up';
  if (press.downArrow) return 'down';
  if (press.leftArrow) return 'left';
  if (press.rightArrow) return 'right';
  for (const name of ['pageUp', 'pageDown', 'home', 'end', 'return', 'escape'] as const) {
    if (press[name]) return name;
  }
  if (press.backspace) return 'backspace';
  if (press.delete) return 'delete';
  return press.meta ? `meta-${input}` : input;
}
