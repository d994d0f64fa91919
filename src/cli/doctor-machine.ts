// What the doctor looks at on this machine: Node, disk, what a sync costs, limits of the system,
// memory, the port, the terminal. Easy to get wrong: the limits that count are those of the process
// that runs, not of the doctor's own shell.
import { dirname, join } from 'node:path';
import { LISTEN_DEFAULT } from '../engine/limits.ts';
import type { HostReader } from '../engine/runtime/host-reader.ts';
import { portHolder } from '../engine/runtime/port-holder.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import type { DoctorFinding } from './doctor-finding.ts';
import { well } from './doctor-finding.ts';
import type { Running } from './running.ts';
import type { Stage } from './stage.ts';

const NODE_NEEDED = [22, 15];
const NODE_BEST = 24;
const GIB = 1024 ** 3;
/** Below both a disk is nearly full; below the second writes are refused soon. */
const FREE_SHARE_WARNING = 0.1;
const FREE_BYTES_WARNING = 10 * GIB;
const FREE_BYTES_ERROR = GIB;
const SYNCS = 16;
const SYNC_BYTES = 4096;
/** A commit waits for a sync: past this every 2xx is felt. */
const SYNC_MS_WARNING = 50;
const FILES_WARNING = 4096;
const FILES_SHARE_ERROR = 0.9;
const MEMORY_SHARE_WARNING = 0.8;

export function nodeFinding(version: string): DoctorFinding {
  const [major, minor] = version.split('.').map(Number);
  const old = major < NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor < NODE_NEEDED[1]);
  if (old) {
    return {
      ...{ severity: 'error', check: 'node', problem: `Node ${version} is too old` },
      ...{ meaning: 'mon needs Node 22.15 or later', command: 'npm install node@24' },
    };
  }
  if (major >= NODE_BEST) return well('node', `Node ${version}`);
  return {
    ...{ severity: 'note', check: 'node', problem: `Node ${version}` },
    ...{ meaning: 'mon is tried and measured with Node 24', command: 'npm install node@24' },
  };
}

/** Free space, and the time of a sync where the folder is. */
export async function diskFindings(
  folder: string,
  host: HostReader,
  { clock }: Stage,
): Promise<readonly DoctorFinding[]> {
  const there = await nearestFolder(folder);
  const { sizeBytes, availableBytes } = await host.space(there);
  const share = availableBytes / sizeBytes;
  const space = `${gib(availableBytes)} of ${gib(sizeBytes)} free below ${there}`;
  const tight = share < FREE_SHARE_WARNING && availableBytes < FREE_BYTES_WARNING;
  const free: DoctorFinding =
    !tight && availableBytes > FREE_BYTES_ERROR
      ? well('disk', space)
      : {
          severity: availableBytes > FREE_BYTES_ERROR ? 'warning' : 'error',
          ...{ check: 'disk', problem: space },
          meaning: 'when the disk is full writes are refused with 503; reads go on',
          command: `set retention_size under mon: in the configuration, or free space in ${there}`,
        };
  return [free, await syncFinding(there, () => clock.monotonic())];
}

async function syncFinding(folder: string, now: () => number): Promise<DoctorFinding> {
  const path = join(folder, `.mon-doctor-${process.pid}.tmp`);
  const file = await systemDisk.open(path, 'w+');
  const times: number[] = [];
  try {
    const bytes = new Uint8Array(SYNC_BYTES).fill(1);
    for (let i = 0; i < SYNCS; i++) {
      const begun = now();
      await file.write(bytes, i * SYNC_BYTES);
      await file.datasync();
      times.push(now() - begun);
    }
  } finally {
    await file.close();
    await systemDisk.remove(path);
  }
  times.sort((a, b) => a - b);
  const [middle, most] = [times[SYNCS >> 1], times[SYNCS - 1]];
  const words = `a sync takes ${middle.toFixed(1)} ms, at most ${most.toFixed(1)} ms of ${SYNCS}`;
  if (middle <= SYNC_MS_WARNING) return well('sync', words);
  return {
    ...{ severity: 'warning', check: 'sync', problem: words },
    meaning: 'every write is acknowledged after a sync: senders wait this long',
    command: 'put the data folder on a local disk with --data-dir DIR',
  };
}

/** The folder itself, or the nearest one above it that is there. */
async function nearestFolder(folder: string): Promise<string> {
  let at = folder;
  while (!(await systemDisk.exists(at)) && dirname(at) !== at) at = dirname(at);
  return at;
}

