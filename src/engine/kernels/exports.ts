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

/** assembly/hash.ts */
export interface HashExports {
  hashLow(at: number, length: number): number;
  hashHigh(at: number, length: number): number;
  sameBytes(a: number, b: number, length: number): number;
}

/** assembly/series-book.ts and label-check.ts; a -1 says "not there" or "full". */
export interface SeriesBookExports {
  bookOpen(partitions: number, mostSeries: number, mostBytes: number): number;
  bookLookup(at: number, length: number, salt: number): number;
  bookNumber(at: number, length: number): number;
  bookAddSpelling(at: number, length: number, salt: number, ref: number): void;
  bookHas(ref: number): number;
  bookBytesAt(ref: number): number;
  bookBytesLength(ref: number): number;
  bookPartition(ref: number): number;
  bookDefinedIn(ref: number): number;
  bookSetApart(ref: number, apart: boolean): void;
  bookIsApart(ref: number): number;
  bookHold(ref: number): void;
  bookRelease(ref: number): void;
  bookTouch(ref: number): void;
  bookTurn(): void;
  bookForget(idle: number): number;
  bookFull(): number;
  bookLimit(most: number): void;
  bookSeries(): number;
  bookNumbered(): number;
  bookRefs(): number;
  bookRawBytes(): number;
  labelLimits(labels: number, name: number, value: number): void;
  isCanonical(at: number, length: number): number;
  isUtf8(at: number, length: number): number;
}

/** assembly/columns.ts, remote-write.ts and split.ts: one request on its way through the door. */
export interface DoorExports {
  columnsRoom(count: number): void;
  columnsReset(): void;
  columnsFilled(count: number): void;
  columnsCount(): number;
  columnRefsAt(): number;
  columnTimesAt(): number;
  columnValuesAt(): number;
  fillRefs(first: number, count: number, ref: number): void;
  notesAt(): number;
  notesCount(): number;
  wireFailure(): number;
  wireFailureAt(): number;
  walk(at: number, length: number, mostSamples: number): number;
  walkResolve(known: boolean): void;
  textBegin(at: number, length: number, nowMs: number): void;
  textWalk(at: number): number;
  textSample(at: number, length: number, ms: number, low: number, high: number): void;
  splitWindow(oldest: number, lateFrom: number, liveFrom: number, newest: number): void;
  splitHold(at: number, refs: number): void;
  splitColumns(partitions: number): number;
  splitCut(first: number, count: number, bytes: number): number;
  splitRefs(): number;
  splitTimes(): number;
  splitValues(): number;
  splitEnds(): number;
  splitTooOld(): number;
  splitTooNew(): number;
  splitFirstOld(): number;
  splitFirstNew(): number;
  spanOf(times: number, count: number): void;
  spanLeast(): number;
  spanMost(): number;
}

/** assembly/batch-write.ts and batch-read.ts: 0 says that it does not fit or is malformed. */
export interface BatchExports {
  writeLimit(end: number): void;
  writeRefs(refs: number, count: number, at: number): number;
  writeTimes(times: number, count: number, at: number): number;
  writeValues(values: number, count: number, at: number): number;
  defineBegin(): void;
  writeDefinitions(refs: number, count: number, sequence: number, at: number): number;
  definedCount(): number;
  definedBytes(): number;
  undefine(at: number, count: number): void;
  readRefs(at: number, end: number, count: number, into: number): number;
  readTimes(at: number, end: number, count: number, into: number): number;
  readValues(at: number, end: number, count: number, into: number): number;
  checkDefinitions(at: number, end: number, count: number): number;
  unfoldedBytes(): number;
  readDefinitions(at: number, count: number, table: number, into: number): number;
}

/** assembly/gorilla.ts, gorilla-decode.ts and gorilla-append.ts; sizes of chunks in bits. */
export interface GorillaExports {
  gorillaColumns(timestampsAt: number, valuesAt: number, count: number): void;
  gorillaEncode(to: number, capacity: number): number;
  gorillaDecode(from: number, size: number): number;
  appendFirst(state: number, time: bigint, value: bigint): number;
  appendNext(state: number, time: bigint, value: bigint): number;
  readonly staged: { readonly value: number };
}

