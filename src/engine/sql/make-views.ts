// The views that a statement sees, over the tables that were filled for it and the Parquet files
// that it may read. Easy to get wrong: a join for labels that nobody looks at costs more than the
// rest of the statement, so it is left out where only times and values are asked for.
import { ROLLUP_FIGURES } from '../model/sql.ts';
import { quotedText } from './duck.ts';
import type { Duck } from './duck.ts';
import { HISTOGRAM_TABLE } from './fill-tables.ts';
import type { Tables } from './fill-tables.ts';
import { rowTable, seriesTable } from './series-rows.ts';
import type { ParquetPair } from './sql-protocol.ts';
import type { StatementScope, TableScope } from './statement-scope.ts';

const NO_NAMES = "'' AS metric, MAP([]::VARCHAR[], []::VARCHAR[]) AS labels";
/** The bits of a stale marker, which is no sample. */
const STALE_BITS = `'011111111111${'0'.repeat(50)}10'`;
/** In this form the bits of the few NaNs alone are looked at. */
const NOT_STALE = `(NOT isnan(r.value) OR CAST(r.value AS BIT) <> ${STALE_BITS}::BIT)`;
/** Kinds of stale markers in an object that tells of them (docs/format/parquet.md). */
const STALE_KIND = 4;

/** Makes the views of all tables that the statement names. */
export async function makeViews(
  duck: Duck,
  { tables: scopes, named }: StatementScope,
  filled: Tables,
  pairs: readonly ParquetPair[],
): Promise<void> {
  for (const scope of scopes) {
    const { table } = scope;
    await filled.make(table);
    if (table === 'series') await duck.run(`CREATE VIEW series AS FROM ${rowTable(table)}`);
    else if (table === 'alerts') await duck.run(`CREATE VIEW alerts AS ${ALERTS}`);
    else if (table === 'samples') await duck.run(samplesView(scope, named, filled, pairs));
    else await duck.run(rollupView(table, filled));
  }
}

const ALERTS =
  'SELECT ts, incident, event, who, note, severity, status, receiver, labels, started, resolved ' +
  `FROM ${rowTable('alerts')}`;

function rollupView(table: string, filled: Tables): string {
  const figures = ROLLUP_FIGURES.map((name) => `r."${name}"`).join(', ');
  const from = `${filled.relation(table)} r JOIN ${seriesTable(table)} s USING (series)`;
  return `CREATE VIEW ${table} AS SELECT r.ts, s.metric, s.labels, ${figures} FROM ${from}`;
}

function samplesView(
  scope: TableScope,
  named: boolean,
  filled: Tables,
  pairs: readonly ParquetPair[],
): string {
  const selects = [tableSelect(filled.relation('samples'), 'NULL::BLOB', named)];
  if (filled.hasHistograms) selects.push(tableSelect(HISTOGRAM_TABLE, 'r.histogram', named));
  for (const pair of pairs) selects.push(parquetSelect(pair, scope, named));
  return `CREATE VIEW samples AS ${selects.join(' UNION ALL ')}`;
}

/** All samples that were filled in, as the columns of an export, series by series. */
export function exportQuery(filled: Tables): string {
  const rows = (table: string, histogram: string): string =>
    `SELECT r.series, r.ts, r.value, ${histogram} AS histogram FROM ${table} r`;
  const plain = rows(filled.relation('samples'), 'NULL::BLOB');
  // Rows came series by series in order of time; only histograms have to be put between them.
  const both = `${plain} UNION ALL ${rows(HISTOGRAM_TABLE, 'r.histogram')}`;
  const [from, order] = filled.hasHistograms ? [both, 'ORDER BY r.series, r.ts'] : [plain, ''];
  return (
    'SELECT s.metric, s.labels, epoch_ms(r.ts) AS timestamp, r.value, r.histogram ' +
    `FROM (${from}) r JOIN ${seriesTable('samples')} s USING (series) ${order}`
  );
}

function tableSelect(rows: string, histogram: string, named: boolean): string {
  const join = named ? ` JOIN ${seriesTable('samples')} s USING (series)` : '';
  const names = named ? 's.metric, s.labels' : NO_NAMES;
  return `SELECT r.ts, ${names}, r.value, ${histogram} AS histogram FROM ${rows} r${join}`;
}

function parquetSelect(pair: ParquetPair, scope: TableScope, named: boolean): string {
  const { samples, series } = pair;
  const minMs = Math.max(scope.minMs, pair.fromMs);
  const names = named ? 's.metric, s.labels' : NO_NAMES;
  const join = named ? ` JOIN read_parquet(${quotedText(series)}) s USING (series)` : '';
  const where = [
    ...(pair.stale === undefined ? [NOT_STALE] : []),
    ...(pair.stale === true ? [`r.kind < ${STALE_KIND}`] : []),
    ...(Number.isFinite(minMs) ? [`r.timestamp >= ${minMs}`] : []),
    ...(Number.isFinite(scope.maxMs) ? [`r.timestamp <= ${scope.maxMs}`] : []),
  ];
  return (
    `SELECT make_timestamptz(r.timestamp * 1000) AS ts, ${names}, r.value, r.histogram ` +
    `FROM read_parquet(${quotedText(samples)}) r${join}` +
    (where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`)
  );
}
