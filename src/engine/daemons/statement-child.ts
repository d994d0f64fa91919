// A process for SQL statements, as the service that hands it statements sees it. Wiring between the
// part and the outer world. Easy to get wrong: whoever is told of its end wants its last words too.
import { ForkedChild } from '../runtime/forked-child.ts';
import type { FromStatement } from '../sql/sql-protocol.ts';
import type { StatementChild } from '../sql/statement-runner.ts';

export interface StatementChildOptions {
  readonly module: string;
  readonly heapMib: number;
  readonly message: (value: FromStatement) => void;
  readonly ended: (why: string) => void;
}

export function statementChild(options: StatementChildOptions): StatementChild {
  const { module, heapMib, message, ended } = options;
  const child = new ForkedChild({
    ...{ module, heapMib },
    ended: (why, words) => ended(words === '' ? why : `${why}: ${words}`),
  });
  child.on('message', (value) => message(value as FromStatement));
  return {
    pid: child.pid,
    send: (value) => child.postMessage(value),
    kill: () => void child.kill(),
    unref: () => child.unref(),
  };
}