/** assembly/head.ts, head-read.ts, head-truncate.ts: `head` is the address headNew() answered. */
export interface HeadExports {
  headNew(): number;
  headFree(head: number): void;
  appendColumns(refs: number, timestamps: number, values: number, count: number): void;
  headAppend(head: number, map: number, counts: number): number;
  readColumns(timestamps: number, values: number, places: number): void;
  headRoom(head: number, id: number, from: number, to: number): number;
  headRead(head: number, id: number, from: number, to: number): number;
  headReadFrom(): number;
  pruneRange(from: number, to: number): void;
  headPrune(head: number, ids: number, count: number): number;
  headTruncate(head: number, before: number): number;
}

/** assembly/head-cut.ts and head-refs.ts: what sealing and deletion need. */
export interface HeadCutExports {
  headCut(head: number, id: number, from: number, to: number): number;
  headPut(head: number, ids: number, times: number, values: number, count: number): number;
  headOldest(head: number, from: number): number;
  headNewest(head: number): number;
  seriesOfRef(map: number, ref: number): number;
}

/** assembly/head-series.ts, head-pairs.ts, head-postings.ts, head-figures.ts and head-refs.ts. */
export interface HeadIndexExports {
  headDefine(head: number, map: number, definitions: number, count: number): number;
  headIds(head: number, to: number): number;
  headMarkPairs(head: number, ids: number, count: number, marks: number): void;
  seriesLabels(head: number, id: number): number;
  seriesLabelCount(head: number, id: number): number;
  headFindPair(head: number, at: number, length: number): number;
  pairBytes(head: number, pair: number): number;
  pairLength(head: number, pair: number): number;
  pairName(head: number, pair: number): number;
  pairNext(head: number, pair: number): number;
  postingsCount(head: number, pair: number): number;
  postingsCopy(head: number, pair: number, to: number): void;
  headFigures(head: number, name: number, ids: number, count: number, to: number): void;
  headCountPairs(head: number, ids: number, count: number, counts: number): void;
  refMapNew(head: number): number;
  refMapFree(head: number, map: number): void;
  refMapCount(map: number): number;
  refId(map: number, ref: number): number;
}

/** assembly/head-dump.ts and head-restore.ts: checkpoints. Booleans are 0 and 1. */
export interface HeadCheckpointExports {
  headDump(head: number, from: number, to: number, capacity: number): number;
  headDumpNext(): number;
  headDumpNeed(): number;
  refsDump(map: number, from: number, to: number, room: number): number;
  refsDumpNext(): number;
  loadMap(at: number, count: number): void;
  headLoadPairs(head: number, from: number, length: number): number;
  headLoad(head: number, from: number, length: number): number;
  headReserve(head: number, next: number): number;
  refsLoad(head: number, map: number, from: number, count: number): number;
}

/** assembly/snappy.ts; `to` has snappySlack() bytes behind its size, and so has the block. */
export interface SnappyExports {
  snappySlack(): number;
  snappyInflate(block: number, length: number, to: number, size: number): number;
}

/** assembly/column-encode.ts, column-decode.ts and column-state.ts; docs/format/block.md. */
export interface ColumnExports {
  columnRoom(count: number): number;
  columnSlack(): number;
  columnEncode(valuesAt: number, count: number, to: number): number;
  columnOpen(from: number, end: number): number;
  columnDecode(tokensAt: number, extraAt: number, to: number): number;
  columnSamples(): number;
  columnHeaderBytes(): number;
  columnTokenBytes(): number;
  columnExtraBytes(): number;
}

/** assembly/range.ts and range-state.ts: leaf functions over many series; see kernels/range.ts. */
export interface RangeExports {
  rangeWindows(first: number, step: number, count: number, windowMs: number): void;
  rangeKeep(worth: number): void;
  rangeArguments(one: number, two: number): void;
  rangeFunction(fn: number, fromMs: number, toMs: number): void;
  rangeRows(values: number, marks: number, samples: number): void;
  rangeEvaluate(head: number, ids: number, count: number): void;
}

/** assembly/json-float.ts and json-rows.ts; see kernels/json-rows.ts. */
export interface JsonExports {
  floatTable(at: number): void;
  jsonTimes(first: number, step: number, count: number, to: number): void;
  jsonPlaces(times: number, to: number): void;
  jsonPoints(values: number, marks: number, count: number): number;
}

export interface KernelExports
  extends
    JsonExports,
    SnappyExports,
    RangeExports,
    ColumnExports,
    HashExports,
    SeriesBookExports,
    DoorExports,
    BatchExports,
    GorillaExports,
    HeadExports,
    HeadCutExports,
    HeadIndexExports,
    HeadCheckpointExports {}
