// Debian's promtool against a real `mon up`: what it prints is checked whole. The data lies at
// fixed places before now, so that every answer is known.
import { strict as assert } from 'node:assert';
import { after, before, it } from 'node:test';
import type { MonProcess } from '../support/mon-process.ts';
import { runToEnd, skipWithout } from '../support/program.ts';
import { MonFolder, writeSamples } from './mon-folder.ts';

const STEP = 15;
const skip = skipWithout('promtool');
let folder: MonFolder;
let mon: MonProcess;
/** Whole seconds of the first sample. */
const start = Math.floor(Date.now() / 1000) - 600;

before(async () => {
  if (skip !== false) return;
  folder = await MonFolder.make();
  mon = await folder.start();
  const series = (zone: string, slope: number) => ({
    labels: { __name__: 'requests_total', zone, path: 'a"b\\c' },
    samples: [0, 1, 2, 3, 4].map((i) => ({
      timestamp: (start + i * STEP) * 1000,
      value: i * slope,
    })),
  });
  const answer = await writeSamples(mon.url, [series('eu', 1.5), series('us', 30)]);
  assert.equal(answer.status, 204);
});
after(async () => {
  if (skip !== false) return;
  await folder.remove();
});

const promtool = async (...args: string[]): Promise<string> => {
  const said = await runToEnd('promtool', args);
  assert.deepEqual({ code: said.code, stderr: said.stderr }, { code: 0, stderr: '' });
  return said.stdout;
};
const at = (step: number): string => String(start + step * STEP);
const name = (zone: string): string => `requests_total{path="a\\"b\\\\c", zone="${zone}"}`;

it('query instant: vector, matrix, scalar, json', { skip }, async () => {
  const now = ['--time', at(4)];
  assert.equal(
    await promtool('query', 'instant', ...now, mon.url, 'requests_total'),
    `${name('eu')} => 6 @[${at(4)}]\n${name('us')} => 120 @[${at(4)}]\n`,
  );
  assert.equal(
    await promtool('query', 'instant', ...now, mon.url, 'max(avg_over_time(requests_total[1m]))'),
    `{} => 75 @[${at(4)}]\n`,
  );
  assert.equal(
    await promtool('query', 'instant', ...now, mon.url, 'requests_total{zone="eu"}[30s]'),
    `${name('eu')} =>\n4.5 @[${at(3)}]\n6 @[${at(4)}]\n`,
  );
  assert.equal(
    await promtool('query', 'instant', ...now, mon.url, '6 * 7'),
    `scalar: 42 @[${at(4)}]\n`,
  );
  assert.equal(
    await promtool('query', 'instant', '-o', 'json', ...now, mon.url, 'max(requests_total)'),
    `[{"metric":{},"value":[${at(4)},"120"]}]\n`,
  );
});

it('query range', { skip }, async () => {
  const range = ['--start', at(0), '--end', at(3), '--step', `${STEP}s`];
  assert.equal(
    await promtool('query', 'range', ...range, mon.url, 'sum(requests_total)'),
    `{} =>\n0 @[${at(0)}]\n31.5 @[${at(1)}]\n63 @[${at(2)}]\n94.5 @[${at(3)}]\n`,
  );
});

it('query series', { skip }, async () => {
  const labels = (zone: string): string =>
    `{__name__="requests_total", path="a\\"b\\\\c", zone="${zone}"}`;
  assert.equal(
    await promtool('query', 'series', '--match', 'requests_total', mon.url),
    `${labels('eu')}\n${labels('us')}\n`,
  );
  assert.equal(await promtool('query', 'series', '--match', 'nothing', mon.url), '');
});

it('query labels', { skip }, async () => {
  assert.equal(await promtool('query', 'labels', mon.url, 'zone'), 'eu\nus\n');
  assert.equal(await promtool('query', 'labels', mon.url, '__name__'), 'requests_total\n');
  assert.equal(await promtool('query', 'labels', mon.url, 'nothing'), '');
});

it('a wrong query is an error with the place', { skip }, async () => {
  const said = await runToEnd('promtool', ['query', 'instant', mon.url, 'rat(up[1m])']);
  assert.equal(said.code, 1);
  assert.equal(said.stdout, '');
  assert.match(said.stderr, /bad_data: .*1:1: parse error: unknown function with name "rat"/);
});
