// The entry of the process that runs SQL: DuckDB with bounds on memory, threads and space, and no
// way to the outside. Wiring only; what it does is in sql/statement-process.ts.
import { parentChannel } from '../runtime/forked-child.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { StatementProcess } from '../sql/statement-process.ts';
import type { FromStatement, ToStatement } from '../sql/sql-protocol.ts';

const channel = parentChannel();
void new StatementProcess(
  {
    send: (message: FromStatement) => channel.postMessage(message),
    onMessage: (take) => channel.on('message', (value) => take(value as ToStatement)),
  },
  systemDisk,
);
