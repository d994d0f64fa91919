// The wall: dashboards on the whole screen for people who stand in front of it, read only, one
// after the other. It owns the terminal until it is left and gives it back whatever happens. Easy
// to get wrong: after a change of size the widgets of blessed-contrib still have the old canvas,
// so all are made anew; and nothing may be painted while nothing has changed.
import { UserError } from '../../engine/errors.ts';
import type { Dashboard } from '../../engine/dash/dashboard.ts';
import type { Clock, Timer } from '../../engine/runtime/clock.ts';
import type { FrameTaker } from '../capture.ts';
import { CellGrid } from '../draw/cells.ts';
import type { Word } from '../draw/frame.ts';
import { LocalTime } from '../draw/scale.ts';
import { STYLE } from '../draw/styles.ts';
import { cellWidth, safeText } from '../draw/text.ts';
import { formatAge } from '../draw/units.ts';
import type { DashFeed } from '../feed/dash-feed.ts';
import { FiringFeed, type FiringAlert } from '../feed/firing-feed.ts';
import type { ScreenProcess } from '../run-screen.ts';
import { screenTheme, type TerminalEnv, type Theme, type ThemeChoice } from '../theme.ts';
import { cellsOf } from './wall-cells.ts';
import { loadToolkit, openScreen, type Screen, type Toolkit } from './contrib.ts';
import { WALL_COLUMNS_MIN, WALL_ROWS_MIN, wallLayout } from './wall-layout.ts';
import { alertTile, countTile, panelTile, type AlertTile, type PanelTile } from './wall-tiles.ts';

export interface WallDashboard {
  readonly dashboard: Dashboard;
  /** Made by the caller, started and stopped here. */
  readonly feed: DashFeed;
}

export interface WallOptions {
  readonly dashboards: readonly WallDashboard[];
  readonly alerts: (signal: AbortSignal) => Promise<readonly FiringAlert[]>;
  /** So long a page stands; undefined: until somebody turns it. */
  readonly everyMs: number | undefined;
  readonly host: string;
  readonly clock: Clock;
  readonly look: { readonly env: TerminalEnv } & ThemeChoice;
  readonly zone?: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly process: ScreenProcess;
  readonly signal?: AbortSignal;
}

const CRASHES = ['uncaughtException', 'unhandledRejection'];
const INTERRUPTED = 130;
const TERMINATED = 143;
/** Two frames a second are enough for a wall; what comes together is painted together. */
const PAINT_MS = 250;
/** After a resize the terminal settles; blessed takes 80 ms to build anew. */
const SETTLE_MS = 160;
/** The terminal's own modes, for what a screen that broke has left. */
const LEAVE = '\u001b[0m\u001b[?1049l\u001b[?25h';

/** Shows the wall until it is left; answers the exit code. @throws UserError without a terminal. */
export async function openWall(options: WallOptions): Promise<number> {
  const { stdin, stdout } = options;
  if (stdout.isTTY !== true || stdin.isTTY !== true) {
    throw new UserError('a wall needs a terminal for input and output', {
      hint: 'mon screenshot wall draws it into a file',
    });
  }
  return await new Wall(options).run();
}

interface Slide {
  readonly dashboard: number;
  readonly page: number;
}

class Wall {
  readonly #options: WallOptions;
  readonly #tools: Toolkit;
  readonly #screen: Screen;
  readonly #theme: Theme;
  readonly #firing: FiringFeed;
  #slide: Slide = { dashboard: 0, page: 0 };
  #tiles: readonly PanelTile[] = [];
  #alertTiles: readonly AlertTile[] = [];
  #bars: { top: (words: BarWords) => void; bottom: (words: BarWords) => void } | undefined;
  #pages = 1;
  #held = false;
  #paint: Timer | undefined;
  #turn: Timer | undefined;
  #open = true;
  #leave: ((code: number) => void) | undefined;
  #broke: ((thrown: unknown) => void) | undefined;

  constructor(options: WallOptions) {
    this.#options = options;
    const { stdin: input, stdout: output, look } = options;
    this.#theme = wallTheme(look);
    this.#tools = loadToolkit();
    this.#screen = openScreen(this.#tools, { input, output, ascii: this.#theme.ascii });
    this.#firing = new FiringFeed(options.alerts, options.clock, this.#soon);
  }

