// A server from its start to its end: in the background with status, logs and down; drained by
// SIGTERM; killed; and what it had taken is there again afterwards. Everything is the real process.
import { strict as assert } from 'node:assert';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { freePort } from '../support/mon-process.ts';
import type { CliResult } from '../support/run-cli.ts';
import { MonFolder, endsBySelf, numberOf, writeSamples } from './mon-folder.ts';

let folder: MonFolder;
beforeEach(async () => {
  folder = await MonFolder.make();
});
afterEach(async () => await folder.remove());

it('up --detach, status, logs, down', async () => {
  const listen = `127.0.0.1:${await freePort()}`;
  const at = ['--data-dir', folder.dataDir];
  const up = await endsBySelf(['up', '--detach', ...at, '--listen', listen]);
  try {
    assert.deepEqual([up.stderr, up.code], ['', 0]);
    assert.match(up.stdout, new RegExp(`^mon is up at http://${listen}\n`));
    assert.ok(up.stdout.endsWith(`stop it with: mon down --data-dir ${folder.dataDir}\n`));
    const status = await endsBySelf(['status', ...at, '-o', 'jsonl']);
    assert.deepEqual([status.stderr, status.code], ['', 0]);
    const row = JSON.parse(status.stdout) as Record<string, unknown>;
    assert.equal(row['url'], `http://${listen}`);
    assert.equal(row['state'], 'ready');
    assert.equal(row['folder'], folder.dataDir);
    const logs = await endsBySelf(['logs', ...at]);
    assert.match(logs.stdout, new RegExp(`^\\S+Z info  up url=http://${listen} folder=\\S+\n$`));
    const query = await endsBySelf([
      'query',
      'vector(1)',
      '-o',
      'value',
      '--url',
      row['url'] as string,
    ]);
    assert.equal(query.stdout, '1\n');
  } finally {
    const down = await endsBySelf(['down', ...at]);
    assert.equal(down.stdout, '');
    assert.match(down.stderr, /^stopped process \d+ on \S+\n$/);
    assert.equal(down.code, 0);
  }
  const gone = (said: CliResult): [string, number | string] => [said.stdout, said.code];
  assert.deepEqual(gone(await endsBySelf(['status', ...at])), ['', 5]);
  assert.deepEqual(gone(await endsBySelf(['down', ...at])), ['', 5]);
  const { stdout } = await endsBySelf(['logs', ...at, '--lines', '1']);
  assert.match(stdout, /^\S+Z info  stopped\n$/);
});

it('drained by SIGTERM or killed, a restart has the data', async () => {
  const startMs = Date.now() - 600_000;
  const write = async (url: string, from: number, count: number): Promise<void> => {
    for (let i = from; i < from + count; i++) {
      const sample = { timestamp: startMs + i * 1000, value: i };
      const answer = await writeSamples(url, [
        { labels: { __name__: 'kept', half: 'a' }, samples: [sample] },
        { labels: { __name__: 'kept', half: 'b' }, samples: [sample] },
      ]);
      assert.deepEqual(answer, { status: 204, text: '' });
    }
  };
  const counted = (url: string): Promise<number> => numberOf(url, 'sum(count_over_time(kept[1h]))');
  const summed = (url: string): Promise<number> => numberOf(url, 'sum(sum_over_time(kept[1h]))');
  const sumTo = (n: number): number => n * (n - 1);

  let mon = await folder.start();
  await write(mon.url, 0, 20);
  assert.equal(await counted(mon.url), 40);
  assert.equal(await mon.end('SIGTERM'), 143);
  const checkpoints = await readdir(join(folder.dataDir, 'head'), { recursive: true });
  assert.ok(checkpoints.length > 0, 'a drained server leaves a checkpoint');

  mon = await folder.start();
  assert.deepEqual([await counted(mon.url), await summed(mon.url)], [40, sumTo(20)]);
  await write(mon.url, 20, 20);
  assert.equal(await mon.end('SIGKILL'), 'SIGKILL');

  mon = await folder.start();
  assert.deepEqual([await counted(mon.url), await summed(mon.url)], [80, sumTo(40)]);
  await write(mon.url, 0, 40);
  assert.equal(await counted(mon.url), 80, 'what is sent again counts once');
  assert.equal(await mon.end('SIGINT'), 130);
});
