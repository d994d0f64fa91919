// The keys of one screen in one table: what a key does, in which mode it is valid, and the words
// for the bar and the help. The bar shows the keys valid now, the help all of the mode, from the
// same table, so that they cannot tell different stories. Names of keys: tui/keys.ts.

export interface KeyRow<Mode extends string, Action extends string> {
  readonly action: Action;
  readonly keys: readonly string[];
  readonly modes: readonly Mode[];
  readonly shown: string;
  /** '' for a key that the line of another one names. */
  readonly help: string;
  /** A word for the bar; left out of it when undefined. */
  readonly bar: string | undefined;
}

type Words = readonly [shown: string, help: string, bar?: string];

export function keyRow<Mode extends string, Action extends string>(
  action: Action,
  keys: readonly string[],
  modes: readonly Mode[],
  [shown, help, bar]: Words,
): KeyRow<Mode, Action> {
  return { action, keys, modes, shown, help, bar };
}

/** The actions of keys that move through lines. */
type MoveAction = 'up' | 'down' | 'pageUp' | 'pageDown' | 'first' | 'last';

/**
 * The keys that move through lines, in the words of a list whose lines are called `one` and whose
 * pages `page`; left out of the help without them.
 */
export function moveRows<Mode extends string>(
  modes: readonly Mode[],
  words?: { readonly one: string; readonly page: string },
): KeyRow<Mode, MoveAction>[] {
  const { one, page } = words ?? { one: '', page: '' };
  const told = (help: string): string => (words === undefined ? '' : help);
  const key = keyRow<Mode, MoveAction>;
  return [
    key('up', ['up', 'k'], modes, ['↑ ↓', told(`${one} above or below; k and j too`)]),
    key('down', ['down', 'j'], modes, ['↓ j', '']),
    key('pageUp', ['pageUp'], modes, ['PgUp PgDn', told(`${page} up or down`)]),
    key('pageDown', ['pageDown'], modes, ['PgDn', '']),
    key('first', ['home', 'g'], modes, ['Home End', told(`first or last ${one}; g and G too`)]),
    key('last', ['end', 'G'], modes, ['End G', '']),
  ];
}

export class KeyTable<Mode extends string, Action extends string> {
  readonly rows: readonly KeyRow<Mode, Action>[];

  constructor(rows: readonly KeyRow<Mode, Action>[]) {
    this.rows = rows;
  }

  /** The action of a key in a mode, if it has one there. */
  actionFor(mode: Mode, name: string): Action | undefined {
    return this.rows.find((k) => k.modes.includes(mode) && k.keys.includes(name))?.action;
  }

  /** The keys of a mode, as the help lists them. */
  keysOf(mode: Mode): readonly KeyRow<Mode, Action>[] {
    return this.rows.filter((k) => k.modes.includes(mode) && k.help !== '');
  }
}
