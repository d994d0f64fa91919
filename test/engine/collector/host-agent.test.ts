// The host agent over recorded kernel files, over a machine without them, and over this very
// machine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeHostTarget } from '../../../src/engine/collector/host-agent.ts';
import { parseMounts } from '../../../src/engine/collector/host-disk.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import type { HostReader } from '../../../src/engine/runtime/host-reader.ts';
import { systemHost } from '../../../src/engine/runtime/host-reader.ts';
import { ParsedExposition } from '../../../src/engine/wire/exposition-columns.ts';
import { parseExposition } from '../../../src/engine/wire/exposition.ts';

const FILES: Record<string, string> = {
  '/proc/stat':
    'cpu  300 0 100 5000 20 1 2 3 0 0\ncpu0 101 5 50 2500 10 1 1 2 0 0\n' +
    'cpu1 200 0 50 2500 10 0 1 1 0 0\nintr 1 2 3\nbtime 1700000000\n',
  '/proc/meminfo':
    'MemTotal:       4023416 kB\nMemFree:  1 kB\nMemAvailable:   2 kB\nBuffers: 3 kB\n' +
    'Cached: 4 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\nActive(anon): 5 kB\nHugePages_Total: 0\n',
  '/proc/diskstats':
    ' 8 0 sda 100 1 2000 30 200 2 4000 40 0 50 70 0 0 0 0\n 8 1 sda1 1 1 1 1 1 1 1 1 1 1 1\n' +
    ' 7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n',
  '/proc/self/mounts':
    '/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/sdb1 /my\\040disk ext4 rw 0 0\n' +
    'overlay /var/lib/docker/overlay2/x overlay rw 0 0\nsrv:/x /net nfs4 rw 0 0\n' +
    '/dev/dead /dead ext4 rw 0 0\n',
  '/proc/net/dev':
    'Inter-|   Receive  |  Transmit\n face |bytes packets errs drop fifo frame compressed\n' +
    '    lo: 10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0\n' +
    '  eth0:30 3 4 5 0 0 0 0 60 6 7 8 0 0 0 0\n',
};

const linux: HostReader = {
  platform: 'linux',
  readText(path) {
    const text = FILES[path];
    return text === undefined ? Promise.reject(new Error(path)) : Promise.resolve(text);
  },
  space: (mountPoint) =>
    mountPoint === '/dead'
      ? Promise.reject(new Error('dead'))
      : Promise.resolve({ sizeBytes: 100, freeBytes: 50, availableBytes: 40 }),
  facts: () => ({
    hostname: 'h"1',
    machine: 'x86_64',
    release: '6.1',
    system: 'Linux',
    version: 'v',
    uptimeSeconds: 10,
    loads: [0.5, 0.25, 0.125],
    processors: [{ user: 1000, nice: 0, sys: 2000, idle: 3000, irq: 0 }],
    memoryBytes: 1000,
    memoryFreeBytes: 400,
  }),
};

async function samples(reader: HostReader): Promise<Map<string, number>> {
  const target = makeHostTarget({ reader, clock: systemClock, intervalMs: 1, timeoutMs: 1 });
  const bytes = await target.render();
  const into = new ParsedExposition();
  parseExposition(bytes, 'text', into);
  const out = new Map<string, number>();
  const text = new TextDecoder();
  for (let i = 0; i < into.count; i++) {
    out.set(text.decode(bytes.subarray(into.starts[i], into.ends[i])), into.values[i]);
  }
  return out;
}

test('recorded kernel files under node_exporter names', async () => {
  const found = await samples(linux);
  const wanted: [string, number][] = [
    ['node_cpu_seconds_total{cpu="0",mode="user"}', 1.01],
    ['node_cpu_seconds_total{cpu="1",mode="steal"}', 0.01],
    ['node_boot_time_seconds', 1700000000],
    ['node_memory_MemTotal_bytes', 4023416 * 1024],
    ['node_memory_SwapFree_bytes', 0],
    ['node_disk_reads_completed_total{device="sda"}', 100],
    ['node_disk_read_bytes_total{device="sda"}', 2000 * 512],
    ['node_disk_writes_completed_total{device="sda"}', 200],
    ['node_disk_written_bytes_total{device="sda"}', 4000 * 512],
    ['node_disk_io_time_seconds_total{device="sda"}', 0.05],
    ['node_filesystem_size_bytes{device="/dev/sda1",mountpoint="/",fstype="ext4"}', 100],
    ['node_filesystem_free_bytes{device="/dev/sdb1",mountpoint="/my disk",fstype="ext4"}', 50],
    ['node_filesystem_avail_bytes{device="/dev/sda1",mountpoint="/",fstype="ext4"}', 40],
    ['node_network_receive_bytes_total{device="eth0"}', 30],
    ['node_network_receive_drop_total{device="eth0"}', 5],
    ['node_network_transmit_packets_total{device="lo"}', 2],
    ['node_network_transmit_errs_total{device="eth0"}', 7],
    ['node_load15', 0.125],
    ['node_scrape_collector_success{collector="diskstats"}', 1],
  ];
  for (const [name, value] of wanted) assert.equal(found.get(name), value, name);
  const names = [...found.keys()];
  assert.ok(!names.some((name) => /sda1"}|loop0|mountpoint="\/dead|nfs4|docker/.test(name)));
  assert.ok(names.some((name) => name.includes('nodename="h\\"1"')));
});

test('an area that cannot be read takes no other down', async () => {
  const found = await samples({ ...linux, readText: () => Promise.reject(new Error('no /proc')) });
  assert.equal(found.get('node_scrape_collector_success{collector="cpu"}'), 0);
  assert.equal(found.get('node_scrape_collector_success{collector="uname"}'), 1);
  assert.equal(found.get('node_load1'), 0.5);
});

test('a machine without /proc', async () => {
  const found = await samples({ ...linux, platform: 'darwin' });
  assert.equal(found.get('node_cpu_seconds_total{cpu="0",mode="system"}'), 2);
  assert.equal(found.get('node_memory_MemTotal_bytes'), 1000);
  assert.equal(
    found.get('node_filesystem_size_bytes{device="/",mountpoint="/",fstype="unknown"}'),
    100,
  );
});

test('a mount point that does not answer is asked once', async () => {
  let asked = 0;
  const hanging: HostReader = {
    ...linux,
    space: () => {
      asked++;
      return new Promise(() => {});
    },
  };
  const target = makeHostTarget({
    reader: hanging,
    clock: systemClock,
    intervalMs: 1,
    timeoutMs: 1,
  });
  void target.render();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const first = asked;
  await target.render();
  assert.ok(first > 0);
  assert.equal(asked, first);
});

test('mounts: octal escapes, container roots, ignored kinds', () => {
  const mounts = parseMounts('overlay / overlay rw 0 0\ntmpfs /dev/shm tmpfs rw\n\nbad line\n');
  assert.deepEqual(mounts, [{ device: 'overlay', mountpoint: '/', fstype: 'overlay' }]);
});

test('this very machine', async () => {
  const found = await samples(systemHost);
  assert.ok((found.get('node_memory_MemTotal_bytes') ?? 0) > 0);
  assert.ok([...found.keys()].some((name) => name.startsWith('node_cpu_seconds_total')));
});
