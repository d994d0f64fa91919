// The beat of a screen. One clock and one time range for all panels; a beat asks for what is new
// and is skipped while the last one is unfinished. A failure stays with its panel, with its age,
// next to the last good data; the next beat tries again, so a server that comes back is seen. Easy
// to get wrong: a server that hangs must not hold a beat for ever, and one that is down is asked
// once a beat, not per panel.
import type { Grid } from '../../engine/model/fragment.ts';
import type { Ask } from '../../engine/ports.ts';
import type { Clock, Timer } from '../../engine/runtime/clock.ts';
import { formatRange } from '../draw/units.ts';
import { ASK_MS_MAX, boundedAsk } from './bounded-ask.ts';
import { emptyPanel, gridKey, numberOf, panelData, troubleOf, unreachable } from './answers.ts';
import { Ring } from './ring.ts';
import type {
  FeedSnapshot,
  FeedTarget,
  FigureSpec,
  PanelData,
  PanelSpec,
  TargetsData,
  Trouble,
} from './snapshot.ts';
import { timeView, type TimeView } from './time-view.ts';

export interface FeedOptions {
  readonly ask: Ask;
  readonly clock: Clock;
  readonly panels: readonly PanelSpec[];
  readonly figures: readonly FigureSpec[];
  readonly targets?: () => Promise<readonly FeedTarget[]>;
  readonly rangeMs: number;
  /** Instants wanted over the range: the dots of the widest chart. */
  readonly columns: number;
  readonly beatMs?: number;
}

const BEAT_MS = 1000;
/** Questions under way at once; the server's limit for one user is ten. */
const ASKS_AT_ONCE = 4;
/** What the server does not have is asked for again this often. */
const ABSENT_MS = 15_000;
const SCRAPE_MS = 15_000;

interface PanelKeeper {
  readonly spec: PanelSpec;
  readonly rings: Ring[];
  data: PanelData;
  askedMs: number;
  asked: string;
}

export class Feed {
  private readonly options: FeedOptions;
  private readonly keepers: PanelKeeper[];
  private readonly listeners = new Set<() => void>();
  private snapshotNow: FeedSnapshot;
  private timer: Timer | undefined;
  private beating = false;
  private again = false;
  private stopped = true;
  private readonly abort = new AbortController();
  private dirty = true;
  private figures = new Map<string, number>();
  private targets: TargetsData = { list: [], known: false, trouble: undefined };
  private trouble: Trouble | undefined;
  private aliveMs = 0;
  private rangeMs: number;
  private columns: number;
  private anchorMs: number | undefined;
  private paused = false;

  constructor(options: FeedOptions) {
    this.options = options;
    this.rangeMs = options.rangeMs;
    this.columns = options.columns;
    this.keepers = options.panels.map((spec) => ({
      spec,
      rings: spec.queries.map(() => new Ring()),
      data: emptyPanel(spec.id),
      askedMs: 0,
      asked: '',
    }));
    this.snapshotNow = this.makeSnapshot(options.clock.now());
  }

  /** The newest snapshot; the same object until something changed. */
  readonly snapshot = (): FeedSnapshot => this.snapshotNow;

  /** Calls back after each change; answers the way to stop that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    void this.beat();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
    this.abort.abort();
  }

  /** Changes what is looked at; the next beat follows at once. */
  look(change: { rangeMs?: number; anchorMs?: number | 'live'; columns?: number }): void {
    const { rangeMs, anchorMs, columns } = change;
    const before = `${this.rangeMs} ${this.anchorMs} ${this.columns}`;
    this.rangeMs = rangeMs ?? this.rangeMs;
    this.columns = columns ?? this.columns;
    if (anchorMs !== undefined) this.anchorMs = anchorMs === 'live' ? undefined : anchorMs;
    if (before !== `${this.rangeMs} ${this.anchorMs} ${this.columns}`) this.hurry();
  }

  /** A paused feed keeps its picture and asks nothing. */
  pause(paused: boolean): void {
    if (this.paused === paused) return;
    this.paused = paused;
    this.publish(this.options.clock.now(), true);
    if (!paused) this.hurry();
  }

  private hurry(): void {
    if (this.stopped) return;
    if (this.beating) this.again = true;
    else {
      this.timer?.cancel();
      void this.beat();
    }
  }

  private async beat(): Promise<void> {
    if (this.beating || this.stopped) return;
    this.beating = true;
    const { clock } = this.options;
    try {
      if (!this.paused) await this.askAll(clock.now());
      if (!this.stopped) this.publish(clock.now(), false);
    } finally {
      this.beating = false;
      if (!this.stopped) this.schedule();
    }
  }

  private schedule(): void {
    const { clock, beatMs = BEAT_MS } = this.options;
    const wait = this.again ? 0 : beatMs - (clock.now() % beatMs);
    this.again = false;
    this.timer = clock.after(wait, () => void this.beat());
  }

  /**
   * Everything this beat has to ask, a few at a time; after a dead server the rest is not asked.
   */
  private async askAll(nowMs: number): Promise<void> {
    const { grid } = this.view(nowMs);
    const jobs: (() => Promise<void>)[] = [];
    if (this.options.targets) jobs.push(() => this.askTargets(nowMs));
    for (const figure of this.options.figures) jobs.push(() => this.askFigure(figure, nowMs));
    for (const keeper of this.keepers) {
      if (this.due(keeper, grid, nowMs)) jobs.push(() => this.askPanel(keeper, grid, nowMs));
    }
    let dead: unknown;
    let alive = false;
    const worker = async (): Promise<void> => {
      for (let job = jobs.shift(); job && !this.stopped; job = jobs.shift()) {
        try {
          await job();
          alive = true;
        } catch (thrown) {
          if (!unreachable(thrown)) continue;
          dead = thrown;
          jobs.length = 0;
        }
      }
    };
    await Promise.all(Array.from({ length: ASKS_AT_ONCE }, worker));
    if (this.stopped) return;
    if (alive && dead === undefined) this.aliveMs = nowMs;
    this.noteServer(dead, nowMs);
  }

