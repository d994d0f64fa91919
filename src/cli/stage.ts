// What a command's work is handed instead of the process: where data goes, where notes go, when to
// stop. So the rooms below the commands never touch stdout themselves, and tests can hand in their
// own.
import type { Clock } from '../engine/runtime/clock.ts';
import type { Environment } from './color.ts';
import type { Surface } from './listing.ts';

export interface Stage {
  /** Fires on SIGINT, SIGTERM, a closed pipe, and when `--timeout` has passed. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly env: Environment;
  readonly stdin: NodeJS.ReadStream;
  /** What stdout is. */
  readonly surface: Surface;
  /** Cells of the terminal; 80 by 24 where there is none. */
  readonly columns: number;
  readonly rows: number;
  /** Writes data to stdout, waiting while the reader is slow; stops when interrupted. */
  print(chunks: Iterable<string>): Promise<void>;
  /** A line on stderr beside the data; escaped. */
  note(line: string): Promise<void>;
}

/** The note under a table for people: how many rows it has. */
export function rowsNote(count: number): string {
  return `${count} ${count === 1 ? 'row' : 'rows'}\n`;
}
