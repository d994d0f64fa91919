// One table of keys for all screens: what a key does, in which mode it is valid, and the words for
// the bottom bar and the help. The bar shows the keys valid now, the help all of the mode, from
// this table alone, so that they cannot tell different stories.

/** What the screen is busy with; 'filter' takes text. */
export type Mode = 'overview' | 'zoom' | 'filter' | 'help' | 'command';

export type Action =
  | 'quit'
  | 'back'
  | 'help'
  | 'filter'
  | 'zoom'
  | 'next'
  | 'previous'
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'first'
  | 'last'
  | 'sort'
  | 'reverse'
  | 'wider'
  | 'narrower'
  | 'earlier'
  | 'later'
  | 'live'
  | 'pause'
  | 'command'
  | 'repaint'
  | 'submit'
  | 'erase'
  | 'clear';

export interface KeyBinding {
  readonly action: Action;
  /** Names as `keyName` gives them. */
  readonly keys: readonly string[];
  readonly modes: readonly Mode[];
  /** For the bottom bar: key and a word; left out of the bar when undefined. */
  readonly bar?: readonly [key: string, word: string];
  readonly help: string;
  readonly shown: string;
}

const SHOWN: Readonly<Record<string, string>> = {
  ' ': 'Space',
  escape: 'Esc',
  return: 'Enter',
  tab: 'Tab',
  'shift-tab': 'Shift-Tab',
  'ctrl-c': 'Ctrl-C',
  'ctrl-l': 'Ctrl-L',
  'ctrl-u': 'Ctrl-U',
  pageUp: 'PgUp',
  pageDown: 'PgDn',
  backspace: 'Backspace',
  home: 'Home',
  end: 'End',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  f1: 'F1',
};

const VIEWS: readonly Mode[] = ['overview', 'zoom'];
const OVERLAYS: readonly Mode[] = ['help', 'command'];

export const KEYS: readonly KeyBinding[] = [
  key('help', ['?', 'h', 'f1'], VIEWS, 'all keys of this view', ['?', 'help']),
  key('back', ['escape'], ['zoom', ...OVERLAYS], 'one level back', ['Esc', 'back']),
  key('submit', ['return'], ['filter'], 'keep the filter', ['Enter', 'keep']),
  key('back', ['escape'], ['filter'], 'leave the filter as it was', ['Esc', 'cancel']),
  key('quit', ['q', 'ctrl-c'], [...VIEWS, ...OVERLAYS], 'leave', ['q', 'quit']),
  key('quit', ['ctrl-c'], ['filter'], 'leave'),
  key('filter', ['/'], ['overview'], 'show only targets that hold a text (! inverts)', [
    '/',
    'filter',
  ]),
  key('zoom', ['return', 'z'], VIEWS, 'the chosen chart alone, or all again', ['Enter', 'zoom']),
  key('next', ['tab', 'right', 'l'], VIEWS, 'next chart', ['Tab', 'chart']),
  key('previous', ['shift-tab', 'left'], VIEWS, 'previous chart'),
  key('command', ['c'], VIEWS, 'the command behind the chosen chart', ['c', 'command']),
  key('pause', [' '], VIEWS, 'hold the picture, or go on', ['Space', 'pause']),
  key('wider', ['-', '_'], VIEWS, 'look at a longer time', ['+ -', 'range']),
  key('narrower', ['+', '='], VIEWS, 'look at a shorter time'),
  key('earlier', ['[', '{'], VIEWS, 'half a range back', ['[ ]', 'move']),
  key('later', [']', '}'], VIEWS, 'half a range forward'),
  key('live', ['n', '0'], VIEWS, 'back to now'),
  key('sort', ['s', '>'], ['overview'], 'sort targets by the next column', ['s', 'sort']),
  key('reverse', ['r', 'R'], ['overview'], 'sort the other way'),
  key('up', ['up', 'k'], ['overview'], 'target above'),
  key('down', ['down', 'j'], ['overview'], 'target below'),
  key('pageUp', ['pageUp'], ['overview'], 'ten targets up'),
  key('pageDown', ['pageDown'], ['overview'], 'ten targets down'),
  key('first', ['home', 'g'], ['overview'], 'first target'),
  key('last', ['end', 'G'], ['overview'], 'last target'),
  key('repaint', ['ctrl-l'], [...VIEWS, ...OVERLAYS, 'filter'], 'paint the whole screen again'),
  key('clear', ['escape'], ['overview'], 'drop the filter'),
  key('clear', ['ctrl-u'], ['filter'], 'erase all', ['Ctrl-U', 'empty']),
  key('erase', ['backspace', 'delete'], ['filter'], 'erase a character'),
];

function key(
  action: Action,
  keys: readonly string[],
  modes: readonly Mode[],
  ...words: [help: string, bar?: readonly [string, string]]
): KeyBinding {
  const shown = keys
    .filter((name) => name !== 'delete')
    .slice(0, 2)
    .map((name) => SHOWN[name] ?? name);
  return { action, keys, modes, help: words[0], bar: words[1], shown: shown.join(' ') };
}

/** The action of a key in a mode, if it has one there. */
export function actionFor(mode: Mode, name: string): Action | undefined {
  return KEYS.find((k) => k.modes.includes(mode) && k.keys.includes(name))?.action;
}

/** The keys of a mode, as the help lists them. */
export function keysOf(mode: Mode): readonly KeyBinding[] {
  return KEYS.filter((k) => k.modes.includes(mode));
}

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
