// What belongs into one room only: outside packages, and the calls that reach the outer world. Easy
// to get wrong: a clock or a random number read in the wrong place makes a simulation lie, and
// nobody notices before a replay decides something else.
import { lineAt } from './house.ts';
import type { HouseFile, Violation } from './house.ts';

interface Room {
  /** Beginnings of paths that may import the package. */
  readonly rooms: readonly string[];
  readonly why: string;
}

const TERMINAL: Room = { rooms: ['src/tui/'], why: 'the engine and the pipes know no React' };
const WALL: Room = {
  rooms: ['src/tui/wallboard/'],
  why: 'a second owner of the terminal: it has one screen, and is loaded for that one alone',
};
const GRAMMAR: Room = { rooms: ['src/engine/promql/'], why: 'one reading of PromQL' };
const FRAME: Room = {
  rooms: ['src/commands/', 'src/base-command.ts'],
  why: 'only commands know the frame they stand in',
};
const FILES: Room = {
  // kernels.ts reads its own compiled module, which lies beside it and is part of the program.
  rooms: ['src/engine/runtime/', 'src/engine/kernels/kernels.ts'],
  why: 'the disk is an argument (runtime/disk.ts), so that a simulation can tear it',
};

/** Each package and where it may be imported. What is not here has no room yet. */
const PACKAGES: Readonly<Record<string, Room>> = {
  '@lezer/common': GRAMMAR,
  '@lezer/highlight': GRAMMAR,
  '@lezer/lr': GRAMMAR,
  '@prometheus-io/lezer-promql': GRAMMAR,
  '@oclif/core': FRAME,
  ink: TERMINAL,
  react: TERMINAL,
  blessed: WALL,
  'blessed-contrib': WALL,
  'string-width': { rooms: ['src/tui/draw/'], why: 'one measure of how wide a text is' },
  chalk: { rooms: ['src/tui/', 'src/base-command.ts'], why: 'colour is decided in one place' },
  re2js: {
    rooms: ['src/engine/promql/', 'src/engine/head/', 'src/engine/collector/'],
    why: "users' regular expressions run in linear time, compiled where they are used",
  },
  '@aws-sdk/client-s3': { rooms: ['src/engine/cold/'], why: 'ObjectStore is a port; S3 is far' },
  nodemailer: { rooms: ['src/engine/notify/receivers/'], why: 'mail is one receiver of many' },
  pg: { rooms: ['src/engine/runtime/'], why: 'State is a port; this is its far side' },
  redis: { rooms: ['src/engine/cache/'], why: 'Cache is a port; this is its shared side' },
  kafkajs: { rooms: ['src/engine/bridge/'], why: 'Log is a port; this is its far side' },
  lz4js: { rooms: ['src/engine/bridge/'], why: "Kafka's batches are unpacked by the bridge" },
  '@duckdb/node-api': {
    rooms: ['src/engine/sql/', 'src/engine/cold/'],
    why: 'it runs where its memory is bounded: in a process of its own',
  },
  '@duckdb/node-bindings': {
    rooms: ['src/engine/sql/', 'src/engine/cold/'],
    why: 'columns are handed to DuckDB as bytes, which its other package cannot',
  },
  snappy: {
    rooms: ['src/engine/collector/', 'src/engine/bridge/'],
    why: "bodies are unpacked at the door, Kafka's batches by the bridge",
  },
  yaml: {
    rooms: ['src/engine/daemons/', 'src/engine/collector/', 'src/cli/'],
    why: 'files are parsed where they are read: configuration, discovery, contexts',
  },
  'node:fs': FILES,
  'node:fs/promises': FILES,
  'node:sqlite': { rooms: ['src/engine/runtime/'], why: 'State is a port; this is its near side' },
};

/** Packages outside their room. Node's own are free unless they have one. */
export function strayPackages(files: readonly HouseFile[]): Violation[] {
  const found: Violation[] = [];
  for (const file of files) {
    for (const { name, line, path } of file.imports) {
      if (path !== undefined) continue;
      const room = PACKAGES[packageOf(name)];
      if (room === undefined && name.startsWith('node:')) continue;
      const why = strayReason(file, packageOf(name), room);
      if (why !== undefined) found.push({ path: file.path, line, why });
    }
  }
  return found;
}

function strayReason(file: HouseFile, name: string, room: Room | undefined): string | undefined {
  if (room === undefined) return `${name} has no room yet: give it one in test/tidy/belongings.ts`;
  if (room.rooms.some((start) => file.path.startsWith(start))) return undefined;
  return `${name} belongs into ${room.rooms.join(', ')}: ${room.why}`;
}

function packageOf(name: string): string {
  if (name.startsWith('node:')) return name;
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

interface Ban {
  readonly call: RegExp;
  readonly rooms: readonly string[];
  readonly why: string;
}

const CLOCK = ['src/engine/runtime/clock.ts'];
const EDGE = ['src/base-command.ts', 'bin/'];

const BANS: readonly Ban[] = [
  { call: /\bDate\.now\b/g, rooms: CLOCK, why: 'time is an argument: take a Clock' },
  { call: /\bnew Date\(\s*\)/g, rooms: CLOCK, why: 'time is an argument: take a Clock' },
  { call: /\bperformance\.now\b/g, rooms: CLOCK, why: 'time is an argument: take a Clock' },
  { call: /\bprocess\.hrtime\b/g, rooms: CLOCK, why: 'time is an argument: take a Clock' },
  {
    call: /\b(?:setTimeout|setInterval|setImmediate)\b/g,
    rooms: CLOCK,
    why: 'timers run on the Clock that was handed in',
  },
  {
    call: /\bMath\.random\b|\brandom(?:UUID|Bytes|Int)\(/g,
    rooms: ['src/engine/runtime/random.ts'],
    why: 'a seed reproduces a run: take a Random',
  },
  {
    call: /\bprocess\.(?:exit|env|argv)\b/g,
    rooms: EDGE,
    why: 'the edge of the process is one place: take options, throw failures',
  },
];

/** Calls into the outer world outside their room; only shipped code is held to them. */
export function bannedCalls(files: readonly HouseFile[]): Violation[] {
  const shipped = files.filter((f) => f.path.startsWith('src/') || f.path.startsWith('bin/'));
  const found: Violation[] = [];
  for (const { call, rooms, why } of BANS) {
    for (const file of shipped) {
      if (rooms.some((start) => file.path.startsWith(start))) continue;
      for (const m of file.code.matchAll(call)) {
        found.push({ path: file.path, line: lineAt(file.code, m.index), why: `${m[0]}: ${why}` });
      }
    }
  }
  return found;
}

/** Chance in a test that no seed reproduces. */
export function unseededTests(files: readonly HouseFile[]): Violation[] {
  const why = 'a failing test has to print a seed that brings it back: seededRandom';
  return files
    .filter((file) => file.path.startsWith('test/'))
    .flatMap((file) =>
      [...file.code.matchAll(/\bMath\.random\b/g)].map((m) => ({
        path: file.path,
        line: lineAt(file.code, m.index),
        why,
      })),
    );
}
