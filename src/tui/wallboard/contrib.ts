// The door to blessed and the few widgets of blessed-contrib that the wall uses. They are loaded
// here, when a wall is opened, and one by one: the package as a whole loads maps, markdown and
// pictures, with parsers that nobody needs here. Easy to get wrong: inside tmux blessed draws its
// lines with a character set that tmux does not switch, so it is told that the terminal has none.
import { createRequire } from 'node:module';
import type Blessed from 'blessed';
import type contrib from 'blessed-contrib';

export type Screen = Blessed.Widgets.Screen;
export type Box = Blessed.Widgets.BoxElement;
export type Donut = contrib.Widgets.DonutElement;
export type Lcd = contrib.Widgets.LcdElement;
export type Bars = contrib.Widgets.BarElement;
export type AlertTable = contrib.Widgets.TableElement;

type Make<T> = (options: object) => T;

export interface Toolkit {
  screen: Make<Screen>;
  box: Make<Box>;
  donut: Make<Donut>;
  lcd: Make<Lcd>;
  bars: Make<Bars>;
  table: Make<AlertTable>;
}

/** Loads them; about 100 ms. */
export function loadToolkit(): Toolkit {
  const load = createRequire(import.meta.url);
  const blessed = load('blessed') as typeof Blessed;
  const widget = (name: string): Make<never> => {
    const make = load(`blessed-contrib/lib/widget/${name}.js`) as Make<never>;
    return (options) => make(options);
  };
  return {
    screen: (options) => blessed.screen(options),
    box: (options) => blessed.box(options),
    donut: widget('donut'),
    lcd: widget('lcd'),
    bars: widget('charts/bar'),
    table: widget('table'),
  };
}

export interface ScreenStreams {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly ascii: boolean;
}

interface Terminfo {
  brokenACS: boolean;
}

/** A screen on the terminal; it is shown from now on. */
export function openScreen(tools: Toolkit, { input, output, ascii }: ScreenStreams): Screen {
  const screen = tools.screen({
    ...{ input, output, smartCSR: true, fullUnicode: true, forceUnicode: !ascii },
    // What other names of terminals promise, blessed cannot always read.
    ...{ terminal: 'xterm-256color', warnings: false, resizeTimeout: 80 },
  });
  const { tput } = screen as unknown as { tput: Terminfo };
  tput.brokenACS = true;
  return screen;
}
