// A disk that fills up under a real `mon up`: pushes get 503 with one clear line, what was taken is
// still answered, and it goes on by itself when there is space again: taking samples, and sealing
// those that are days old, which goes on all the time. Needs root for a small tmpfs.
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { inspectFolder } from '../../src/engine/daemons/store-files.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { until } from '../support/until.ts';
import { MonFolder, numberOf, writeSamples } from './mon-folder.ts';

const MIB = 1024 * 1024;
const DISK_MIB = 160;
const DAY = 86_400_000;
const CONFIG = 'mon: {host_agent: false, self_scrape: false, seal_interval: 100ms}\n';

let folder: MonFolder;
let mounted = false;

before(async () => {
  folder = await MonFolder.make();
  await mkdir(folder.dataDir);
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', folder.dataDir];
    execFileSync('mount', options, { stdio: 'ignore' });
    mounted = true;
  } catch {
    // Not root, or a container that may not mount.
  }
});
after(async () => {
  if (mounted) execFileSync('umount', ['--lazy', folder.dataDir], { stdio: 'ignore' });
  await folder.remove();
});

let sent = 0;
async function push(mon: MonProcess): Promise<{ status: number; text: string }> {
  const timestamp = Date.now() - 600_000 + sent++ * 1000;
  const series = { labels: { __name__: 'kept' }, samples: [{ timestamp, value: 1 }] };
  const old = { timestamp: timestamp - 10 * DAY, value: sent };
  return await writeSamples(mon.url, [series, { labels: { __name__: 'aged' }, samples: [old] }]);
}

async function sealedSamples(): Promise<number> {
  const { partitions, problems } = await inspectFolder(folder.dataDir);
  assert.deepEqual(problems, []);
  return partitions.flatMap(({ blocks }) => blocks).reduce((sum, { samples }) => sum + samples, 0);
}

it('refuses, lives on, and recovers', async (t) => {
  if (!mounted) {
    t.skip('needs root to mount a small disk');
    return;
  }
  let taken = 0;
  const count = (mon: MonProcess): Promise<number> =>
    numberOf(mon.url, 'count_over_time(kept[1h])');
  const aged = (mon: MonProcess): Promise<number> =>
    numberOf(mon.url, 'count_over_time(aged[11d])');
  const mon = await folder.start(CONFIG);
  assert.equal((await push(mon)).status, 204);
  taken++;
  await until('it is sealed', async () => (await sealedSamples()) === taken);

  const filler = join(folder.dataDir, 'filler');
  await writeFile(filler, Buffer.alloc(DISK_MIB * MIB)).catch((e: NodeJS.ErrnoException) =>
    assert.equal(e.code, 'ENOSPC'),
  );
  let refused = '';
  await until('the disk is known to be full', async () => {
    const { status, text } = await push(mon);
    if (status === 204) taken++;
    else assert.equal(status, 503, text);
    refused = text;
    return status === 503;
  });
  const said = JSON.parse(refused) as { error: string; hint?: string };
  t.diagnostic(said.error);
  assert.match(said.error, /^[^\n]*(MiB are free|no space)[^\n]*$/);
  assert.equal(await count(mon), taken, 'what was taken is there, and nothing else');
  assert.equal(await aged(mon), taken);
  assert.equal((await fetch(`${mon.url}/-/healthy`)).status, 200);

  await rm(filler);
  await until('it takes samples again', async () => {
    const { status } = await push(mon);
    if (status === 204) taken++;
    return status === 204;
  });
  await until('it seals again', async () => (await sealedSamples()) === taken);
  assert.deepEqual([await count(mon), await aged(mon)], [taken, taken]);
  assert.equal(await mon.end('SIGTERM'), 143);
  const again = await folder.start();
  assert.deepEqual([await count(again), await aged(again)], [taken, taken]);
  assert.equal(await again.end('SIGTERM'), 143);
});
