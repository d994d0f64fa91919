export { alloc, free, pieceSize, arenaUsedBytes } from './arena';
