// The quick reader of YAML against the `yaml` package: texts as people write them, and the same
// with letters put in, taken out and doubled. Whatever the quick one reads must be what the package
// reads, in values, places and number of lines; and it must read what is written plainly.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { LineCounter, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Node, Pair } from 'yaml';
import { readPlainYaml } from '../../../src/engine/daemons/yaml-plain.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { sharedData } from '../../support/project.ts';

/** A tree as the readers of configurations see it: an end counts as far as the first line goes. */
function seen(text: string, node: Node | null): unknown {
  const [start, end] = node?.range ?? [-1, -1];
  const line = text.indexOf('\n', start);
  const place = [start, Math.min(end, line < 0 ? text.length : line)];
  if (isScalar(node)) {
    const { value, source, type } = node;
    return { place, value, source, type };
  }
  if (isSeq(node)) return { place, items: node.items.map((item) => seen(text, item as Node)) };
  assert(isMap(node), `no known node at ${place.join()}`);
  const pair = ({ key, value }: Pair): unknown => [
    seen(text, key as Node),
    seen(text, value as Node),
  ];
  return { place, pairs: node.items.map(pair) };
}

/** Compares both readers. @returns whether the quick one read the text. */
function agrees(text: string, about: string): boolean {
  const quick = readPlainYaml(text);
  if (quick === undefined) return false;
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false });
  assert(Array.isArray(documents), about);
  const errors = documents.flatMap((one) => one.errors.map(({ message }) => message));
  assert.deepEqual(errors, [], `${about}\n${text}`);
  const whole = documents.map(({ contents }) => seen(text, contents));
  assert.deepEqual(
    quick.roots.map((root) => seen(text, root)),
    whole,
    `${about}\n${text}`,
  );
  assert.deepEqual(quick.lineStarts, lineCounter.lineStarts, about);
  return true;
}

const NAMES = ['a', 'expr', 'slo_plugins', 'for', '"x y"', "'q'", 'null', 'k8s.io/name', 'b-c'];
const TEXTS = [
  ...[
    'up',
    '99.9',
    '-1',
    '+.5',
    '0x1f',
    '1e3',
    '.inf',
    'true',
    'No',
    '~',
    'null',
    '5m',
    '08',
    '1.',
  ],
  ...[
    'sum(rate(x{job="a",code=~"(5..|429)"}[{{.window}}]))',
    '"say \\"hi\\" \\n"',
    "'it''s'",
    '""',
  ],
  ...['{a: 1, "b": [x, y ]}', '[]', '{}', '[1, {c: d}]', 'a#b', 'a:b', '"#"', '-x', '- x', "''"],
  ...[
    'http://x/y?z=1',
    '"a: b"',
    '*star',
    '&x y',
    '!!str 1',
    '@at',
    '`tick`',
    '%',
    '? q',
    '|',
    '>-',
  ],
  ...[
    'ends:',
    'a: b',
    '=',
    '<<',
    '\u00e9\u{1f600}',
    '(x > 0.5) / 2',
    '[a: b]',
    '{a}',
    '[a,]',
    '2020-01-01',
  ],
];
const PLAIN = `# Rules of a shop.
version: "prometheus/v1"
labels: {owner: "team a", tier: 1}
slos:
  - name: requests   # the first
    objective: 99.9
    sli:
      events:
        error_query: |
          sum(rate(x{code=~"5.."}[{{.window}}]))

        total_query: sum(rate(x[{{.window}}]))
    list:
    - 'it''s'
    - [a, {b: c}]
---
kind: SLO
`;

const SPRINKLES = [
  ...' \n\t#:-"\'{}[],|>&*!%@`?\\~0a.\r',
  '\n  ',
  ': ',
  ' #',
  '- ',
  '\n\n',
  '---\n',
];

