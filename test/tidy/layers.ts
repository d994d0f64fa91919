// Who may import whom, as triples: from, to, why not. Rooms are folders of src/engine, storeys of
// the terminal, and the few single files. Circles of any length are found here too. Easy to get
// wrong: a type import counts; all circles in the code that this house learned from began with
// one.
import { lineAt } from './house.ts';
import type { HouseFile, Violation } from './house.ts';

const PURE = ['codec', 'kernels', 'wire', 'promql', 'head', 'dash'];
const GROUND = ['model', ...PURE, 'runtime'];
const PARTS = [
  'collector',
  'log',
  'bridge',
  'store',
  'rollup',
  'alert',
  'notify',
  'cold',
  'sql',
  'query',
  'cache',
  'api',
  'remote',
  'watch',
];
const SINGLE = ['ports', 'errors', 'limits'];
const ENGINE = [...GROUND, ...PARTS, ...SINGLE, 'daemons'];
const TUI = ['screens', 'widgets', 'draw', 'feed', 'wallboard', 'tui'];
const SHELL = ['commands', 'cli', 'shell'];

type Triple = readonly [from: readonly string[], to: readonly string[], why: string];

function allBut(rooms: readonly string[], ...kept: string[]): string[] {
  return rooms.filter((room) => !kept.includes(room));
}

/** The nevers of DESIGN.md. A part against another part is added below, pair by pair. */
const NEVERS: readonly Triple[] = [
  [ENGINE, [...TUI, ...SHELL], 'the engine knows no screen and no shell'],
  [[...PARTS, ...GROUND, ...SINGLE], ['daemons'], 'wiring knows the parts, parts never the wiring'],
  [[...GROUND, ...SINGLE], PARTS, 'the ground carries the parts, so it cannot stand on them'],
  [PURE, ['runtime'], 'pure: clock, disk and randomness come in as arguments'],
  [['model'], allBut(ENGINE, 'model', 'errors', 'limits'), 'nouns lean on nothing above them'],
  [['errors'], allBut(ENGINE, 'errors'), 'everything imports errors.ts: a circle would begin here'],
  [['limits'], allBut(ENGINE, 'limits', 'errors'), 'bounds are plain numbers'],
  [['ports'], allBut(ENGINE, 'ports', 'errors', 'model'), 'contracts speak in nouns only'],
  [TUI, [...PARTS, 'daemons'], 'a screen is handed its feed; it knows no part and no daemon'],
  [TUI, SHELL, 'commands show screens, never the other way round'],
  [['widgets'], ['feed', 'screens'], 'a widget turns props into a picture and never fetches'],
  [['draw'], ['widgets', 'screens', 'feed', 'tui'], 'numbers to cells, shared by everybody above'],
  [['feed'], ['widgets', 'screens'], 'the beat of a screen knows nothing of its looks'],
  [SHELL, allBut(PARTS, 'remote'), 'commands start daemons or ask them; parts are wired there'],
];

/** The room of a file: `promql`, `screens`, `commands`, `errors`, `limits` with `limits-*`, … */
function roomOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] !== 'src') return parts[0];
  if (parts[1] === 'engine') {
    if (parts.length > 3) return parts[2];
    return parts[2].replace(/\.ts$/, '').replace(/^(limits|ports)-.*/, '$1');
  }
  if (parts[1] === 'tui') return parts.length === 3 ? 'tui' : parts[2];
  return parts.length === 2 ? 'shell' : parts[1];
}

/** Arrows that must not be. */
export function forbiddenArrows(sources: readonly HouseFile[]): Violation[] {
  const found: Violation[] = [];
  for (const file of sources) {
    for (const { path: to, line, kind } of file.imports) {
      if (to === undefined || kind === 'url') continue;
      const why = arrowFault(file.path, to);
      if (why !== undefined) found.push({ path: file.path, line, why: `-> ${to}: ${why}` });
    }
  }
  return found;
}

function arrowFault(from: string, to: string): string | undefined {
  if (!to.startsWith('src/')) return 'source never imports tests, fixtures or scripts';
  const [a, b] = [roomOf(from), roomOf(to)];
  if (PARTS.includes(a) && PARTS.includes(b) && a !== b) {
    return 'parts never touch: they meet in ports.ts, and daemons plug them together';
  }
  return NEVERS.find(([froms, tos]) => froms.includes(a) && tos.includes(b))?.[2];
}

