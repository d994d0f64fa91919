// Templates against a table of what Prometheus makes of them: the answers in fixtures/alert were
// taken from promtool 2.42, which runs Go's text/template. Beside it mistakes that a file is
// refused for, bounds, and texts that nobody meant.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkTemplate } from '../../../../src/engine/alert/template/check-template.ts';
import { expandTemplate } from '../../../../src/engine/alert/template/expand.ts';
import type { TemplateSample } from '../../../../src/engine/alert/template/expand.ts';
import { UserError } from '../../../../src/engine/errors.ts';
import { seededRandom } from '../../../../src/engine/runtime/random.ts';
import { projectRoot } from '../../../support/project.ts';

const LABELS = ['__name__', 'x', 'instance', 'host.example.com:9100', 'job', 'web'];
const VALUE = 12345.678;

async function query(text: string): Promise<TemplateSample[]> {
  if (text === 'nothing') return [];
  if (text === 'x{') throw new UserError('parse error');
  const strange = text.startsWith('label_replace') ? ['__value__', 'v'] : [];
  return [{ labels: [...LABELS, ...strange], value: VALUE }];
}

function expand(text: string): Promise<string> {
  const externalUrl = 'http://h.example:1/p';
  const outer = { externalLabels: ['region', 'eu'], externalUrl, timeMs: 5000 };
  return expandTemplate(text, { ...outer, labels: LABELS, value: VALUE, query });
}

const table = JSON.parse(
  readFileSync(join(projectRoot, 'fixtures/alert/templates.json'), 'utf8'),
) as [string, string][];

test(`${table.length} templates read as in Prometheus`, async () => {
  for (const [text, want] of table) {
    const got = await expand(text);
    if (want === '<error') assert.match(got, /^<error expanding template: /, text);
    else assert.equal(got, want, text);
  }
});

test('the address of the server and the time', async () => {
  const text = '{{ externalURL }} {{ pathPrefix }} {{ $externalURL }} {{ now }}';
  assert.equal(await expand(text), 'http://h.example:1/p /p http://h.example:1/p 5');
});

test('mistakes are found when a file is read', () => {
  const bad = [
    '{{ $nope }}',
    '{{ nope }}',
    '{{ if }}x{{ end }}',
    '{{ if true }}x',
    '{{ end }}',
    '{{ else }}',
    '{{ "x }}',
    '{{ /* x }}',
    '{{ (1 }}',
    '{{ 1) }}',
    '{{ range $a, $b, $c := . }}{{ end }}',
    '{{ break }}',
    '{{ 1 | 2 }}',
    '{{ . . }}',
    '{{ "a" "b" }}',
    '{{ template x }}',
    '{{ $x := }}',
    '{{ 1x }}',
    '{{ nil }}',
    '{{ | print }}',
    '{{',
    '{{ if true }}{{ $y := 1 }}{{ end }}{{ $y }}',
  ];
  for (const text of bad) assert.throws(() => checkTemplate(text), UserError, text);
  const good = ['{{/* x */}}', '{{- /* x */ -}}', '{{ $x := 1 }}{{ $x }}', 'no template }}'];
  for (const text of good) checkTemplate(text);
});

test('a template is bounded in output, in steps, in depth and in queries', async () => {
  const loop = '{{ range 100000000 }}{{ range 100000000 }}{{ end }}{{ end }}';
  assert.match(await expand(loop), /takes too long/);
  const large = '{{ printf "%9999d" 1 }}'.repeat(20);
  assert.match(await expand(large), /too much text/);
  const deep = '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}';
  assert.match(await expand(deep), /without end/);
  const asks = Array.from({ length: 30 }, (_, i) => `{{ query "x+${i}" }}`).join('');
  assert.match(await expand(asks), /asks more than 20 queries/);
  assert.throws(() => checkTemplate('{{ if true }}'.repeat(500)), UserError);
  assert.throws(() => checkTemplate(`{{ ${'('.repeat(500)}`), UserError);
  const backtracks = `{{ match "(a+)+$" "${'a'.repeat(5000)}b" }}`;
  assert.equal(await expand(backtracks), 'false');
});

test('whatever a template is, it expands or says what is wrong', async () => {
  const seed = 20_261_121;
  const random = seededRandom(seed);
  const parts = table.flatMap(([text]) => text.split(/(\s+|\{\{-?|-?\}\}|[|()."$])/));
  for (let i = 0; i < 3000; i++) {
    const size = 1 + Math.floor(random() * 25);
    let text = '';
    for (let p = 0; p < size; p++) text += parts[Math.floor(random() * parts.length)];
    try {
      checkTemplate(text);
    } catch (thrown) {
      assert.ok(thrown instanceof UserError, `seed ${seed}: ${text}: ${String(thrown)}`);
      continue;
    }
    assert.equal(typeof (await expand(text)), 'string', `seed ${seed}: ${text}`);
  }
});
