// Samples a second of the exposition parser on recorded node_exporter bodies (507 samples with
// their HELP and TYPE lines each). Easy to get wrong: the bodies differ, so all of them are walked
// in turn.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { ParsedExposition } from '../../src/engine/wire/exposition-columns.ts';
import { parseExposition } from '../../src/engine/wire/exposition.ts';

const shared = process.env.MON_SHARED ?? join(import.meta.dirname, '../../../../shared');
const recorded = join(shared, 'data/exposition/node_exporter_1s.txt.br');

function run(): void {
  if (!existsSync(recorded)) {
    process.stdout.write('exposition: no recorded bodies, skipped\n');
    return;
  }
  const all = new Uint8Array(brotliDecompressSync(readFileSync(recorded)));
  const into = new ParsedExposition();
  let best = 0;
  let rate = 0;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    parseExposition(all, 'text', into);
    const seconds = (performance.now() - started) / 1000;
    if (into.count / seconds > best) {
      best = into.count / seconds;
      rate = all.length / seconds;
    }
  }
  const text = `${(best / 1e6).toFixed(2)} M samples/s, ${(rate / 1e6).toFixed(0)} MB/s`;
  process.stdout.write(`exposition: ${into.count} samples, ${text}\n`);
}

run();
