// What the process of a test file tells its runner, a line of JSON an event, on a pipe of its own:
// node loads this file as its reporter. Easy to get wrong: lines are written at once and not by a
// stream, since a process that is killed or exits by itself flushes nothing.
import { writeSync } from 'node:fs';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** The pipe to the runner. */
export const REPORT_FD = 3;

/** A test or a suite has begun, has ended, or all of the file have. */
export type TestReport =
  | { readonly kind: 'start'; readonly name: string; readonly nesting: number }
  | TestEnd
  | { readonly kind: 'done' };

export interface TestEnd {
  readonly kind: 'end';
  readonly name: string;
  readonly nesting: number;
  readonly suite: boolean;
  readonly ms: number;
  /** Why it was skipped. */
  readonly skip?: string;
  /** `inner` when only a test inside has failed, which was told already. */
  readonly failure?: { readonly inner: boolean; readonly text: string };
}

/** What is told of an event of node's runner; undefined for one that the tally does not need. */
export function reportOf(event: TestEvent): TestReport | undefined {
  if (event.type === 'test:summary') return { kind: 'done' };
  if (event.type === 'test:start') {
    const { name, nesting } = event.data;
    return { kind: 'start', name, nesting };
  }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined;
  const { name, nesting, details, skip } = event.data;
  const error = 'error' in details ? (details.error as TestError) : undefined;
  const inner = error?.failureType === 'subtestsFailed';
  const failure = { inner, text: textOf(error) };
  return {
    ...{ kind: 'end', name, nesting, suite: details.type === 'suite', ms: details.duration_ms },
    ...(skip === undefined || skip === false ? {} : { skip: reasonOf(skip) }),
    ...(event.type === 'test:fail' ? { failure } : {}),
  };
}

type TestError = Error & { readonly failureType?: string };

function reasonOf(skip: string | true): string {
  return typeof skip === 'string' ? skip : 'no reason given';
}

function textOf(error: TestError | undefined): string {
  if (error === undefined) return 'failed without an error';
  const cause = error.cause ?? error;
  return typeof cause === 'string' ? cause : inspect(cause);
}

/** The reporter: node hands it the events, and it yields nothing to print. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const told = reportOf(event);
    if (told !== undefined) writeSync(REPORT_FD, `${JSON.stringify(told)}\n`);
    yield '';
  }
}
