// What the terminal can show, decided once from its environment and the flags: depth of colour,
// dark or light, Unicode or ASCII. Over SSH only TERM arrives, so 24-bit colour is used only where
// the terminal or the user says so. NO_COLOR counts only when it is not empty.
import { palette, type ColorDepth, type Palette, type ThemeName } from './draw/styles.ts';

export interface Theme {
  readonly palette: Palette;
  readonly ascii: boolean;
  readonly name: ThemeName;
}

export type ColorChoice = 'auto' | 'always' | 'never' | '16' | '256' | 'truecolor';

/** The variables of the environment that matter here. */
export type TerminalEnv = Readonly<Record<string, string | undefined>>;

/** What the user asked for; 'auto' or nothing leaves it to the environment. */
export interface ThemeChoice {
  readonly color?: ColorChoice;
  readonly theme?: ThemeName;
  readonly ascii?: boolean;
}

/** The theme of a full screen; without colour bold, dim and inverse stay. */
export function screenTheme(env: TerminalEnv, choice: ThemeChoice = {}): Theme {
  const name = choice.theme ?? guessTheme(env);
  const depth = colorDepth(env, choice.color ?? 'auto');
  return {
    palette: palette(depth === 'none' ? 'mono' : depth, name),
    ascii: choice.ascii ?? needsAscii(env),
    name,
  };
}

/** The depth of colour of a terminal: the flag beats NO_COLOR, which beats what TERM promises. */
export function colorDepth(env: TerminalEnv, choice: ColorChoice): ColorDepth {
  if (choice === 'never') return 'none';
  if (choice === '16' || choice === '256' || choice === 'truecolor') return choice;
  if (choice === 'auto' && (set(env['NO_COLOR']) || env['TERM'] === 'dumb')) return 'none';
  const promise = env['COLORTERM'] ?? '';
  if (promise === 'truecolor' || promise === '24bit') return 'truecolor';
  const term = env['TERM'] ?? '';
  if (/^(linux|ansi|vt\d+|cons25|dumb|)$/.test(term)) return '16';
  return '256';
}

/** True when Braille and box drawing cannot be shown. */
export function needsAscii(env: TerminalEnv): boolean {
  if (env['TERM'] === 'dumb') return true;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(set) ?? '';
  return !/utf-?8/i.test(locale);
}

/** COLORFGBG is `foreground;background`; the backgrounds 7 and 9 to 15 are light. */
function guessTheme(env: TerminalEnv): ThemeName {
  const background = Number(env['COLORFGBG']?.split(';').at(-1) ?? Number.NaN);
  return background === 7 || (background >= 9 && background <= 15) ? 'light' : 'dark';
}

function set(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
