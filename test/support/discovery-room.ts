// What a discovery is handed in tests: a virtual clock, files in memory, and a record of what it
// said. Stand-ins are real servers, so a step of virtual time is followed by a moment of real time.
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Discovery, DiscoveryRoom } from '../../src/engine/collector/discovery.ts';
import { MonError } from '../../src/engine/errors.ts';
import type { Disk } from '../../src/engine/runtime/disk.ts';
import { VirtualClock } from './virtual-clock.ts';

const STEP_MS = 5000;

export class TestRoom implements DiscoveryRoom {
  readonly clock = new VirtualClock();
  readonly files = new Map<string, string>();
  readonly warnings: string[] = [];
  env: Record<string, string | undefined> = {};
  changes = 0;
  readonly changed = (): void => void this.changes++;
  readonly warn = (sentence: string): void => void this.warnings.push(sentence);
  readonly disk = {
    readFile: (path: string) => {
      const text = this.files.get(path);
      const missing = new MonError('MON_NOT_FOUND', `no file ${path}`);
      if (text === undefined) return Promise.reject(missing);
      return Promise.resolve(new TextEncoder().encode(text));
    },
  } as Partial<Disk> as Disk;

  /** Lets time pass in steps of five seconds, with a moment for real sockets after each. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await this.clock.advance(Math.min(left, STEP_MS));
      await moment();
    }
  }

  /** Lets time pass until `fact` holds; at most an hour of it and twenty real seconds. */
  async until(what: string, fact: () => boolean): Promise<void> {
    const end = performance.now() + 20_000;
    for (let passed = 0; !fact(); passed++) {
      if (passed > 3_600_000 / STEP_MS || performance.now() > end) {
        throw new Error(`never came: ${what}; said: ${this.warnings.join(' | ')}`);
      }
      // First without time, then with it.
      if (passed > 20) await this.clock.advance(STEP_MS);
      await moment();
    }
  }
}

function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 4));
}

/** The addresses of all targets, sorted. */
export function addresses(discovery: Discovery): string[] {
  return discovery
    .groups()
    .flatMap((group) => group.targets)
    .sort();
}

/** The labels of the target of an address. */
export function labelsAt(discovery: Discovery, address: string): Record<string, string> {
  const group = discovery.groups().find(({ targets }) => targets.includes(address));
  if (group === undefined) throw new Error(`no target ${address}`);
  return { ...group.labels };
}

/** A server that goes away and comes back on its port. */
export class Outage {
  port = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    this.#server = server;
    const remember = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    };
    server.on('connection', remember);
  }

  async up(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
