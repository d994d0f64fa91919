// Requests by route and status, as the process tells them on /metrics. Counted once an answer has
// been given. Easy to get wrong: a label value taken from outside, such as the path itself, would
// let a stranger make series; so unknown paths share one name.
import type { Counter, Counters } from '../runtime/counters.ts';

export class RequestCounts {
  readonly #counters: Counters;
  readonly #handles = new Map<string, Map<number, Counter>>();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  count(handler: string, status: number): void {
    let byStatus = this.#handles.get(handler);
    if (byStatus === undefined) {
      byStatus = new Map();
      this.#handles.set(handler, byStatus);
    }
    let handle = byStatus.get(status);
    if (handle === undefined) {
      const labels = { handler, code: String(status) };
      const help = 'Requests to the HTTP API that were answered.';
      handle = this.#counters.counter('mon_http_requests_total', help, labels);
      byStatus.set(status, handle);
    }
    handle.add();
  }
}