  /** A dead server is every panel's trouble, also of those that were not asked. */
  private noteServer(dead: unknown, nowMs: number): void {
    const before = this.trouble;
    this.trouble = dead === undefined ? undefined : troubleOf(dead, nowMs, before);
    if (before !== this.trouble) this.dirty = true;
    if (dead === undefined) return;
    for (const keeper of this.keepers) this.notePanel(keeper, dead, nowMs);
    this.targets = { ...this.targets, trouble: troubleOf(dead, nowMs, this.targets.trouble) };
  }

  private notePanel(keeper: PanelKeeper, thrown: unknown, nowMs: number): void {
    const trouble = troubleOf(thrown, nowMs, keeper.data.trouble);
    keeper.asked = '';
    if (trouble === keeper.data.trouble) return;
    keeper.data = { ...keeper.data, trouble };
    this.dirty = true;
  }

  private due(keeper: PanelKeeper, grid: Grid, nowMs: number): boolean {
    if (keeper.data.state === 'absent' && !keeper.data.trouble) {
      return nowMs - keeper.askedMs >= ABSENT_MS;
    }
    return keeper.asked !== gridKey(grid);
  }

  private async askPanel(keeper: PanelKeeper, grid: Grid, nowMs: number): Promise<void> {
    keeper.askedMs = nowMs;
    try {
      for (let q = 0; q < keeper.rings.length; q++) {
        const ring = keeper.rings[q];
        const part = ring.missing(grid);
        const expr = this.expression(keeper.spec.queries[q].expr, grid.step);
        const { result } = await this.bounded((signal) =>
          this.options.ask.range(expr, part.start, part.end, part.step, {
            timeoutMs: ASK_MS_MAX,
            signal,
          }),
        );
        if (result.type === 'matrix') ring.merge(grid, result.grid, result.matrix);
      }
      keeper.asked = gridKey(grid);
      keeper.data = panelData(keeper, grid, nowMs);
      this.dirty = true;
    } catch (thrown) {
      this.notePanel(keeper, thrown, nowMs);
      throw thrown;
    }
  }

  private async askFigure(figure: FigureSpec, nowMs: number): Promise<void> {
    const expr = this.expression(figure.expr, this.view(nowMs).grid.step);
    const answer = await this.bounded((signal) =>
      this.options.ask.instant(expr, nowMs, { timeoutMs: ASK_MS_MAX, signal }),
    );
    const value = numberOf(answer);
    if (Object.is(this.figures.get(figure.id), value)) return;
    this.figures = new Map(this.figures);
    if (value === undefined) this.figures.delete(figure.id);
    else this.figures.set(figure.id, value);
    this.dirty = true;
  }

  private async askTargets(nowMs: number): Promise<void> {
    const { targets } = this.options;
    if (!targets) return;
    try {
      const list = await this.bounded(() => targets());
      this.targets = { list, known: true, trouble: undefined };
    } catch (thrown) {
      this.targets = {
        ...this.targets,
        trouble: troubleOf(thrown, nowMs, this.targets.trouble),
      };
      throw thrown;
    } finally {
      // The ages of scrapes move with every beat.
      this.dirty = true;
    }
  }

  private bounded<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return boundedAsk(ask, { clock: this.options.clock, closed: this.abort.signal });
  }

  private expression(expr: string, stepMs: number): string {
    return expr
      .replaceAll('$window', formatRange(this.windowMs(stepMs)))
      .replaceAll('$step', formatRange(stepMs));
  }

  /** Four scrapes, so that one that is lost leaves no hole; never less than a step. */
  private windowMs(stepMs: number): number {
    const intervals = this.targets.list.map((t) => t.intervalMs ?? 0).filter((ms) => ms > 0);
    const interval = intervals.length > 0 ? Math.max(...intervals) : SCRAPE_MS;
    return Math.max(Math.min(4 * interval, 600_000), stepMs, 4000);
  }

  private view(nowMs: number): TimeView {
    const { rangeMs, columns, anchorMs } = this;
    return timeView({ rangeMs, columns, anchorMs, nowMs });
  }

  private publish(nowMs: number, force: boolean): void {
    if (!this.dirty && !force) return;
    this.dirty = false;
    this.snapshotNow = this.makeSnapshot(nowMs);
    for (const listener of this.listeners) listener();
  }

  private makeSnapshot(nowMs: number): FeedSnapshot {
    const view = this.view(nowMs);
    return {
      version: (this.snapshotNow?.version ?? 0) + 1,
      nowMs,
      ...view,
      rangeMs: this.rangeMs,
      anchorMs: this.anchorMs,
      paused: this.paused,
      windowMs: this.windowMs(view.grid.step),
      panels: new Map(this.keepers.map((k) => [k.spec.id, k.data])),
      figures: this.figures,
      targets: this.targets,
      trouble: this.trouble,
      aliveMs: this.aliveMs,
    };
  }
}
