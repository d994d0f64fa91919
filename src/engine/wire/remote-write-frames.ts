// Samples as bodies of remote write 1.0, and a file of such bodies: each after its length, four
// bytes, the least first. So a file can be sent body by body as it is. Easy to get wrong: a length
// comes from a file that may be anything.
import { MonError } from '../errors.ts';
import { BODY_COMPRESSED_BYTES_MAX } from '../limits.ts';
import type { ExportPage } from './export-text.ts';
import { WritePen } from './write-pen.ts';

const LENGTH_BYTES = 4;

/** Bodies, not packed, of at most about `samplesMax` samples. */
export function* pageToBodies(
  page: ExportPage,
  samplesMax: number,
): Generator<Uint8Array, void, void> {
  const pen = new WritePen();
  const words = new Uint32Array(page.values.buffer, page.values.byteOffset, page.values.length * 2);
  let samples = 0;
  for (let r = 0; r < page.labels.length; r++) {
    for (let at = page.from[r]; at < page.from[r + 1];) {
      const end = Math.min(page.from[r + 1], at + samplesMax - samples);
      pen.begin();
      const labels = page.labels[r];
      for (let i = 0; i < labels.length; i += 2) pen.labelText(labels[i], labels[i + 1]);
      for (let i = at; i < end; i++) {
        const body = page.bodies?.[i];
        if (body === undefined) pen.sampleBits(words[i * 2], words[i * 2 + 1], page.timestamps[i]);
        else pen.histogramAt(body, page.timestamps[i]);
      }
      pen.end();
      samples += end - at;
      at = end;
      if (samples < samplesMax) continue;
      yield pen.written.slice();
      pen.clear();
      samples = 0;
    }
  }
  if (samples > 0) yield pen.written.slice();
}

/** A packed body with its length before it. */
export function framed(body: Uint8Array): Uint8Array {
  const out = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(out.buffer).setUint32(0, body.length, true);
  out.set(body, LENGTH_BYTES);
  return out;
}

/** The bodies of a file or of a part of one. @throws MonError MON_BODY_MALFORMED. */
export function* framesIn(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = frameLength(view, at);
    if (length < 0 || at + LENGTH_BYTES + length > bytes.length) {
      const words = `byte ${at}: no whole body of remote write stands there`;
      throw new MonError('MON_BODY_MALFORMED', words);
    }
    yield bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length);
    at += LENGTH_BYTES + length;
  }
}

/** Bytes of the body that begins at `at`; -1 when there can be none. */
export function frameLength(view: DataView, at: number): number {
  if (at + LENGTH_BYTES > view.byteLength) return -1;
  const length = view.getUint32(at, true);
  return length > 0 && length <= BODY_COMPRESSED_BYTES_MAX ? length : -1;
}
