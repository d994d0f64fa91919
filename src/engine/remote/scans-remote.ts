// Readings of whole samples over a link: a page is asked for at a time, so the far end reads no
// faster than the near one takes. Each reading is of one partition. Easy to get wrong: its number
// has to mean the same reading for as long as anybody may name it, also over another connection
// and after the far end was started again, or somebody gets the samples of another question.
import { MonError } from '../errors.ts';
import { READING_PAGE_MS } from '../limits-sql.ts';
import type { Offset } from '../ports.ts';
import type { OpenedScan, SamplePage, SamplesAsk, SampleScans } from '../ports-sql.ts';
import type { Calling } from './link.ts';
import type { Service } from './listener.ts';
import { takeList, takeNumber } from './log-wire.ts';
import { takeSelections } from './source-remote.ts';
import type { Scope } from './source-remote.ts';

/** Readings of a partition once it has what the scope asks for. @throws MonError kind 'retry'. */
export type ScansFor = (scope: Scope, signal: AbortSignal) => Promise<SampleScans>;

interface OpenReading {
  readonly scans: SampleScans;
  readonly id: number;
}

/** Numbers of readings: more than any that this process, or one before it, has given. */
const NUMBERS_A_MS = 1024;

function takeAsk(value: unknown): SamplesAsk {
  const { selections, minMs, maxMs, only } = (value ?? {}) as Partial<SamplesAsk>;
  return {
    selections: takeSelections(selections),
    ...{ minMs: takeNumber(minMs), maxMs: takeNumber(maxMs) },
    only: takeList(only).map(takeNumber),
  };
}

function takeUntil(value: unknown): ReadonlyMap<number, Offset> {
  if (!(value instanceof Map)) return new Map();
  return new Map([...value].map(([p, offset]) => [takeNumber(p), takeNumber(offset)]));
}

/** @param startedMs when this process was started, by the clock on the wall. */
export function scansService(scansFor: ScansFor, startedMs: number): Service {
  let last = startedMs * NUMBERS_A_MS;
  return {
    open() {
      const readings = new Map<number, OpenReading>();
      const of = (id: unknown): OpenReading => {
        const one = readings.get(takeNumber(id));
        if (one !== undefined) return one;
        throw new MonError('MON_ABORTED', 'the reading has been closed');
      };
      const close = async (id: number): Promise<void> => {
        const one = readings.get(id);
        readings.delete(id);
        await one?.scans.closeScan(one.id);
      };
      return {
        methods: {
          openScan: async ([told, until], { signal }) => {
            const ask = takeAsk(told);
            const scans = await scansFor({ only: ask.only, until: takeUntil(until) }, signal);
            const opened = await scans.openScan(ask);
            const id = ++last;
            readings.set(id, { scans, id: opened.id });
            if (signal.aborted) await close(id);
            return { ...opened, id };
          },
          nextScan: async ([number]) => {
            const { scans, id } = of(number);
            const page = await scans.nextScan(id);
            if (page === undefined) readings.delete(number as number);
            return page;
          },
          closeScan: async ([number]) => close(takeNumber(number)),
        },
        closed() {
          // A shard that is gone has closed all by itself.
          for (const id of [...readings.keys()]) void close(id).catch(() => undefined);
        },
      };
    },
  };
}

/** The near end, for one reading after the other of one asker. */
export class RemoteScans implements SampleScans {
  readonly #link: Calling;
  readonly #until: ReadonlyMap<number, Offset>;
  readonly #signal: AbortSignal | undefined;

  constructor(link: Calling, until: ReadonlyMap<number, Offset>, signal?: AbortSignal) {
    this.#link = link;
    this.#until = until;
    this.#signal = signal;
  }

  async openScan(ask: SamplesAsk): Promise<OpenedScan> {
    const signal = this.#signal;
    const opened = await this.#link.call('openScan', [ask, this.#until], { signal });
    return opened as OpenedScan;
  }

  async nextScan(id: number): Promise<SamplePage | undefined> {
    const options = { signal: this.#signal, ms: READING_PAGE_MS };
    return (await this.#link.call('nextScan', [id], options)) as SamplePage | undefined;
  }

  async closeScan(id: number): Promise<void> {
    await this.#link.call('closeScan', [id]);
  }
}
