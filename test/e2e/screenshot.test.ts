// `mon screenshot` against a real server: text on stdout, a picture in a file, and clear words for
// what is no screen, no size and no name of a picture.
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { MonProcess } from '../support/mon-process.ts';
import { endsBySelf, MonFolder } from './mon-folder.ts';

describe('mon screenshot', () => {
  let folder: MonFolder;
  let mon: MonProcess;
  before(async () => {
    folder = await MonFolder.make();
    mon = await folder.start('mon: {default_rules: false}\nglobal: {scrape_interval: 1s}\n');
  });
  after(async () => await folder.remove());
  const shot = (...args: string[]) => endsBySelf(['screenshot', ...args, '--url', mon.url]);

  for (const [screen, seen] of [
    ['top', /╭─ targets 2/],
    ['wall', /╭─ alerts 0/],
    ['alerts', /^ mon {3}127/],
    ['dash', /^ mon {2}Host/],
  ] as const) {
    it(`prints ${screen} as text of the size asked for`, async () => {
      const { stdout, code, stderr } = await shot(
        screen,
        ...(screen === 'dash' ? ['host'] : []),
        '--size',
        '100x30',
      );
      assert.deepEqual([stderr, code], ['', 0]);
      assert.match(stdout, seen);
      const lines = stdout.split('\n');
      assert.equal(lines.length, 31);
      assert.ok(lines.every((line) => line.length <= 100));
      assert.doesNotMatch(stdout, /\u001b/);
    });
  }

  it('writes a picture', async () => {
    const path = join(folder.path, 'top.svg');
    const { code, stdout, stderr } = await shot('top', '-o', path, '--theme', 'light');
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /^wrote .*top\.svg/);
    const svg = await readFile(path, 'utf8');
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 10320 7440"/);
    assert.match(svg, /<title>mon top, 120x40<\/title>/);
    assert.match(svg, /<\/svg>\n$/);
  });

  it('refuses what it cannot do', async () => {
    const refused = async (words: RegExp, ...args: string[]): Promise<void> => {
      const { code, stderr, stdout } = await shot(...args);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, words);
    };
    await refused(/no size of a screen/, 'top', '--size', 'large');
    await refused(/not a picture that can be made/, 'top', '-o', join(folder.path, 'top.png'));
    await refused(/top, alerts, wall/, 'bottom');
    await refused(/which dashboard/, 'dash');
    await refused(/cannot read nowhere\.yml/, 'wall', 'nowhere.yml');
  });

  it('shows a server that is away as people would see it', async () => {
    const away = await endsBySelf(['screenshot', 'top', '--url', 'http://127.0.0.1:1']);
    assert.equal(away.code, 0);
    assert.match(away.stdout, /no answer for/);
  });
});
