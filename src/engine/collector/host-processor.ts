// Processors, load, start time and name of this machine, under node_exporter's names. Part of the
// host agent. Easy to get wrong: /proc/stat counts in ticks of 1/100 s on every Linux that Node
// runs on.
import type { HostReader } from '../runtime/host-reader.ts';
import type { ExpositionWriter } from '../wire/exposition-writer.ts';

const TICKS_PER_SECOND = 100;
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'];
const CPU = 'node_cpu_seconds_total';
const CPU_HELP = 'Seconds the CPUs spent in each mode.';
const BOOT = 'node_boot_time_seconds';
const BOOT_HELP = 'Unix time of the last start of this machine.';

async function writeLinux(reader: HostReader, out: ExpositionWriter): Promise<void> {
  const text = await reader.readText('/proc/stat');
  out.family(CPU, 'counter', CPU_HELP);
  for (const line of text.split('\n')) {
    const found = /^cpu(\d+) (.*)$/.exec(line);
    if (found === null) continue;
    const ticks = found[2].trim().split(/\s+/).map(Number);
    MODES.forEach((mode, i) => {
      out.sample(CPU, { cpu: found[1], mode }, (ticks[i] ?? 0) / TICKS_PER_SECOND);
    });
  }
  const boot = /^btime (\d+)$/m.exec(text);
  if (boot !== null) out.single(BOOT, 'gauge', BOOT_HELP, Number(boot[1]));
}

function writeOther(reader: HostReader, out: ExpositionWriter, nowMs: number): void {
  const { processors, uptimeSeconds } = reader.facts();
  out.family(CPU, 'counter', CPU_HELP);
  processors.forEach((times, i) => {
    const modes = { user: times.user, nice: times.nice, system: times.sys, idle: times.idle };
    for (const [mode, ms] of Object.entries({ ...modes, irq: times.irq })) {
      out.sample(CPU, { cpu: String(i), mode }, ms / 1000);
    }
  });
  out.single(BOOT, 'gauge', BOOT_HELP, Math.round(nowMs / 1000 - uptimeSeconds));
}

/** node_cpu_seconds_total, node_boot_time_seconds. */
export async function writeProcessors(
  reader: HostReader,
  out: ExpositionWriter,
  nowMs: number,
): Promise<void> {
  if (reader.platform === 'linux') await writeLinux(reader, out);
  else writeOther(reader, out, nowMs);
}

/** node_load1, node_load5, node_load15. */
export function writeLoad(reader: HostReader, out: ExpositionWriter): void {
  const { loads } = reader.facts();
  ['1', '5', '15'].forEach((minutes, i) => {
    out.single(`node_load${minutes}`, 'gauge', `${minutes}m load average.`, loads[i] ?? 0);
  });
}

/** node_uname_info, node_time_seconds. */
export function writeIdentity(reader: HostReader, out: ExpositionWriter, nowMs: number): void {
  const { hostname, machine, release, system, version } = reader.facts();
  out.family('node_uname_info', 'gauge', 'Names and versions of the operating system.');
  const names = { machine, nodename: hostname, release, sysname: system, version };
  out.sample('node_uname_info', names, 1);
  out.single('node_time_seconds', 'gauge', 'System time in seconds since 1970.', nowMs / 1000);
}
