// A region's records as MirrorMaker would copy them: other offsets, gaps, stretches that come
// twice, while this side is killed at random. Every sample arrives, with its value and its region,
// and what comes twice is the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { AgentBatch } from '../../../src/engine/collector/agent-batch.ts';
import { RegionIntake, regionSpell } from '../../../src/engine/collector/region-intake.ts';
import { RegionPlace } from '../../../src/engine/collector/region-place.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import type { Delivery, LogReader } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { writtenLines } from '../../support/write-request-oracle.ts';

const NOW = 1_700_000_000_000;

interface Sent {
  readonly bytes: Uint8Array;
  readonly lines: readonly string[];
}

/** Records of two producers in one partition, each beginning a new dictionary now and then. */
function regionLog(random: () => number): Sent[] {
  const producers = [1, 2].map((epoch) => {
    const kernels = new Kernels();
    const book = new SeriesBook(kernels, 1);
    return { epoch, sequence: 1, book, codec: new BatchCodec(kernels) };
  });
  const out: Sent[] = [];
  for (let i = 0; i < 120; i++) {
    const one = producers[Math.floor(random() * 2)];
    if (random() < 0.15) one.sequence++;
    const count = 1 + Math.floor(random() * 4);
    const lines: string[] = [];
    const refs = new Uint32Array(count);
    const values = new Float64Array(count);
    const timestamps = new Float64Array(count);
    for (let s = 0; s < count; s++) {
      const name = `m${Math.floor(random() * 5)}`;
      const region = random() < 0.5 ? [['region', 'own'] as const] : [];
      const labels = [['__name__', name] as const, ['p', `${one.epoch}`] as const, ...region];
      refs[s] = one.book.refOfLabels(makeLabels(labels));
      timestamps[s] = NOW + i * 1000 + s;
      values[s] = i + s / 10;
      const exported = region.length > 0 ? 'exported_region="own",' : '';
      const set = `${exported}p="${one.epoch}",region="eu"`;
      lines.push(`${name}{${set}} ${values[s]} ${timestamps[s]}`);
    }
    const floats = { refs, timestamps, values };
    const batch = { partition: 0, receivedMs: NOW + i * 1000, lateness: 0, floats } as const;
    const { epoch, sequence, book, codec } = one;
    out.push({ bytes: codec.encode(batch, { epoch, sequence, book }).slice(), lines });
  }
  return out;
}

/** The copy: rewinds of MirrorMaker, and offsets that no record has. */
function mirrored(sent: readonly Sent[], random: () => number): Map<number, Sent> {
  const copy = new Map<number, Sent>();
  let offset = Math.floor(random() * 1000);
  for (let i = 0; i < sent.length; i++) {
    copy.set(offset, sent[i]);
    offset += random() < 0.1 ? 3 : 1;
    if (random() < 0.05) i = Math.max(-1, i - 1 - Math.floor(random() * 20));
  }
  return copy;
}

function readerOf(copy: ReadonlyMap<number, Sent>, from: number): LogReader {
  const waiting = [...copy].filter(([offset]) => offset >= from);
  return {
    async next(signal) {
      const some = waiting.splice(0, 7);
      if (some.length > 0) {
        return some.map(([offset, { bytes }]): Delivery => {
          return { partition: 0, offset, bytes, definitionsOnly: false };
        });
      }
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      return [];
    },
    release: () => undefined,
    close: async () => undefined,
  };
}

