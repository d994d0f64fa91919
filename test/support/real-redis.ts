// A real Redis on a free port, for tests that need one: started without a file, killed and started
// again at will.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './mon-process.ts';

export class RealRedis {
  readonly port: number;
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<RealRedis> {
    const redis = new RealRedis(await freePort());
    await redis.again();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** Starts it on the same port; it remembers nothing. */
  async again(): Promise<void> {
    const words = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', ''];
    this.#child = spawn('redis-server', [...words, '--appendonly', 'no'], { stdio: 'ignore' });
    for (let i = 0; i < 400; i++) {
      if (await answers(this.port)) return;
      await pause(25);
    }
    throw new Error('redis-server did not answer in 10 s');
  }

  /** Ends it without a word, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    socket.on('error', () => resolve(false));
  });
}
