// What the watcher finds out and what it asks through: nouns of this room alone. A check has a name
// that stays the same from round to round, so that a change is seen. Easy to get wrong: what could
// not be asked at all (a server that is no mon takes no canary) is neither well nor down.

/** `skipped`: it cannot be checked there, and that is no news. */
export type CheckState = 'ok' | 'late' | 'down' | 'skipped';

/** What one probe found. */
export interface Finding {
  /** The address of the server or peer. */
  readonly server: string;
  /** `healthy`, `ready`, `role store-0`, `canary`, `rules`, `watchdog`, `heartbeat`, `peer`. */
  readonly check: string;
  readonly state: CheckState;
  /** A sentence without a full stop: what is wrong; empty when nothing is. */
  readonly words: string;
  /** How long it took, where that means something. */
  readonly ms?: number;
}

export interface WatchAnswer {
  readonly status: number;
  readonly text: string;
}

/** One server to ask; a connection of remote/http-request.ts fits. */
export interface WatchHttp {
  ask(ask: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    readonly body?: string;
    readonly contentType?: string;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<WatchAnswer>;
}

/** The key of a check among all. */
export function checkKey({ server, check }: Pick<Finding, 'server' | 'check'>): string {
  return `${server} ${check}`;
}

/** A JSON text as a map of fields; anything else is an empty one. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The `data` of an answer in Prometheus' envelope, or the whole text as JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