/** A text of maps and lists with some of everything in it. */
function written(random: () => number): string {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)];
  const end = (): string => pick(['\n', '\n', '\n', '\n', ' # why\n', '\n\n', '  \n', '\n# why\n']);
  const texts = random() < 0.7 ? TEXTS.slice(0, 24) : TEXTS;
  const block = (indent: number, depth: number): string => {
    const pad = ' '.repeat(indent);
    const count = 1 + Math.floor(random() * 3);
    const list = random() < 0.3;
    let out = '';
    for (let i = 0; i < count; i++) out += pad + entry(indent, depth, list, i);
    return out;
  };
  const entry = (indent: number, depth: number, list: boolean, i: number): string => {
    const name = random() < 0.1 ? pick(NAMES) : `${pick(['k', 'm'])}${i}`;
    const kind = random();
    const deeper = indent + pick([1, 2, 2, 2, 4]);
    if (list) {
      if (depth > 0 && kind < 0.4) return `- ${block(indent + 2, depth - 1).slice(indent + 2)}`;
      if (depth > 0 && kind < 0.5) return `-${end()}${block(deeper, depth - 1)}`;
      return `- ${pick(texts)}${end()}`;
    }
    if (depth > 0 && kind < 0.4) return `${name}:${end()}${block(deeper, depth - 1)}`;
    if (kind < 0.5) {
      const lines = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(texts));
      const pad = '\n' + ' '.repeat(deeper);
      return `${name}: ${pick(['|', '|-', '|', '>'])}${pad}${lines.join(pad)}${end()}`;
    }
    return `${name}: ${pick(texts)}${end()}`;
  };
  const documents = Array.from({ length: random() < 0.2 ? 2 : 1 }, () => block(0, 3));
  return documents.join('---\n');
}

function mutated(text: string, random: () => number): string {
  let out = text;
  for (let n = Math.floor(random() * 4); n > 0; n--) {
    const at = Math.floor(random() * (out.length + 1));
    const kind = random();
    const more = SPRINKLES[Math.floor(random() * SPRINKLES.length)];
    if (kind < 0.5) out = out.slice(0, at) + more + out.slice(at);
    else if (kind < 0.8) out = out.slice(0, at) + out.slice(at + 1);
    else out = out.slice(0, at) + out.slice(at, at + 9).repeat(2) + out.slice(at + 9);
  }
  return out;
}

test('what the quick reader reads is what the package reads', () => {
  const seed = Number(process.env['MON_SEED'] ?? 20_261_121);
  const random = seededRandom(seed);
  let read = 0;
  const count = Number(process.env['MON_ROUNDS'] ?? 3000);
  for (let i = 0; i < count; i++) {
    const text = random() < 0.2 ? PLAIN : written(random);
    if (agrees(mutated(text, random), `seed ${seed}, text ${i}`)) read++;
  }
  assert(read > count / 5, `${read} of ${count} were read`);
});

test('plain texts are read, odd ones are given back', () => {
  assert(agrees(PLAIN, 'plain'));
  const odd = ['', '# only\n', 'text\n', 'a: &x 1\n', 'a: *x\n', 'a: >\n  b\n', 'a: "x\n  y"\n'];
  const more = ['a: b\n  c\n', 'a: 1\na: 2\n', 'a:\nb: 1\n', '\ta: 1\n', 'a: b: c\n', '? a\n: b\n'];
  for (const text of [...odd, ...more]) assert.equal(readPlainYaml(text), undefined, text);
  assert.equal(readPlainYaml('a: '.repeat(200)), undefined);
  assert.equal(readPlainYaml(`a: ${'['.repeat(500)}`), undefined);
  assert.equal(readPlainYaml(`${'- '.repeat(500)}a`), undefined);
});

test("Sloth's files are read quickly", async (context) => {
  const shared = sharedData();
  if (shared === undefined) return context.skip('needs shared');
  const folder = join(shared, 'sloth');
  for (const name of (await readdir(folder)).filter((one) => /^[^.]+\.yml$/.test(one))) {
    assert(agrees(await readFile(join(folder, name), 'utf8'), name), name);
  }
});
