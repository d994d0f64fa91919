// The alarm rings: each rule of the house finds a small file that breaks it, and leaves a good one
// in peace. Without this a rule that sees nothing would look like a house in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bannedCalls, strayPackages, unseededTests } from './belongings.ts';
import { blank } from './blank.ts';
import { houseFile } from './house.ts';
import type { HouseFile, Violation } from './house.ts';
import * as layers from './layers.ts';
import * as looks from './looks.ts';

const HEADER = '// One line.\n// Another.\n';

function file(path: string, text: string): HouseFile {
  return houseFile(path, HEADER + text);
}

function found(violations: readonly Violation[], ...want: [line: number, why: RegExp][]): void {
  assert.deepEqual(
    violations.map((v) => v.line),
    want.map(([line]) => line),
  );
  want.forEach(([, why], i) => assert.match(violations[i].why, why));
}

test('words in comments, strings, templates and regular expressions are no code', () => {
  const f = (text: string, want: string): void => assert.equal(blank(text).code, want);
  f("a('b') // c", "a(' ')     ");
  f('a /* b\nc */ d', 'a     \n     d');
  f('`a ${b + `c ${d}`} e` f', '`  ${b + `  ${d}`}  ` f');
  f('x = /[/"]+\\//g; y', 'x = /       /g; y');
  f('a / b / c', 'a / b / c');
  f("<T>it's</T>\nb", "<T>it'     \nb");
  f("'a\\'b' c", "'    ' c");
  assert.equal(blank("import 'x'; // y").uncommented, "import 'x';     ");
});

test('every kind of import is seen', () => {
  const text = [
    "import { a } from './a.ts';",
    "import type { b } from './b.ts';",
    "import {\n  c,\n} from './c.ts';",
    "export * from './d.ts';",
    "import 'pkg/e';",
    "const f = await import('./f.ts');",
    "type G = typeof import('./g.ts');",
    "new Worker(new URL('./h.js', import.meta.url));",
    "// import './no.ts';",
  ].join('\n');
  const imports = houseFile('src/x.ts', text).imports;
  const seen = imports.map(({ name, line, kind }) => `${name} ${line} ${kind}`).toSorted();
  assert.deepEqual(seen, [
    './a.ts 1 value',
    './b.ts 2 type',
    './c.ts 5 value',
    './d.ts 6 value',
    './f.ts 8 dynamic',
    './g.ts 9 type',
    './h.js 10 url',
    'pkg/e 7 value',
  ]);
  assert.equal(imports.find((i) => i.name === './h.js')?.path, 'src/h.ts');
});

test('arrows that must not be are found, type imports too', () => {
  const f = (from: string, to: string, why?: RegExp): void => {
    const violations = layers.forbiddenArrows([file(from, `import type { X } from '${to}';\n`)]);
    found(violations, ...(why === undefined ? [] : [[3, why] as [number, RegExp]]));
  };
  f('src/engine/store/a.ts', '../log/b.ts', /parts never touch/);
  f('src/engine/store/a.ts', '../promql/b.ts');
  f('src/engine/store/a.ts', './b.ts');
  f('src/engine/codec/a.ts', '../runtime/clock.ts', /pure/);
  f('src/engine/model/a.ts', '../codec/b.ts', /nouns/);
  f('src/engine/errors.ts', './limits.ts', /circle/);
  f('src/engine/ports.ts', './runtime/clock.ts', /contracts/);
  f('src/engine/query/a.ts', '../daemons/b.ts', /wiring/);
  f('src/engine/daemons/a.ts', '../query/b.ts');
  f('src/engine/api/a.ts', '../../tui/draw/b.ts', /no screen/);
  f('src/tui/widgets/a.tsx', '../feed/b.ts', /never fetches/);
  f('src/tui/screens/a.tsx', '../feed/b.ts');
  f('src/tui/screens/a.tsx', '../../engine/remote/b.ts', /handed its feed/);
  f('src/commands/a.ts', '../engine/store/b.ts', /wired there/);
  f('src/commands/a.ts', '../engine/remote/b.ts');
  f('src/engine/api/a.ts', '../../../test/b.ts', /never imports tests/);
});

test('circles are found with their way, and only once', () => {
  const a = file('src/a.ts', "import type { B } from './b.ts';\n");
  const b = file('src/b.ts', "import { C } from './c.ts';\n");
  const c = file('src/c.ts', "export const d = () => import('./a.ts');\n");
  found(layers.circles([a, b, c]), [1, /src\/a\.ts -> src\/b\.ts -> src\/c\.ts -> src\/a\.ts/]);
  found(layers.circles([a, b]));
});