  async run(): Promise<number> {
    const { process, signal, dashboards } = this.#options;
    const left = new Promise<number>((resolve, reject) => {
      this.#leave = resolve;
      this.#broke = reject;
    });
    left.catch(() => undefined);
    for (const event of CRASHES) process.prependListener(event, this.#onCrash);
    process.prependListener('exit', this.#close);
    process.prependListener('SIGWINCH', this.#again);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    const stops = dashboards.map(({ feed }) => feed.subscribe(this.#soon));
    try {
      this.#keys();
      this.#screen.on('resize', this.#build);
      this.#firing.start();
      this.#build();
      this.#wait();
      if (signal?.aborted === true) return TERMINATED;
      return await left;
    } finally {
      this.#close();
      for (const stop of stops) stop();
      for (const { feed } of dashboards) feed.stop();
      this.#firing.stop();
      signal?.removeEventListener('abort', this.#onAbort);
      for (const event of CRASHES) process.removeListener(event, this.#onCrash);
      process.removeListener('exit', this.#close);
      process.removeListener('SIGWINCH', this.#again);
    }
  }

  #keys(): void {
    const screen = this.#screen;
    screen.key(['q', 'escape'], () => this.#leave?.(0));
    screen.key(['C-c'], () => this.#leave?.(INTERRUPTED));
    screen.key(['right', 'n', 'tab'], () => this.#go(1));
    screen.key(['left', 'p'], () => this.#go(-1));
    screen.key(['space'], () => {
      this.#held = !this.#held;
      this.#wait();
      this.#soon();
    });
    screen.key(['C-l'], () => {
      screen.realloc();
      screen.render();
    });
  }

  get #now(): WallDashboard {
    return this.#options.dashboards[this.#slide.dashboard];
  }

  /** The next page, or the first of the next dashboard. */
  #go(by: 1 | -1): void {
    const { dashboards } = this.#options;
    const { dashboard, page } = this.#slide;
    const next = page + by;
    if (next >= 0 && next < this.#pages) this.#slide = { dashboard, page: next };
    else {
      const turned = (dashboard + by + dashboards.length) % dashboards.length;
      this.#slide = { dashboard: turned, page: by > 0 ? 0 : Number.POSITIVE_INFINITY };
    }
    this.#build();
    this.#wait();
  }

  /** Turns by itself when the time has come. */
  #wait(): void {
    const { everyMs, clock } = this.#options;
    this.#turn?.cancel();
    if (everyMs === undefined || this.#held || !this.#open) return;
    this.#turn = clock.after(everyMs, () => this.#go(1));
  }

  /** Makes everything anew for the size of now. */
  readonly #build = (): void => {
    if (!this.#open) return;
    const { stdout, dashboards, zone } = this.#options;
    const screen = this.#screen;
    for (const child of screen.children.slice()) child.detach();
    const [columns, rows] = [stdout.columns || 80, stdout.rows || 24];
    const { dashboard, feed } = this.#now;
    this.#bars = undefined;
    this.#tiles = [];
    this.#alertTiles = [];
    dashboards.forEach((one) => one.feed !== feed && one.feed.pause(true));
    if (columns < WALL_COLUMNS_MIN || rows < WALL_ROWS_MIN) {
      this.#tooSmall(columns, rows);
      return;
    }
    const layout = wallLayout(dashboard.panels, { columns, rows });
    this.#pages = layout.pages.length;
    const page = Math.min(this.#slide.page, this.#pages - 1);
    this.#slide = { ...this.#slide, page };
    const room = { tools: this.#tools, screen, theme: this.#theme, zone };
    const byId = new Map(dashboard.panels.map((panel) => [panel.id, panel]));
    this.#tiles = layout.pages[page].flatMap((area) => {
      const panel = byId.get(area.id);
      return panel === undefined ? [] : [panelTile(room, panel, area)];
    });
    const { count, alerts } = layout;
    this.#alertTiles = [
      ...(count === undefined ? [] : [countTile(room, count)]),
      ...(alerts === undefined ? [] : [alertTile(room, alerts)]),
    ];
    const bar = (top: number) => this.#bar(top, columns);
    this.#bars = { top: bar(0), bottom: bar(rows - 1) };
    feed.look({ panels: layout.pages[page].map(({ id }) => id), columns: dots(columns) });
    feed.start();
    feed.pause(false);
    this.#show();
  };

  #tooSmall(columns: number, rows: number): void {
    const text = `a wall needs ${WALL_COLUMNS_MIN}x${WALL_ROWS_MIN}, this is ${columns}x${rows}`;
    const place = { left: 0, top: rows >> 1, width: columns, height: 1 };
    this.#screen.append(this.#tools.box({ ...place, content: text, align: 'center' }));
    this.#screen.render();
  }

  #bar(top: number, width: number): (words: BarWords) => void {
    const box = this.#tools.box({ left: 0, top, width, height: 1, wrap: false, tags: false });
    this.#screen.append(box);
    const { palette, ascii } = this.#theme;
    return ({ left, right }) => {
      const cells = new CellGrid(width, 1);
      let x = 0;
      for (const { text, style } of left) x += cells.put(x, 0, text, { style });
      const wide = right.reduce((sum, { text }) => sum + cellWidth(safeText(text)), 0);
      let at = Math.max(x + 2, width - wide);
      for (const { text, style } of right) at += cells.put(at, 0, text, { style });
      box.setContent(cells.lines(palette, ascii).join('\n'));
    };
  }

  /** Paints soon, together with what else comes. */
  readonly #soon = (): void => {
    if (this.#paint !== undefined || !this.#open) return;
    this.#paint = this.#options.clock.after(PAINT_MS, () => {
      this.#paint = undefined;
      this.#show();
    });
  };

  #show(): void {
    if (!this.#open || this.#bars === undefined) return;
    const snapshot = this.#now.feed.snapshot();
    for (const tile of this.#tiles) tile.update(snapshot);
    for (const tile of this.#alertTiles) tile.update(this.#firing.snapshot);
    this.#bars.top(this.#topWords());
    this.#bars.bottom(this.#bottomWords());
    this.#screen.render();
    (this.#options.stdout as FrameTaker).frame?.(cellsOf(this.#screen));
  }

  #topWords(): BarWords {
    const { host, zone } = this.#options;
    const { dashboard, feed } = this.#now;
    const snapshot = feed.snapshot();
    const { trouble, nowMs, aliveMs } = snapshot;
    const { firing, known } = this.#firing.snapshot;
    const left: Word[] = [
      { text: ' mon ', style: STYLE.badge },
      { text: ` ${dashboard.title}  `, style: STYLE.bold },
      { text: host, style: STYLE.dim },
    ];
    const right: Word[] = [];
    if (known && firing > 0) right.push({ text: ` ${firing} firing `, style: STYLE.badgeBad });
    right.push({ text: '  ', style: STYLE.plain });
    const age = formatAge(Math.max(0, nowMs - (aliveMs || nowMs)));
    if (trouble !== undefined) right.push({ text: `no answer for ${age}`, style: STYLE.bad });
    else if (aliveMs === 0) right.push({ text: '○ connecting', style: STYLE.dim });
    else right.push({ text: '● live', style: STYLE.good });
    // The minute, not the second: a clock that ticks paints for nothing.
    const clock = new LocalTime(zone).clock(nowMs).slice(0, 5);
    right.push({ text: `  ${clock}`, style: STYLE.bold });
    return { left, right };
  }

  #bottomWords(): BarWords {
    const { dashboards, everyMs } = this.#options;
    const { dashboard, page } = this.#slide;
    const many = dashboards.length > 1 || this.#pages > 1;
    const left: Word[] = [];
    const key = (name: string, word: string): void => {
      left.push({ text: ` ${name} `, style: STYLE.accent }, { text: `${word} `, style: STYLE.dim });
    };
    key('q', 'quit');
    if (many) key('← →', 'turn');
    if (everyMs !== undefined) key('Space', this.#held ? 'go on' : 'hold');
    const right: Word[] = [];
    if (this.#held) right.push({ text: '‖ held  ', style: STYLE.warn });
    const count = (what: string, at: number, of: number): void => {
      if (of > 1) right.push({ text: `${what} ${at + 1}/${of}  `, style: STYLE.dim });
    };
    count('dashboard', dashboard, dashboards.length);
    count('page', page, this.#pages);
    return { left, right };
  }

  readonly #close = (): void => {
    if (!this.#open) return;
    this.#open = false;
    this.#paint?.cancel();
    this.#turn?.cancel();
    this.#screen.destroy();
    const { stdin, stdout } = this.#options;
    stdin.setRawMode?.(false);
    stdout.write(LEAVE);
  };

  /** Paints all of it: a size that was another for a moment is told by the signal alone. */
  readonly #again = (): void => {
    this.#options.clock.after(
      SETTLE_MS,
      () => {
        if (!this.#open) return;
        this.#screen.realloc();
        this.#screen.render();
      },
      true,
    );
  };

  readonly #onAbort = (): void => this.#leave?.(TERMINATED);

  /** Restores first; then whoever else listens prints, or the caller gets it. */
  readonly #onCrash = (thrown: unknown): void => {
    this.#close();
    const { process } = this.#options;
    const others = CRASHES.some((event) => process.listenerCount(event) > 1);
    if (!others) this.#broke?.(thrown);
  };
}

interface BarWords {
  readonly left: readonly Word[];
  readonly right: readonly Word[];
}

/** Dots of the widest chart. */
function dots(columns: number): number {
  return Math.max(60, Math.min(800, columns - 12));
}

/** The theme of the other screens, in the 256 colours that blessed has. */
function wallTheme({ env, ...choice }: WallOptions['look']): Theme {
  const theme = screenTheme(env, choice);
  if (theme.palette.depth !== 'truecolor') return theme;
  return screenTheme(env, { ...choice, color: '256' });
}
