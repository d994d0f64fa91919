// What `mon store` tells of the files of a data folder: sizes and counts, block by
// block, what is damaged, and what is in one. Easy to get wrong: a server may run on the folder, so
// nothing here may write.
import { dumpFile, inspectFolder, verifyFolder } from '../engine/daemons/store-files.ts';
import { bucketsOf, type FloatHistogram } from '../engine/model/histogram.ts';
import { jsonLine } from './json-text.ts';
import type { Listing } from './listing.ts';
import { valueText } from './series-text.ts';
import { timeText } from './times.ts';

const right = (name: string) => ({ name, align: 'right' as const });

/** A row for each partition. */
export async function statsListing(dataDir: string): Promise<Listing> {
  const { partitions } = await inspectFolder(dataDir);
  const rows = partitions.map((one) => {
    const blocks = one.blocks.filter(({ damaged }) => damaged !== true);
    const bytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
    const samples = blocks.reduce((sum, block) => sum + block.samples, 0);
    const each = samples === 0 ? '' : (bytes / samples).toFixed(3);
    const { partition, offset, stateBytes, tombstones } = one;
    return [partition, offset, stateBytes, blocks.length, bytes, samples, each, tombstones];
  });
  const names = ['partition', 'offset', 'stateBytes', 'blocks', 'blockBytes', 'samples'];
  const columns = [...names, 'bytesPerSample', 'tombstones'].map(right);
  return { kind: 'StoreStats', columns, rows, valueColumn: 4 };
}

/** A row for each block. */
export async function blocksListing(dataDir: string): Promise<Listing> {
  const { partitions } = await inspectFolder(dataDir);
  const time = timeText();
  const rows = partitions.flatMap(({ blocks }) =>
    blocks.map((one) => [
      ...[one.partition, one.name, time(one.minMs), time(one.maxMs), one.level],
      ...[one.series, one.samples, one.bytes, one.damaged === true ? 'damaged' : 'good'],
    ]),
  );
  const columns = [
    ...[right('partition'), { name: 'name' }, { name: 'from' }, { name: 'to' }, right('level')],
    ...[right('series'), right('samples'), right('bytes'), { name: 'state' }],
  ];
  return { kind: 'StoreBlocks', columns, rows, valueColumn: 1 };
}

/** A row for each block that was read whole; `bad` counts those that are not as written. */
export async function verifyListing(dataDir: string): Promise<{ listing: Listing; bad: number }> {
  const rows: (string | number)[][] = [];
  let bad = 0;
  for await (const { partition, name, bytes, failures } of verifyFolder(dataDir)) {
    if (failures.length > 0) bad++;
    rows.push([partition, name, bytes, failures.length === 0 ? 'good' : failures.join('; ')]);
  }
  const columns = [right('partition'), { name: 'name' }, right('bytes'), { name: 'state' }];
  return { listing: { kind: 'StoreVerify', columns, rows, valueColumn: 3 }, bad };
}

/**
 * The series of a block file as JSON lines: labels, then pairs of ms and the value as text, or the
 * histogram as the query API writes one.
 */
export function* dumpLines(path: string): Iterable<string> {
  for (const { labels, count, timestamps, values, histograms } of dumpFile(path)) {
    const named = Object.create(null) as Record<string, string>;
    for (let i = 0; i < labels.length; i += 2) named[labels[i]] = labels[i + 1];
    const samples = Array.from({ length: count }, (_, i) => {
      const histogram = histograms?.[i];
      return [timestamps[i], histogram ? histogramFields(histogram) : valueText(values[i])];
    });
    yield `${jsonLine({ labels: named, samples })}\n`;
  }
}

function histogramFields(histogram: FloatHistogram) {
  const buckets = bucketsOf(histogram)
    .filter(({ count }) => count !== 0)
    .map(({ lower, upper, lowerInside, upperInside, count }) => {
      const rule = lowerInside ? (upperInside ? 3 : 1) : upperInside ? 0 : 2;
      return [rule, valueText(lower), valueText(upper), valueText(count)];
    });
  return { count: valueText(histogram.count), sum: valueText(histogram.sum), buckets };
}
