// SLO files with mistakes, each with its place, and files that nobody wrote: they are refused with
// one line or read, and never crash. Easy to get wrong: a fuzzer that changes too much only tests
// YAML.
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { parseSloFiles } from '../../../src/engine/daemons/slo-gate.ts';
import { UserError } from '../../../src/engine/errors.ts';
import type { Slo } from '../../../src/engine/model/slo.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { projectRoot } from '../../support/project.ts';

const DAY = 86_400_000;

function read(text: string): Slo[] {
  return parseSloFiles([{ path: 'slo.yml', text }], 30 * DAY);
}

async function fixture(name: string): Promise<string> {
  return await readFile(join(projectRoot, 'fixtures/slo', name), 'utf8');
}

/** The fixture with one text replaced has to be refused with these words. */
async function refused(
  name: string,
  from: string | RegExp,
  to: string,
  words: RegExp,
): Promise<void> {
  const text = await fixture(name);
  const changed = text.replace(from, to);
  assert.notEqual(changed, text, String(from));
  assert.throws(
    () => read(changed),
    (thrown) => {
      assert.ok(thrown instanceof UserError, String(thrown));
      assert.match(thrown.message, words);
      return true;
    },
  );
}

it('fixtures are read whole', async () => {
  const shop = read(await fixture('shop.yml'));
  assert.deepEqual(
    shop.map(({ id, budget }) => [id, budget]),
    [
      ['shop-fine', 0.01],
      ...['burning', 'spent', 'silent', 'rare'].map((name) => [`shop-${name}`, 0.001]),
    ],
  );
  const open = read(await fixture('openslo.yml'));
  assert.deepEqual(
    open.map(({ name, budget, objective, period, slices }) => {
      return [name, budget, objective, period.kind, slices?.windowMs ?? 0];
    }),
    [
      ['month-0', 0.01, 99, 'calendar', 0],
      ['month-1', 0.001, 99.9, 'calendar', 0],
      ['slices', 0.05, 95, 'rolling', 300_000],
      ['depth', 0.1, 90, 'rolling', 0],
    ],
  );
  const condition = {
    shortMs: 3_600_000,
    longMs: 3_600_000,
    factor: 2,
    op: 'gt',
    afterMs: 300_000,
  };
  assert.deepEqual(open[3].pairs, [{ severity: 'page', ...condition }]);
});

it('a mistake in a Sloth file has its place', async () => {
  const bad = async (from: string | RegExp, to: string, words: RegExp): Promise<void> =>
    await refused('shop.yml', from, to, words);
  await bad('objective: 99\n', 'objective: 0\n', /^slo\.yml:8:16: objective must be a perc/);
  await bad('objective: 99\n', 'objectives: 99\n', /^slo\.yml:8:5: unknown field "objectives"/);
  await bad('  - name: fine\n', '  - nam: fine\n', /^slo\.yml:7:5: unknown field "nam"/);
  await bad('service: shop\n', '', /^slo\.yml:.*service is missing/);
  await bad('sum(rate(shop', 'sum(rat(shop', /^slo\.yml:12:22: error_query: unknown function/);
  await bad('[{{.window}}]', '[5m]', /^slo\.yml:12:22: error_query holds no \{\{\.window\}\}/);
  await bad('{{.window}}', '{{.service}}', /error_query: only \{\{\.window\}\} is known/);
  await bad('name: burning', 'name: fine', /^slo\.yml:15:5: name: SLO shop-fine is there twice/);
  await bad('prometheus/v1', 'prometheus/v9', /^slo\.yml:2:1: version or apiVersion names no/);
  await bad(/sli:[^]*?alerting/, 'sli: {plugin: {id: x}}\n    alerting', /Go programs/);
});

it('a mistake in an OpenSLO file has its place', async () => {
  const bad = async (from: string | RegExp, to: string, words: RegExp): Promise<void> =>
    await refused('openslo.yml', from, to, words);
  await bad(
    'indicatorRef: good-requests',
    'indicatorRef: none',
    /^slo\.yml:28:17: there is no SLI/,
  );
  await bad('service: shop', 'service: shoe', /there is no Service "shoe" in these files/);
  await bad('target: 0.99\n', 'target: 1\n', /target must be at least 0 and below 1/);
  await bad('Europe/Berlin', 'Europe/Nowhere', /there is no time zone "Europe\/Nowhere"/);
  await bad('duration: 1M', 'duration: 1x', /duration is not a duration of OpenSLO/);
  await bad('2026-01-01 00', '2026-13-01 00', /startTime is not a date/);
  await bad('op: lte', 'op: most', /op must be one of lte, lt, gte, gt/);
  await bad('timeSliceTarget: 0.99', 'timeSliceTarget: 99', /timeSliceTarget must be above 0/);
  await bad('kind: AlertCondition', 'kind: AlertConditions', /kind must be one of/);
  await bad('conditionRef: fast-burn', 'conditionRef: slow', /there is no AlertCondition "slow"/);
  await bad('type: Prometheus', 'type: Datadog', /comes from "Datadog"/);
  await bad('name: slices', 'name: month', /SLO month is defined twice/);
});

it('no text crashes the reader', async () => {
  const texts = [await fixture('shop.yml'), await fixture('openslo.yml')];
  const seed = 20_261_121;
  const random = seededRandom(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const words = [
    '{{',
    '[',
    ': ',
    '\n',
    '- ',
    '99999999999999999999',
    '*a',
    '&a ',
    '!!x ',
    '~',
    '"',
  ];
  words.push('__proto__: 1\n', '<<: *a\n', '\u0000', '\ud800', 'null', '{}', '[]', '---\n', '#');
  for (let round = 0; round < 400; round++) {
    let text = texts[round % texts.length];
    for (let n = pick(3); n >= 0; n--) {
      const [at, length] = [pick(text.length), pick(12)];
      text = text.slice(0, at) + words[pick(words.length)] + text.slice(at + length);
    }
    try {
      read(text);
    } catch (thrown) {
      assert.ok(thrown instanceof UserError, `seed ${seed}, round ${round}: ${String(thrown)}`);
    }
  }
});
