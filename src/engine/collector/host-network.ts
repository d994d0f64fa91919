// Network interfaces of this machine under node_exporter's names. Part of the host agent. Easy to
// get wrong: in /proc/net/dev the first number may touch the colon after the name.
import type { HostReader } from '../runtime/host-reader.ts';
import type { ExpositionWriter } from '../wire/exposition-writer.ts';

const FIELDS = ['bytes', 'packets', 'errs', 'drop'];
const SIDES: readonly (readonly [string, number])[] = [
  ['receive', 0],
  ['transmit', 8],
];

/** node_network_{receive,transmit}_*_total; nothing on platforms without /proc. */
export async function writeNetwork(reader: HostReader, out: ExpositionWriter): Promise<void> {
  if (reader.platform !== 'linux') return;
  const text = await reader.readText('/proc/net/dev');
  const rows = [...text.matchAll(/^\s*([^\s:]+(?::[^\s:]+)*):\s*(\d[\d\s]*)$/gm)];
  for (const [side, first] of SIDES) {
    FIELDS.forEach((field, i) => {
      const name = `node_network_${side}_${field}_total`;
      out.family(name, 'counter', `Network device statistic ${side}_${field}.`);
      for (const [, device, numbers] of rows) {
        const value = Number(numbers.trim().split(/\s+/)[first + i]);
        if (Number.isFinite(value)) out.sample(name, { device }, value);
      }
    });
  }
}
