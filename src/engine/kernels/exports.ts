// What the linked module exports, as TypeScript sees it. One interface a source file of assembly/;
// addresses and lengths are unsigned 32-bit numbers (JavaScript may see them signed: use `>>> 0`).

/** assembly/arena.ts */
export interface ArenaExports {
  alloc(size: number): number;
  free(at: number, size: number): void;
  pieceSize(size: number): number;
  arenaUsedBytes(): number;
}

export interface KernelExports extends ArenaExports {}
