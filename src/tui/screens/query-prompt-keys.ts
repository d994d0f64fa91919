// The keys of the prompt: their names as the state takes them, the bar at the bottom and the help.
// Beside keys.ts, because here letters are text: only control keys and commands are left. Easy to
// get wrong: a terminal sends Alt as an escape before the letter, and Ctrl with an arrow has a name
// of its own.
import { keyNames, type Press } from '../keys.ts';
import { DOT_COMMANDS } from './query-prompt-commands.ts';

/** Ctrl-A is the character 1, and so on; Enter, Tab and Backspace have names of their own. */
const CONTROL_KEYS: ReadonlyMap<string, string> = new Map(
  [...'abcdefgklnopqrstuvwxyz'].map((letter) => {
    return [String.fromCharCode(letter.charCodeAt(0) - 96), `ctrl-${letter}`];
  }),
);

/** The names of the keys of one event. */
export function promptKeys(input: string, press: Press): string[] {
  if (press.leftArrow && (press.ctrl || press.meta)) return ['word-left'];
  if (press.rightArrow && (press.ctrl || press.meta)) return ['word-right'];
  if (press.return && press.meta) return ['meta-return'];
  if (press.meta && input === 'b') return ['word-left'];
  if (press.meta && input === 'f') return ['word-right'];
  // Of keys that arrive together the control keys are still control characters.
  return keyNames(input, press).map((name) => CONTROL_KEYS.get(name) ?? name);
}

/** A key and what it does; the first words are for the bar. */
export interface PromptKey {
  readonly keys: string;
  readonly bar?: string;
  readonly help: string;
}

export const EDIT_KEYS: readonly PromptKey[] = [
  { keys: 'Enter', bar: 'run', help: 'run; with an open bracket, go on in a new line' },
  { keys: 'Tab', bar: 'complete', help: 'complete a name; again, choose one' },
  { keys: '^R', bar: 'search', help: 'search the history' },
  { keys: '^T', bar: 'time', help: 'instant, or the next longer range' },
  { keys: '^G', bar: 'graph', help: 'chart or table of a range' },
  { keys: '^X', bar: 'explain', help: 'explain tree of the query' },
  { keys: '^D', bar: 'leave', help: 'leave, on an empty line' },
  { keys: '^O', bar: 'help', help: 'this help (? on an empty line)' },
  { keys: '↑ ↓', help: 'line above or below, then the history' },
  { keys: '^C', help: 'give the question up, or clear the line' },
  { keys: '^J', help: 'new line (also Alt-Enter)' },
  { keys: 'PgUp PgDn', help: 'scroll the answer' },
  { keys: '^A ^E', help: 'begin and end of the line' },
  { keys: 'Alt-B Alt-F', help: 'word back, word on' },
  { keys: '^W ^U ^K', help: 'erase a word, to the begin, to the end' },
  { keys: '^L', help: 'paint the whole screen again' },
];

export const OFFER_KEYS: readonly PromptKey[] = [
  { keys: 'Tab', bar: 'take', help: 'take the offer' },
  { keys: '↑ ↓', bar: 'choose', help: 'another offer' },
  { keys: 'Esc', bar: 'close', help: 'close the offers' },
];

export const SEARCH_KEYS: readonly PromptKey[] = [
  { keys: 'Enter', bar: 'take', help: 'take the query' },
  { keys: '^R', bar: 'older', help: 'an older one' },
  { keys: 'Esc', bar: 'cancel', help: 'leave the search' },
];

/** The help: keys, then commands. */
export function helpRows(): (readonly [keys: string, words: string])[] {
  return [
    ...EDIT_KEYS.map(({ keys, help }) => [keys, help] as const),
    ['', ''],
    ...DOT_COMMANDS.map(({ name, takes, about }) => [`${name} ${takes}`, about] as const),
  ];
}
