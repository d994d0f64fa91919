// A fragment's answer on its way between threads: labels as numbers (label-wire.ts), columns handed
// over instead of copied. Easy to get wrong: a column that is a view of a larger buffer, or shares
// it with another, cannot be handed over; it is copied with the message then.
import type { FragmentResult, Matrix, RawSamples } from '../model/fragment.ts';
import type { LabelsReader, LabelsWriter, PackedLabels } from './label-wire.ts';

type Packed<T extends { labels: unknown }> = Omit<T, 'labels'> & { labels: PackedLabels };

/** What crosses; everything but labels as it is in the answer. */
export interface PackedFragment extends Omit<FragmentResult, 'matrix' | 'raw'> {
  readonly matrix?: Packed<Matrix>;
  readonly raw?: Packed<RawSamples>;
}

/** Smaller columns are cheaper to copy than to hand over. */
const TRANSFER_BYTES_MIN = 4096;

/**
 * The answer as plain data and the buffers that change hands with it. `told` stands for its labels
 * when they went ahead.
 */
export function packFragment(
  result: FragmentResult,
  labels: LabelsWriter,
  told?: PackedLabels,
): { readonly value: PackedFragment; readonly transfer: ArrayBuffer[] } {
  const { matrix, raw, ...rest } = result;
  const value: PackedFragment = {
    ...rest,
    ...(matrix === undefined ? {} : { matrix: withPacked(matrix, labels, told) }),
    ...(raw === undefined
      ? {}
      : { raw: withPacked(raw, labels, matrix === undefined ? told : undefined) }),
  };
  const transfer = new Set<ArrayBuffer>();
  for (const part of [matrix, raw]) {
    if (part === undefined) continue;
    for (const column of Object.values(part) as unknown[]) {
      if (ArrayBuffer.isView(column) && isWhole(column)) transfer.add(column.buffer);
    }
  }
  return { value, transfer: [...transfer] };
}

function isWhole(column: ArrayBufferView): column is ArrayBufferView<ArrayBuffer> {
  const { buffer, byteLength } = column;
  return byteLength >= TRANSFER_BYTES_MIN && byteLength === buffer.byteLength;
}

function withPacked<T extends Matrix | RawSamples>(
  part: T,
  labels: LabelsWriter,
  told?: PackedLabels,
): Packed<T> {
  return { ...part, labels: told ?? labels.pack(part.labels) };
}

/** The answer as it was. */
export function unpackFragment(packed: PackedFragment, labels: LabelsReader): FragmentResult {
  const { matrix, raw, ...rest } = packed;
  return {
    ...rest,
    ...(matrix === undefined ? {} : { matrix: withLabels(matrix, labels) }),
    ...(raw === undefined ? {} : { raw: withLabels(raw, labels) }),
  };
}

function withLabels<T extends { labels: PackedLabels }>(part: T, labels: LabelsReader) {
  return { ...part, labels: labels.unpack(part.labels) };
}
