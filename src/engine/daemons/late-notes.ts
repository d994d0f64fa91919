// Which times have changed in the past, told by the process of the log to those that keep results:
// every append passes there. Easy to get wrong: who asks with the number of another life of the
// hub, or of too long ago, has to be told that anything may have changed.
import { REMOTE_LATE_SPANS_MAX } from '../limits-links.ts';
import type { Methods } from '../remote/calls.ts';
import type { RemoteLink } from '../remote/link.ts';

/** What has changed since a number: spans in ms, or everything. */
interface LateAnswer {
  readonly life: string;
  readonly next: number;
  readonly all: boolean;
  readonly spans: Float64Array;
}

export class LateNotes {
  readonly #life: string;
  /** Pairs of times, the number of the first of them. */
  #spans: [number, number][] = [];
  #first = 0;

  constructor(life: string) {
    this.#life = life;
  }

  /** A method value: handed to the watched log. */
  readonly note = (minMs: number, maxMs: number): void => {
    this.#spans.push([minMs, maxMs]);
    if (this.#spans.length <= REMOTE_LATE_SPANS_MAX) return;
    const drop = REMOTE_LATE_SPANS_MAX / 2;
    this.#spans = this.#spans.slice(drop);
    this.#first += drop;
  };

  get methods(): Methods {
    return {
      note: async ([minMs, maxMs]) => this.note(Number(minMs), Number(maxMs)),
      since: async ([life, from]): Promise<LateAnswer> => {
        const next = this.#first + this.#spans.length;
        const at = Number(from);
        const all = life !== this.#life || !(at >= this.#first && at <= next);
        const spans = all ? [] : this.#spans.slice(at - this.#first).flat();
        return { life: this.#life, next, all, spans: Float64Array.from(spans) };
      },
    };
  }
}

/** The asking side: brings what changed since it asked last. */
export class LateWatch {
  readonly #link: RemoteLink;
  readonly #changed: (minMs: number, maxMs: number) => void;
  #life = '';
  #next = 0;

  constructor(link: RemoteLink, changed: (minMs: number, maxMs: number) => void) {
    this.#link = link;
    this.#changed = changed;
  }

  async refresh(): Promise<void> {
    const answer = (await this.#link.call('since', [this.#life, this.#next])) as LateAnswer;
    // An answer that came after a later one tells nothing new.
    if (answer.life === this.#life && answer.next < this.#next) return;
    this.#life = answer.life;
    this.#next = answer.next;
    if (answer.all) this.#changed(-Infinity, Infinity);
    for (let i = 0; i < answer.spans.length; i += 2) {
      this.#changed(answer.spans[i], answer.spans[i + 1]);
    }
  }
}