/** Open files and memory of a process, from the kernel's own words. */
export async function processFindings(
  pid: number | 'self',
  host: HostReader,
): Promise<readonly DoctorFinding[]> {
  if (host.platform !== 'linux') return [];
  const limits = await host.readText(`/proc/${pid}/limits`);
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  const status = await host.readText(`/proc/${pid}/status`);
  // Another user's process does not show them.
  const files = await systemDisk.list(`/proc/${pid}/fd`).catch(() => []);
  const resident = 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  const found = [filesFinding(pid, most, files.length)];
  const room = Math.min(host.facts().memoryBytes, await cgroupBytes(host));
  found.push(memoryFinding(pid, resident, room));
  return found;
}

function filesFinding(pid: number | 'self', most: number, open: number): DoctorFinding {
  const whose = pid === 'self' ? '' : ` of process ${pid}`;
  const problem = `the limit of open files${whose} is ${most}`;
  const command = 'ulimit -n 65536 before mon up, or LimitNOFILE=65536 in its systemd unit';
  const meaning = 'each connection, segment and block is a file; past the limit nobody gets in';
  if (pid !== 'self' && open > most * FILES_SHARE_ERROR) {
    const full = `${problem}, and ${open} are open`;
    return { severity: 'error', check: 'files', problem: full, meaning, command };
  }
  if (most >= FILES_WARNING) return well('files', problem);
  return { severity: 'warning', check: 'files', problem, meaning, command };
}

function memoryFinding(pid: number | 'self', resident: number, room: number): DoctorFinding {
  if (pid === 'self') {
    const words = `${gib(room)} of memory for a server`;
    if (room > GIB / 2) return well('memory', words);
    return {
      ...{ severity: 'warning', check: 'memory', problem: words },
      meaning: 'a server with all roles takes 150 MB, and 1.3 kB for each series',
      command: 'give it more, or limit series under cardinality: in the configuration',
    };
  }
  const words = `process ${pid} holds ${gib(resident)} of ${gib(room)}`;
  if (resident < room * MEMORY_SHARE_WARNING) return well('memory', words);
  return {
    ...{ severity: 'warning', check: 'memory', problem: words },
    meaning: 'the system may kill it; what was acknowledged is in the log',
    command: 'mon explore names the metrics with the most series',
  };
}

/** The bound of this control group, version 2 or 1. */
async function cgroupBytes(host: HostReader): Promise<number> {
  const files = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];
  for (const file of files) {
    const text = await host.readText(file).catch(() => '');
    const bytes = Number(text.trim());
    if (text.trim() !== '' && Number.isFinite(bytes)) return bytes;
  }
  return Number.POSITIVE_INFINITY;
}

/** The usual port, when no server of ours has it. */
export function portFinding(running: readonly Running[]): DoctorFinding {
  const port = Number(LISTEN_DEFAULT.slice(LISTEN_DEFAULT.lastIndexOf(':') + 1));
  const holder = portHolder(port);
  if (holder === undefined) return well('port', `${port} is free`);
  const ours = running.find(({ owner }) => owner.listen.endsWith(`:${port}`));
  if (ours !== undefined) return well('port', `${port} is served by process ${ours.owner.pid}`);
  return {
    ...{ severity: 'warning', check: 'port' },
    problem: `${port} is taken by process ${holder.pid} (${holder.command})`,
    meaning: 'mon up without --listen will not start',
    command: 'mon up --listen 127.0.0.1:9599, or stop that process',
  };
}

/** What this terminal can show; nothing where there is none. */
export async function terminalFindings(stage: Stage): Promise<readonly DoctorFinding[]> {
  const { env, surface, columns, rows } = stage;
  if (!surface.isTerminal) return [];
  const { colorDepth, needsAscii } = await import('../tui/theme.ts');
  const depth = colorDepth(env, 'auto');
  const term = env['TERM'] ?? '';
  const shape = `TERM=${term}, ${columns}x${rows}, colour ${depth}`;
  const found: DoctorFinding[] = [];
  const check = 'terminal';
  if (needsAscii(env)) {
    found.push({
      ...{ severity: 'warning', check, problem: `${shape}, no UTF-8` },
      meaning: 'charts are drawn with ASCII characters, eight times coarser',
      command: 'export LANG=C.UTF-8',
    });
  }
  if (depth === 'none' || depth === '16') {
    found.push({
      ...{ severity: 'note', check, problem: `${shape}` },
      meaning: 'series of a chart are hard to tell apart; letters stand beside the colours',
      command: 'export TERM=xterm-256color, where the terminal can show it',
    });
  }
  if (columns < 80 || rows < 24) {
    const meaning = 'screens are made for 80x24 and more';
    found.push({ severity: 'note', check, problem: shape, meaning, command: 'enlarge the window' });
  }
  return found.length > 0 ? found : [well(check, `${shape}, UTF-8`)];
}

function gib(bytes: number): string {
  return bytes < GIB ? `${Math.round(bytes / 1024 ** 2)} MB` : `${(bytes / GIB).toFixed(1)} GB`;
}
