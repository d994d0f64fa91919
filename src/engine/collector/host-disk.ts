// Block devices and file systems of this machine under node_exporter's names. Part of the host
// agent. Easy to get wrong: asking a network file system whose server is gone hangs for ever, so
// those are left out, and a mount point whose answer is still awaited is not asked again.
import type { HostReader } from '../runtime/host-reader.ts';
import type { ExpositionWriter } from '../wire/exposition-writer.ts';

const SECTOR_BYTES = 512;
/** Partitions and devices in memory, as node_exporter leaves them out. */
const DEVICES_IGNORED = /^(?:z?ram|loop|fd|(?:h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/;
const TYPES_IGNORED = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs fusectl hugetlbfs ' +
    'iso9660 mqueue nsfs proc procfs pstore rpc_pipefs securityfs selinuxfs squashfs sysfs ' +
    'tracefs nfs nfs4 cifs smb3 fuse.sshfs fuse.s3fs 9p ceph glusterfs efivarfs'
  ).split(' '),
);
const MOUNTS_IGNORED =
  /^\/(?:dev|proc|run\/credentials\/.+|sys|var\/lib\/(?:docker|containers\/storage)\/.+)(?:$|\/)/;

/** name, help, type, column of /proc/diskstats after the device name, factor. */
const DISK_COLUMNS: readonly (readonly [string, string, number, number])[] = [
  ['node_disk_reads_completed_total', 'Reads completed.', 0, 1],
  ['node_disk_read_bytes_total', 'Bytes read.', 2, SECTOR_BYTES],
  ['node_disk_read_time_seconds_total', 'Seconds spent by all reads.', 3, 0.001],
  ['node_disk_writes_completed_total', 'Writes completed.', 4, 1],
  ['node_disk_written_bytes_total', 'Bytes written.', 6, SECTOR_BYTES],
  ['node_disk_write_time_seconds_total', 'Seconds spent by all writes.', 7, 0.001],
  ['node_disk_io_time_seconds_total', 'Seconds with requests under way.', 9, 0.001],
];

/** node_disk_*; nothing on platforms without /proc. */
export async function writeDisks(reader: HostReader, out: ExpositionWriter): Promise<void> {
  if (reader.platform !== 'linux') return;
  const text = await reader.readText('/proc/diskstats');
  const rows = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => row.length >= 14 && !DEVICES_IGNORED.test(row[2]));
  for (const [name, help, column, factor] of DISK_COLUMNS) {
    out.family(name, 'counter', help);
    for (const row of rows) {
      const count = Number(row[column + 3]);
      // Milliseconds are divided, so that 17 ms read 0.017.
      const value = factor === 0.001 ? count / 1000 : count * factor;
      out.sample(name, { device: row[2] }, value);
    }
  }
}

interface Mount {
  readonly device: string;
  readonly mountpoint: string;
  readonly fstype: string;
}

/**
 * The mounts worth asking, from the text of /proc/self/mounts; names in it escape blanks as octal.
 */
export function parseMounts(text: string): Mount[] {
  const plain = (word: string): string => {
    return word.replace(/\\([0-7]{3})/g, (_, octal: string) => {
      return String.fromCharCode(Number.parseInt(octal, 8));
    });
  };
  const mounts = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const words = line.split(' ');
    if (words.length < 4) continue;
    const [device, mountpoint, fstype] = words.slice(0, 3).map(plain);
    // The root of a container is an overlay: the only one that says something.
    const odd = TYPES_IGNORED.has(fstype) || (fstype === 'overlay' && mountpoint !== '/');
    if (!odd && !MOUNTS_IGNORED.test(mountpoint)) {
      mounts.set(mountpoint, { device, mountpoint, fstype });
    }
  }
  return [...mounts.values()];
}

/** Asks for the space of file systems; remembers those that have not answered yet. */
export class FileSystems {
  readonly #waiting = new Set<string>();

  /** node_filesystem_{size,free,avail}_bytes. */
  async write(reader: HostReader, out: ExpositionWriter): Promise<void> {
    const mounts =
      reader.platform === 'linux'
        ? parseMounts(await reader.readText('/proc/self/mounts'))
        : [{ device: '/', mountpoint: '/', fstype: 'unknown' }];
    const asked = mounts.filter((mount) => !this.#waiting.has(mount.mountpoint));
    const spaces = await Promise.all(asked.map((mount) => this.#ask(reader, mount.mountpoint)));
    const families = [
      ['node_filesystem_size_bytes', 'Size of the file system.', 'sizeBytes'],
      ['node_filesystem_free_bytes', 'Free space of the file system.', 'freeBytes'],
      ['node_filesystem_avail_bytes', 'Space that ordinary users may take.', 'availableBytes'],
    ] as const;
    for (const [name, help, field] of families) {
      out.family(name, 'gauge', help);
      asked.forEach((mount, i) => {
        const space = spaces[i];
        if (space !== undefined && space.sizeBytes > 0) {
          out.sample(name, { ...mount }, space[field]);
        }
      });
    }
  }

  async #ask(reader: HostReader, mountpoint: string) {
    this.#waiting.add(mountpoint);
    try {
      return await reader.space(mountpoint);
    } catch {
      // No right to look at it, or it has just been unmounted.
      return undefined;
    } finally {
      this.#waiting.delete(mountpoint);
    }
  }
}
