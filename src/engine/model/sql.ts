// The tables that SQL sees, as plain data: the server makes views of them, the prompt completes
// their names. Easy to get wrong: a column that is here is promised to everybody who wrote a query.

export interface SqlColumn {
  readonly name: string;
  readonly type: string;
  readonly about: string;
}

export interface SqlTable {
  readonly name: string;
  readonly about: string;
  readonly columns: readonly SqlColumn[];
}

export type SqlTables = readonly SqlTable[];

/** A column of an answer; its type as DuckDB names it. */
export interface SqlColumnHead {
  readonly name: string;
  readonly type: string;
}

/** A value as JSON has it; numbers beyond it are texts. */
export type SqlValue = unknown;

/** What the last line of an answer says. */
export interface SqlEnd {
  readonly rows: number;
  /** There were more rows than were asked for. */
  readonly cut: boolean;
  readonly warnings: readonly string[];
}

const METRIC: SqlColumn = { name: 'metric', type: 'VARCHAR', about: 'name of the metric' };
const LABELS: SqlColumn = {
  name: 'labels',
  type: 'MAP(VARCHAR, VARCHAR)',
  about: "all other labels: labels['job']",
};

function column(name: string, type: string, about: string): SqlColumn {
  return { name, type, about };
}

const DOUBLE = 'DOUBLE';
const TIME = 'TIMESTAMP WITH TIME ZONE';

/** Figures of a window, by the column of a rollup that each comes from. */
export const ROLLUP_FIGURES = ['count', 'sum', 'min', 'max', 'first', 'last', 'increase'] as const;

const ROLLUP_ABOUT: Readonly<Record<(typeof ROLLUP_FIGURES)[number], string>> = {
  count: 'samples in the window',
  sum: 'their sum',
  min: 'the least',
  max: 'the largest',
  first: 'the first value',
  last: 'the last value',
  increase: 'growth of a counter, resets added',
};

function rollup(name: string, words: string): SqlTable {
  return {
    name: `rollup_${name}`,
    about: `one row a series and ${words}`,
    columns: [
      column('ts', TIME, 'end of the window, which it includes'),
      METRIC,
      LABELS,
      ...ROLLUP_FIGURES.map((figure) => column(figure, DOUBLE, ROLLUP_ABOUT[figure])),
    ],
  };
}

/** The views there are, in the order in which they are shown. */
export const SQL_TABLES: SqlTables = [
  {
    name: 'samples',
    about: 'every sample that is kept',
    columns: [
      column('ts', TIME, 'time of the sample'),
      METRIC,
      LABELS,
      column('value', DOUBLE, 'the value; the sum where it is a native histogram'),
      column('histogram', 'BLOB', 'a native histogram (prompb.Histogram), else NULL'),
    ],
  },
  {
    name: 'series',
    about: 'every series that has samples',
    columns: [METRIC, LABELS],
  },
  rollup('1m', 'minute'),
  rollup('5m', '5 minutes'),
  rollup('1h', 'hour'),
  rollup('1d', 'day'),
  {
    name: 'alerts',
    about: 'what happened to alerts: a row a change, by incident',
    columns: [
      column('ts', TIME, 'when it happened'),
      column('incident', 'VARCHAR', 'id of the incident'),
      column('event', 'VARCHAR', 'opened, alert, notified, acknowledged, escalated, resolved, …'),
      column('who', 'VARCHAR', 'a person, a receiver, or mon'),
      column('note', 'VARCHAR', 'what was said'),
      column('severity', 'VARCHAR', 'of the incident'),
      column('status', 'VARCHAR', 'of the incident now: firing, acknowledged, resolved'),
      column('receiver', 'VARCHAR', 'who is told of it'),
      LABELS,
      column('started', TIME, 'when the incident began'),
      column('resolved', TIME, 'when it ended; NULL while it has not'),
    ],
  },
];