/** Folders of src/engine and src/tui that no rule knows. */
export function strangeRooms(sources: readonly HouseFile[]): Violation[] {
  const rooms = new Set([...ENGINE, ...TUI, ...SHELL]);
  return sources
    .filter((file) => !rooms.has(roomOf(file.path)))
    .map((file) => ({
      path: file.path,
      line: 1,
      why: `${roomOf(file.path)} is no room of the house`,
    }));
}

/** Imports that point to no file. */
export function brokenImports(files: readonly HouseFile[]): Violation[] {
  const known = new Set(files.map((file) => file.path));
  return files.flatMap((file) =>
    file.imports
      .filter(({ path }) => path !== undefined && !known.has(path) && /\.[jt]sx?$/.test(path))
      .map(({ path, line }) => ({ path: file.path, line, why: `there is no ${path}` })),
  );
}

/** Every circle once, by the first of its files in the alphabet. */
export function circles(files: readonly HouseFile[]): Violation[] {
  const imports = (file: HouseFile): HouseFile['imports'] =>
    file.imports.filter(({ kind }) => kind !== 'url');
  const arrows = new Map(files.map((file) => [file.path, imports(file).map((i) => i.path)]));
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const found: Violation[] = [];
  const visit = (path: string): void => {
    state.set(path, 'open');
    trail.push(path);
    for (const to of arrows.get(path) ?? []) {
      if (to === undefined || !arrows.has(to)) continue;
      if (state.get(to) === 'open') {
        const ring = [...trail.slice(trail.indexOf(to)), to];
        found.push({ path, line: 1, why: `a circle: ${ring.join(' -> ')}` });
      } else if (state.get(to) === undefined) visit(to);
    }
    trail.pop();
    state.set(path, 'done');
  };
  for (const file of files) if (state.get(file.path) === undefined) visit(file.path);
  return found;
}

/**
 * What `mon --help` would load besides words: parts, daemons and screens that are reached from a
 * command by plain imports. Inside run(), by import(), they are welcome.
 */
export function heavyStarts(sources: readonly HouseFile[]): Violation[] {
  const heavy = [...TUI, ...PARTS, 'daemons'];
  const files = new Map(sources.map((file) => [file.path, file]));
  const starts = sources.filter((file) => ['commands', 'shell'].includes(roomOf(file.path)));
  const seen = new Set(starts.map((file) => file.path));
  const waiting = [...starts];
  const found: Violation[] = [];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const { path, line, kind } of file.imports) {
      if (kind !== 'value' || path === undefined || seen.has(path)) continue;
      seen.add(path);
      const why = `-> ${path}: loaded even for help and completion; import() it inside run()`;
      if (heavy.includes(roomOf(path))) found.push({ path: file.path, line, why });
      const next = files.get(path);
      if (next !== undefined) waiting.push(next);
    }
  }
  return found;
}

/** Files of src that nobody imports. */
export function deadFiles(files: readonly HouseFile[]): Violation[] {
  const users = files.filter((file) => !file.path.startsWith('test/'));
  const used = new Set(users.flatMap((file) => file.imports.map((i) => i.path)));
  return files
    .filter((file) => file.path.startsWith('src/'))
    .filter((file) => !used.has(file.path) && !isEntry(file.path))
    .map((file) => ({ path: file.path, line: 1, why: 'nobody imports this file' }));
}

/** Bounds that nothing leans on: what they promise to bound has another bound, or none. */
export function idleBounds(files: readonly HouseFile[]): Violation[] {
  const uses = new Map<string, number>();
  for (const { code } of files) {
    for (const [word] of code.matchAll(/[A-Z][A-Z0-9_]+/g))
      uses.set(word, (uses.get(word) ?? 0) + 1);
  }
  return files
    .filter(({ path }) => /^src\/engine\/limits(-[a-z]+)?\.ts$/.test(path))
    .flatMap(({ path, code }) =>
      [...code.matchAll(/^export const ([A-Z0-9_]+)/gm)]
        .filter(([, name]) => uses.get(name) === 1)
        .map(({ 1: name, index }) => ({
          ...{ path, line: lineAt(code, index) },
          why: `nothing leans on ${name}`,
        })),
    );
}

function isEntry(path: string): boolean {
  if (path.startsWith('src/commands/') || path.endsWith('.d.ts')) return true;
  return path === 'src/engine/kernels/assembly/index.ts';
}
