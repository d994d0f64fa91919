// The host agent: this machine's processors, memory, disks, file systems, network and load under
// node_exporter's names, as a target within the process. It enters the scrape path as exposition
// text. Easy to get wrong: one area that cannot be read (a container without /proc/diskstats) must
// not take the others down; node_scrape_collector_success says which it was.
import type { Clock } from '../runtime/clock.ts';
import type { HostReader } from '../runtime/host-reader.ts';
import { ExpositionWriter } from '../wire/exposition-writer.ts';
import { FileSystems, writeDisks } from './host-disk.ts';
import { writeMemory } from './host-memory.ts';
import { writeNetwork } from './host-network.ts';
import { writeIdentity, writeLoad, writeProcessors } from './host-processor.ts';
import type { InternalTarget } from './scrape-manager.ts';

export interface HostAgentOptions {
  readonly reader: HostReader;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

type Write = (out: ExpositionWriter) => Promise<void> | void;

/** The target `job="host"`, its instance being the host name. */
export function makeHostTarget(options: HostAgentOptions): InternalTarget {
  const { reader, clock, intervalMs, timeoutMs } = options;
  const fileSystems = new FileSystems();
  const areas: readonly (readonly [string, Write])[] = [
    ['cpu', (out) => writeProcessors(reader, out, clock.now())],
    ['diskstats', (out) => writeDisks(reader, out)],
    ['filesystem', (out) => fileSystems.write(reader, out)],
    ['loadavg', (out) => writeLoad(reader, out)],
    ['meminfo', (out) => writeMemory(reader, out)],
    ['netdev', (out) => writeNetwork(reader, out)],
    ['uname', (out) => writeIdentity(reader, out, clock.now())],
  ];
  const render = async (): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    const success: [string, number][] = [];
    for (const [collector, write] of areas) {
      const out = new ExpositionWriter();
      try {
        await write(out);
        parts.push(out.take());
        success.push([collector, 1]);
      } catch {
        success.push([collector, 0]);
      }
    }
    const out = new ExpositionWriter();
    const name = 'node_scrape_collector_success';
    out.family(name, 'gauge', 'Whether an area of the host could be read.');
    for (const [collector, value] of success) out.sample(name, { collector }, value);
    return Buffer.concat([...parts, out.take()]);
  };
  return { job: 'host', instance: reader.facts().hostname, intervalMs, timeoutMs, render };
}
