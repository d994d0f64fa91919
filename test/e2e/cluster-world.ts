// A cluster of real processes on one machine, as `mon up --cluster` makes it, for tests that kill
// its parts: who runs under which number, how to kill it in each way, and when all is well again.
// Easy to get wrong: a process that was killed is started again at once, so its number changes.
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { MonProcess } from '../support/mon-process.ts';
import { MonFolder, QUIET_CONFIG } from './mon-folder.ts';

export interface RoleRow {
  readonly role: string;
  readonly member: string;
  readonly state: string;
  readonly pid: number;
  readonly restarts: number;
  readonly why: string;
}

const READY_MS_MAX = 40_000;

export class ClusterWorld {
  readonly folder: MonFolder;
  mon: MonProcess;
  readonly #stopped: number[] = [];

  private constructor(folder: MonFolder, mon: MonProcess) {
    this.folder = folder;
    this.mon = mon;
  }

  static async start(
    stores: number,
    { collectors = 1, config = QUIET_CONFIG, args = [] as readonly string[] } = {},
  ): Promise<ClusterWorld> {
    const folder = await MonFolder.make();
    try {
      const size = ['--cluster', '--stores', `${stores}`, '--collectors', `${collectors}`];
      return new ClusterWorld(folder, await folder.start(config, [...size, ...args]));
    } catch (thrown) {
      await folder.remove();
      throw thrown;
    }
  }

  get url(): string {
    return this.mon.url;
  }

  async roles(): Promise<RoleRow[]> {
    const text = await readFile(join(this.folder.dataDir, 'roles.json'), 'utf8');
    return (JSON.parse(text) as { roles: RoleRow[] }).roles;
  }

  async role(member: string): Promise<RoleRow> {
    const found = (await this.roles()).find((one) => one.member === member);
    assert.ok(found, `there is a ${member}`);
    return found;
  }

  /** Kills a process with -9 and waits until the supervisor has seen it. */
  async kill(member: string): Promise<void> {
    const before = await this.role(member);
    assert.ok(before.pid > 0, `${member} runs`);
    process.kill(before.pid, 'SIGKILL');
    for (;;) {
      if ((await this.role(member)).restarts > before.restarts) return;
      await pause(10);
    }
  }

  /** Stops a process without ending it, as a machine that hangs. */
  async freeze(member: string): Promise<() => void> {
    const { pid } = await this.role(member);
    process.kill(pid, 'SIGSTOP');
    this.#stopped.push(pid);
    return () => {
      this.#stopped.splice(this.#stopped.indexOf(pid), 1);
      process.kill(pid, 'SIGCONT');
    };
  }

  /** Waits until every role is ready, also as the API tells it. */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_MS_MAX;
    for (;;) {
      const rows = await this.roles();
      const answer = await fetch(`${this.url}/-/ready`).then(
        (r) => r.ok,
        () => false,
      );
      if (answer && rows.every(({ state }) => state === 'ready')) return;
      assert.ok(performance.now() < deadline, `not ready: ${JSON.stringify(rows)}`);
      await pause(50);
    }
  }

  async remove(): Promise<void> {
    for (const pid of this.#stopped) process.kill(pid, 'SIGCONT');
    if (this.mon.child.exitCode === null && this.mon.child.signalCode === null) {
      await this.mon.end('SIGTERM');
    }
    await this.folder.remove();
  }
}
