// The rehearsal that a channel of a shard asks for: opened with its first question, given back at
// its end. Beside shard-server.ts. Easy to get wrong: its memory is the shard's, so it is given
// back when no question of it is under way any more, not before.
import type { Source } from '../ports.ts';

export interface OpenedRehearsal {
  /** Over made-up series. */
  readonly source: Source;
  /** Gives their memory back. */
  end(): void;
}

export class ShardRehearsal {
  #opened: Promise<OpenedRehearsal> | undefined;
  #underWay = 0;
  #idle: (() => void) | undefined;

  async ask<T>(
    open: () => Promise<OpenedRehearsal>,
    work: (source: Source) => Promise<T>,
  ): Promise<T> {
    this.#underWay++;
    try {
      this.#opened ??= open();
      const { source } = await this.#opened;
      return await work(source);
    } finally {
      if (--this.#underWay === 0) this.#idle?.();
    }
  }

  /** Nothing is asked after it. */
  async end(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    (await opened)?.end();
  }
}
