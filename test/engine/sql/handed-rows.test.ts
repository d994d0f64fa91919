// Rows that are handed to a statement: few lie in a table, many in a file of plain Parquet beside
// it, and both say the same. A second reader of Parquet reads the file. Easy to get wrong: the bits
// of a NaN, times before 1970, and groups of rows that end within a page.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import type { SamplePage } from '../../../src/engine/ports-sql.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';
import { Duck } from '../../../src/engine/sql/duck.ts';
import { Tables } from '../../../src/engine/sql/fill-tables.ts';

const STALE = new Float64Array(Uint32Array.of(2, 0x7ff00000).buffer);
const PAYLOAD = new Float64Array(Uint32Array.of(0xdeadbeef, 0xfff80123).buffer);

/** Pages of some series each, with every odd value in them. */
function pagesOf(seed: number, count: number, rows: number): SamplePage[] {
  const random = seededRandom(seed);
  const odd = [NaN, -0, Infinity, 5e-324];
  return Array.from({ length: count }, (_, page) => {
    const timestamps = new Float64Array(rows * 2);
    const values = new Float64Array(rows * 2);
    for (let i = 0; i < rows * 2; i++) {
      timestamps[i] = (random() < 0.1 ? -1 : 1) * Math.floor(random() * 2e12);
      values[i] = random() < 0.1 ? odd[i % odd.length] : random() * 1e6;
      if (random() < 0.01) values.set(PAYLOAD, i);
      if (page % 3 === 0 && random() < 0.01) values.set(STALE, i);
    }
    const labels = [0, 1].map((n) => ['__name__', `m${n}`, 'page', String(page % 5)]);
    return { labels, from: Uint32Array.of(0, rows, rows * 2), timestamps, values };
  });
}

const BITS =
  'SELECT s.metric, s.labels::VARCHAR, epoch_us(r.ts)::VARCHAR, CAST(r.value AS BIT)::VARCHAR';

async function told(pages: readonly SamplePage[], folder: string, tableRows: number) {
  const settings = { memoryBytes: 256 << 20, tempBytes: 1 << 30, tempFolder: folder, threads: 2 };
  const duck = await Duck.open(settings);
  const tables = new Tables(duck, { disk: systemDisk, folder, tableRows });
  await tables.make('samples');
  for (const page of pages) await tables.samples(page);
  await tables.close();
  const { files } = tables;
  await duck.lock(files);
  const from = `${tables.relation('samples')} r JOIN series_of_samples s USING (series)`;
  const reader = await duck.connection.runAndReadAll(`${BITS} FROM ${from}`);
  const rows = reader
    .getRows()
    .map((row) => row.join(' '))
    .sort();
  duck.close();
  return { rows, tables, files };
}

test('rows in a file are the rows in a table', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mon-handed-'));
  try {
    for (const [seed, count, size] of [[1, 1, 65_000] as const, [2, 40, 900] as const]) {
      const pages = pagesOf(seed, count, size);
      const all = await told(pages, folder, Infinity);
      assert.deepEqual(all.files, []);
      for (const tableRows of [0, size]) {
        const some = await told(pages, folder, tableRows);
        assert.equal(some.tables.rows, all.tables.rows);
        assert.equal(some.files.length, 1);
        assert.equal(some.rows.length, all.rows.length);
        const other = some.rows.findIndex((row, i) => row !== all.rows[i]);
        assert.equal(other, -1, `seed ${seed}: ${some.rows[other]}, not ${all.rows[other]}`);
        const file = await asyncBufferFromFile(some.files[0]);
        const read = await parquetReadObjects({ file, columns: ['series', 'ts', 'value'] });
        assert.ok(read.length > 0 && read.length <= all.rows.length);
        const times = new Set(all.rows.map((row) => row.split(' ').at(-2)));
        for (const { ts } of read) assert.ok(times.has(String((ts as Date).getTime() * 1000)));
        await some.tables.remove();
        assert.equal(await systemDisk.exists(some.files[0]), false);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
