// What the linked kernel module exports; src/engine/kernels/exports.ts tells TypeScript the same.
// Named one by one where a file also exports to its neighbours. One module, one memory, one thread.
export { alloc, free, pieceSize, arenaUsedBytes } from './arena';
export * from './hash';
export {
  bookAddSpelling,
  bookBytesAt,
  bookBytesLength,
  bookForget,
  bookFull,
  bookLimit,
  bookHas,
  bookIsApart,
  bookLookup,
  bookNumber,
  bookNumbered,
  bookOpen,
  bookPartition,
  bookRawBytes,
  bookRefs,
  bookSeries,
  bookSetApart,
  bookTurn,
} from './series-book';
export { bookDefinedIn, bookHold, bookRelease, bookTouch } from './book-refs';
export { isCanonical, isUtf8, labelLimits } from './label-check';
export {
  columnRefsAt,
  columnTimesAt,
  columnValuesAt,
  columnsCount,
  columnsFilled,
  columnsReset,
  columnsRoom,
  fillRefs,
  notesAt,
  notesCount,
} from './columns';
export { wireFailure, wireFailureAt } from './protobuf';
export { walk, walkResolve } from './remote-write';
export { textBegin, textSample, textWalk } from './text-walk';
export { snappyInflate, snappySlack } from './snappy';
export * from './split';
export * from './span';
export * from './batch-write';
export * from './batch-read';
export { gorillaColumns, gorillaEncode } from './gorilla';
export { gorillaDecode } from './gorilla-decode';
export { appendFirst, appendNext } from './gorilla-append';
export { staged } from './gorilla-state';
export { appendColumns, headAppend } from './head';
export { headRoom, headRead, headReadFrom, headPrune, pruneRange, readColumns } from './head-read';
export { refId, refMapCount, refMapFree, refMapNew, seriesOfRef } from './head-refs';
export { headFindPair, pairBytes, pairLength, pairName, pairNext } from './head-pairs';
export { postingsCopy, postingsCount } from './head-postings';
export {
  headDefine,
  headIds,
  headMarkPairs,
  headNew,
  seriesLabelCount,
  seriesLabels,
} from './head-series';
export { headCut, headNewest, headOldest, headPut } from './head-cut';
export { headCountPairs, headFigures } from './head-figures';
export { headFree, headTruncate } from './head-truncate';
export { headDump, headDumpNeed, headDumpNext, refsDump, refsDumpNext } from './head-dump';
export { headLoad, headLoadPairs, headReserve, loadMap, refsLoad } from './head-restore';
export { columnDecode, columnOpen, columnSlack } from './column-decode';
export { columnEncode, columnRoom } from './column-encode';
export {
  columnExtraBytes,
  columnHeaderBytes,
  columnSamples,
  columnTokenBytes,
} from './column-state';
export { rangeArguments, rangeKeep, rangeWindows } from './range-state';
export { rangeEvaluate, rangeFunction, rangeRows } from './range';
export { floatTable } from './json-float';
export { jsonPlaces, jsonPoints, jsonTimes } from './json-rows';