test('rewinds, gaps and kills: every sample arrives with its region', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = seededRandom(seed);
    const sent = regionLog(random);
    const copy = mirrored(sent, random);
    const last = Math.max(...copy.keys());
    const arrived = new Map<string, number>();
    let saved: string | undefined;
    for (let life = 0; life < 60; life++) {
      const place = RegionPlace.parse(saved);
      if ((place.next.get(0) ?? 0) > last) break;
      const clock = new VirtualClock(NOW);
      const killed = new AbortController();
      let writes = 1 + Math.floor(random() * 8);
      const counts = { taken: 0, refused: 0, lost: 0, malformed: 0 };
      const intake = new RegionIntake({
        ...{ reader: readerOf(copy, place.from().get(0) ?? 0), place, clock, counts },
        batch: new AgentBatch(new Kernels(), regionSpell('region', 'eu')),
        intake: {
          writeRequest: async (body) => {
            if (random() < 0.2) throw new MonError('MON_LOG_BUSY', 'the disk is full');
            for (const line of writtenLines(Buffer.from(body)).lines) {
              const [series, value, time] = line.split(' ');
              const key = `${series} ${time}`;
              assert.equal(arrived.get(key) ?? Number(value), Number(value), `seed ${seed}`);
              arrived.set(key, Number(value));
            }
            if (--writes === 0) killed.abort();
            return { accepted: 1, refused: 0, reasons: {}, examples: [] };
          },
        },
        // A kill comes between what was written and the note of it, too.
        save: async (text) => {
          if (random() < 0.6) saved = text;
          if ((place.next.get(0) ?? 0) > last) {
            saved = text;
            killed.abort();
          }
          await clock.advance(2000);
        },
        warn: () => undefined,
      });
      const done = intake.run(killed.signal);
      for (let i = 0; i < 400 && !killed.signal.aborted; i++) await clock.advance(1000);
      killed.abort();
      await done;
      assert.equal(counts.malformed, 0);
    }
    for (const line of sent.flatMap(({ lines }) => lines)) {
      const [series, value, time] = line.split(' ');
      assert.equal(arrived.get(`${series} ${time}`), Number(value), `seed ${seed}: ${line}`);
    }
    const wanted = new Set(sent.flatMap(({ lines }) => lines.map((l) => l.split(' ')[0])));
    for (const key of arrived.keys()) assert.ok(wanted.has(key.split(' ')[0]), key);
  }
});

test('what the topic no longer defines is counted, and the rest is taken', async () => {
  const sent = regionLog(seededRandom(3));
  const copy = new Map(sent.map((one, i) => [i, one] as const).slice(5));
  const clock = new VirtualClock(NOW);
  const counts = { taken: 0, refused: 0, lost: 0, malformed: 0 };
  const ended = new AbortController();
  const lines: string[] = [];
  const intake = new RegionIntake({
    ...{ reader: readerOf(copy, 0), place: RegionPlace.parse(undefined), clock, counts },
    batch: new AgentBatch(new Kernels(), regionSpell('region', 'eu')),
    intake: {
      writeRequest: async (body) => {
        lines.push(...writtenLines(Buffer.from(body)).lines);
        return { accepted: 1, refused: 0, reasons: {}, examples: [] };
      },
    },
    save: async () => undefined,
    warn: () => undefined,
  });
  const done = intake.run(ended.signal);
  for (let i = 0; i < 50; i++) await clock.advance(10);
  ended.abort();
  await done;
  const all = sent.slice(5).flatMap((one) => one.lines).length;
  assert.equal(lines.length + counts.lost, all);
  assert.ok(counts.lost > 0 && counts.lost < all / 2, `${counts.lost} of ${all}`);
});

test('a place survives as text, and begins where dictionaries in use began', () => {
  const place = new RegionPlace();
  place.took({ partition: 0, epoch: 1, sequence: 1, receivedMs: NOW }, 10);
  place.took({ partition: 0, epoch: 2, sequence: 9, receivedMs: NOW + 1 }, 11);
  place.took({ partition: 0, epoch: 1, sequence: 1, receivedMs: NOW + 2 }, 20);
  place.took({ partition: 0, epoch: 1, sequence: 2, receivedMs: NOW + 3 }, 21);
  place.took({ partition: 1, epoch: 1, sequence: 3, receivedMs: NOW - 5000 }, 7);
  const again = RegionPlace.parse(place.text());
  assert.deepEqual([...again.next], [...place.next]);
  assert.deepEqual(
    [...again.from()],
    [
      ...new Map([
        [0, 11],
        [1, 7],
      ]),
    ],
  );
  assert.equal(again.receivedMs(2), NOW - 5000, 'the partition that is farthest behind');
  assert.equal(again.receivedMs(3), 0, 'one has told nothing yet');
  assert.equal(again.taken(0, 21), true);
  assert.equal(again.taken(0, 22), false);
  again.restart(0, 0);
  assert.equal(again.taken(0, 0), false);
  // A producer that has been silent for hours is not read back for.
  again.took({ partition: 1, epoch: 8, sequence: 1, receivedMs: NOW + 3_700_000 }, 90);
  assert.equal(again.from().get(1), 90);
  for (const text of [undefined, '', '{', '{}', 'null']) {
    assert.equal(RegionPlace.parse(text).next.size, 0);
  }
});
