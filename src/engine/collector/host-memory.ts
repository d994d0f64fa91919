// Memory of this machine under node_exporter's names. Part of the host agent. Easy to get wrong:
// the kernel says kB and means KiB.
import type { HostReader } from '../runtime/host-reader.ts';
import type { ExpositionWriter } from '../wire/exposition-writer.ts';

/** What dashboards ask for, of the half hundred lines that the kernel offers. */
const WANTED = new Set(
  (
    'MemTotal MemAvailable MemFree Buffers Cached SwapTotal SwapFree SwapCached Active Inactive ' +
    'Dirty Writeback Shmem Slab SReclaimable'
  ).split(' '),
);

function write(out: ExpositionWriter, field: string, bytes: number): void {
  const name = `node_memory_${field}_bytes`;
  out.single(name, 'gauge', `Memory information field ${field}_bytes.`, bytes);
}

/** node_memory_*_bytes. */
export async function writeMemory(reader: HostReader, out: ExpositionWriter): Promise<void> {
  if (reader.platform !== 'linux') {
    const { memoryBytes, memoryFreeBytes } = reader.facts();
    write(out, 'MemTotal', memoryBytes);
    write(out, 'MemFree', memoryFreeBytes);
    write(out, 'MemAvailable', memoryFreeBytes);
    return;
  }
  const text = await reader.readText('/proc/meminfo');
  for (const [, field, size, unit] of text.matchAll(/^(\w+):\s+(\d+)( kB)?$/gm)) {
    if (WANTED.has(field)) write(out, field, Number(size) * (unit === undefined ? 1 : 1024));
  }
}
