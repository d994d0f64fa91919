// This machine as an argument: kernel files, free space, and what the runtime itself knows. The
// host agent reads through it, so that a test can hand in recorded files of another machine. Easy
// to get wrong: files under /proc have no size, and asking a dead network mount may hang.
import { readFile, statfs } from 'node:fs/promises';
import * as os from 'node:os';

/** Bytes of a file system: all, free, and free for ordinary users. */
export interface FileSystemSpace {
  readonly sizeBytes: number;
  readonly freeBytes: number;
  readonly availableBytes: number;
}

/** Milliseconds that one processor spent in each mode since the start. */
export interface ProcessorTimes {
  readonly user: number;
  readonly nice: number;
  readonly sys: number;
  readonly idle: number;
  readonly irq: number;
}

/** What is known on every platform. */
export interface HostFacts {
  readonly hostname: string;
  readonly machine: string;
  readonly release: string;
  readonly system: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly loads: readonly number[];
  readonly processors: readonly ProcessorTimes[];
  readonly memoryBytes: number;
  readonly memoryFreeBytes: number;
}

export interface HostReader {
  /** 'linux', 'darwin', … as Node names it. */
  readonly platform: string;
  /** The whole text of a kernel file; rejects when it cannot be read. */
  readText(path: string): Promise<string>;
  space(mountPoint: string): Promise<FileSystemSpace>;
  facts(): HostFacts;
}

/** The machine that this process runs on. */
export const systemHost: HostReader = {
  platform: os.platform(),
  readText: (path) => readFile(path, 'utf8'),
  async space(mountPoint) {
    const found = await statfs(mountPoint);
    return {
      sizeBytes: found.blocks * found.bsize,
      freeBytes: found.bfree * found.bsize,
      availableBytes: found.bavail * found.bsize,
    };
  },
  facts: () => ({
    hostname: os.hostname(),
    machine: os.machine(),
    release: os.release(),
    system: os.type(),
    version: os.version(),
    uptimeSeconds: os.uptime(),
    loads: os.loadavg(),
    processors: os.cpus().map((cpu) => cpu.times),
    memoryBytes: os.totalmem(),
    memoryFreeBytes: os.freemem(),
  }),
};
