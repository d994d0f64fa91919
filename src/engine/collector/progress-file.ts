// How far an agent's sender came, as a file beside the segments, so that one does not outlive the
// other. Under the sender of a log with one partition. Easy to get wrong: a file of another log,
// or one that holds no number, says nothing.
import type { Disk } from '../runtime/disk.ts';
import type { Offset } from '../ports.ts';
import type { Delivered, SenderProgress } from './agent-sender.ts';

interface Progress {
  readonly generation: number;
  readonly offset: Offset;
}

const PARTITION = 0;

/** The progress in this file; replaced as a whole each time. */
export function progressFile(disk: Disk, path: string): SenderProgress {
  return {
    async load(): Promise<Delivered | undefined> {
      if (!(await disk.exists(path))) return undefined;
      const text = new TextDecoder().decode(await disk.readFile(path));
      const { generation, offset } = JSON.parse(text) as Progress;
      return { generation, offsets: new Map([[PARTITION, offset]]) };
    },
    async save({ generation, offsets }: Delivered): Promise<void> {
      const progress: Progress = { generation, offset: offsets.get(PARTITION) ?? 0 };
      await disk.replaceFile(path, [new TextEncoder().encode(`${JSON.stringify(progress)}\n`)]);
    },
  };
}
