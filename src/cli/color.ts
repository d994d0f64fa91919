// Whether a stream gets colour, decided for each stream by itself: stdout may be a pipe while
// stderr is a terminal. The flag beats the environment, the environment beats the terminal.
// NO_COLOR and FORCE_COLOR count only when they are not empty (no-color.org, force-color.org).

export type ColorChoice = 'auto' | 'always' | 'never';

export type Environment = Readonly<Record<string, string | undefined>>;

/** True when escape sequences for colour may be written to the stream. */
export function wantsColor(choice: ColorChoice, env: Environment, isTerminal: boolean): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (isSet(env['NO_COLOR'])) return false;
  if (isForced(env['FORCE_COLOR']) || isForced(env['CLICOLOR_FORCE'])) return true;
  if (env['FORCE_COLOR'] === '0' || env['FORCE_COLOR'] === 'false') return false;
  return isTerminal && env['TERM'] !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function isForced(value: string | undefined): boolean {
  return isSet(value) && value !== '0' && value !== 'false';
}

/** The few styles of the command line; the screens have a theme of their own. */
export const STYLE = {
  bold: '1',
  dim: '2',
  red: '31',
  yellow: '33',
  inverse: '7',
} as const;

/** The text in a style, or as it is. */
export function paint(text: string, style: keyof typeof STYLE, color: boolean): string {
  return color ? `\u001b[${STYLE[style]}m${text}\u001b[0m` : text;
}
