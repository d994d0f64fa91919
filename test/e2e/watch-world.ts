// Watchers as real processes, and somebody who is told: a hook that keeps what it got and can
// refuse. Easy to get wrong: a watcher that is killed leaves its port at once, so it may be
// started again.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../support/mon-process.ts';
import { projectRoot } from '../support/project.ts';

export interface ToldNews {
  readonly id: string;
  readonly watcher: string;
  readonly status: string;
  readonly server: string;
  readonly check: string;
  readonly what: string;
  readonly text: string;
}

/** A hook that takes JSON. */
export class Hook {
  readonly told: ToldNews[] = [];
  /** What it answers. */
  status = 200;
  refused = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Hook> {
    const server = createServer();
    const hook = new Hook(server);
    server.on('request', (request, response) => {
      let text = '';
      request.on('data', (piece: Buffer) => (text += piece.toString()));
      request.on('end', () => {
        if (hook.status === 200) hook.told.push(JSON.parse(text) as ToldNews);
        else hook.refused++;
        response.writeHead(hook.status).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return hook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ops`;
  }

  /** Waits for a piece of news; answers how long it took, ms. */
  async heard(status: string, check: RegExp, msMax: number, from = 0): Promise<number> {
    const begun = performance.now();
    for (;;) {
      const found = this.told.slice(from).find((n) => n.status === status && check.test(n.check));
      if (found !== undefined) return performance.now() - begun;
      const all = JSON.stringify(this.told.slice(from).map(({ text }) => text));
      assert.ok(performance.now() - begun < msMax, `${status} ${check} was not told: ${all}`);
      await pause(20);
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

export class WatchProcess {
  readonly port: number;
  readonly child: ChildProcess;
  #text = '';

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
  }

  /** Starts one and waits until it answers. */
  static async start(args: readonly string[], given?: number): Promise<WatchProcess> {
    const port = given ?? (await freePort());
    const all = ['bin/run.js', 'watch', '--listen', `127.0.0.1:${port}`, ...args];
    const child = spawn(process.execPath, all, {
      cwd: projectRoot,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const started = new WatchProcess(port, child);
    const deadline = performance.now() + 15_000;
    for (;;) {
      const there = await fetch(`${started.url}/-/healthy`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (there) return started;
      assert.ok(child.exitCode === null && performance.now() < deadline, started.output);
      await pause(50);
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get output(): string {
    return this.#text;
  }

  async end(signal: NodeJS.Signals): Promise<number | string> {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode ?? 0;
    const ended = once(this.child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.child.kill(signal);
    const [code, by] = await ended;
    return code ?? by ?? 'gone';
  }
}