test('what is heavy is found however far it is, unless it is loaded late', () => {
  const command = file('src/commands/a.ts', "import { b } from '../cli/b.ts';\n");
  const early = file('src/cli/b.ts', "import { c } from '../engine/daemons/c.ts';\n");
  const late = file('src/cli/b.ts', "export const b = () => import('../engine/daemons/c.ts');\n");
  found(layers.heavyStarts([command, early]), [3, /import\(\) it inside run/]);
  found(layers.heavyStarts([command, late]));
});

test('strange rooms, dead files and broken imports are found', () => {
  const lost = file('src/engine/odd/a.ts', "import { b } from './b.ts';\n");
  found(layers.strangeRooms([lost]), [1, /odd is no room/]);
  found(layers.deadFiles([lost]), [1, /nobody imports/]);
  found(layers.brokenImports([lost]), [3, /there is no src\/engine\/odd\/b\.ts/]);
  found(layers.deadFiles([file('src/commands/a.ts', '')]));
});

test('bounds that bind nobody are found', () => {
  const bounds = 'export const A_MAX = 1;\nexport const B_MAX = A_MAX;\n// B_MAX is idle.\n';
  const limits = file('src/engine/limits-odd.ts', bounds);
  found(layers.idleBounds([limits]), [4, /nothing leans on B_MAX/]);
  found(layers.idleBounds([limits, file('src/engine/odd/a.ts', 'f(B_MAX);\n')]));
});

test('packages and calls outside their room are found', () => {
  const text = "import fs from 'node:fs';\nimport x from 'left-pad';\nimport h from 'node:http';\n";
  const stray = file('src/engine/store/a.ts', text);
  found(strayPackages([stray]), [3, /disk is an argument/], [4, /no room yet/]);
  found(strayPackages([file('src/engine/runtime/a.ts', "import fs from 'node:fs';\n")]));
  const calls = '// Date.now()\nDate.now();\nnew Date(1); new Date();\nprocess.exitCode = 1;\n';
  const rude = file('src/engine/store/a.ts', `${calls}process.exit(1);\nsetTimeout(f, 1);\n`);
  const lines = bannedCalls([rude]).map((v) => v.line);
  assert.deepEqual(lines.toSorted(), [4, 5, 7, 8]);
  found(unseededTests([file('test/a.test.ts', 'Math.random();\n')]), [3, /seed/]);
});

test('sizes are counted', () => {
  const body = 'x();\n'.repeat(68);
  const f = (text: string): Violation[] => looks.largeFunctions([file('src/a.ts', text)]);
  found(f(`function a(b: number): void {\n${body}}\n`));
  found(f(`function a(b: number): void {\n${body}x();\n}\n`), [3, /71 lines/]);
  found(f(`const a = async ({ b }: { b: C }): Promise<D> => {\n${body}x();\n};\n`), [3, /71/]);
  found(f(`class A {\n  b(): { c: number } {\n${body}x();\n  }\n}\n`), [4, /71/]);
  found(f(`if (a) {\n${body}x();\n}\n`));
  found(f(`describe('a', () => {\n${body}x();\n});\n`));
  found(f('function a(b: number, c: Map<string, number>, d: () => void, e = [1, 2]) {}\n'));
  found(f('function a(b: A, c: B, d: C, e: D, f: E) {}\n'), [3, /5 parameters/]);
  found(f('function a(b: A, c: B, d: C, e: D, options: E = {}) {}\n'));
  found(looks.longFiles([file('src/a.ts', 'x\n'.repeat(398))]));
  found(looks.longFiles([file('src/a.ts', 'x\n'.repeat(399))]), [401, /401 lines/]);
  found(looks.longFiles([file('src/commands/a.ts', 'x\n'.repeat(79))]), [81, /81 lines/]);
  found(looks.longFiles([file('src/a.ts', `${'x'.repeat(101)}\n`)]), [3, /101 columns/]);
});

test('names, openings and notes are read', () => {
  const f = (path: string): number => looks.oddNames([file(path, '')]).length;
  assert.equal(f('src/engine/store/block-reader.ts'), 0);
  assert.equal(f('test/engine/log/log.contract.test.ts'), 0);
  assert.equal(f('src/engine/store/blockReader.ts'), 1);
  assert.equal(f('src/engine/store/utils.ts'), 1);
  assert.equal(f('src/engine/store/index.ts'), 1);
  const bare = (text: string): number => looks.bareFiles([houseFile('src/a.ts', text)]).length;
  assert.equal(bare('import x;\n'), 1);
  assert.equal(bare('// one\nimport x;\n'), 1);
  assert.equal(bare('// one\n// two\nimport x;\n'), 0);
  assert.equal(bare('#!/usr/bin/env node\n// one\n// two\n'), 0);
  assert.equal(bare('/* one\n   two */\nimport x;\n'), 0);
  assert.equal(bare('// x\n'.repeat(9)), 1);
  const note = ['// TO', 'DO: later\n'].join('');
  found(looks.putOff([file('src/a.ts', note)]), [3, /known debts/]);
});
