// PostgreSQL holds the promises of State, and shows incidents as a relation.
// Skipped where the machine has no PostgreSQL server.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client } from 'pg';
import { MonError } from '../../../src/engine/errors.ts';
import { PostgresState } from '../../../src/engine/runtime/state-postgres.ts';
import { stateContract } from '../../contract/state.contract.ts';
import type { StateUnderTest } from '../../contract/state.contract.ts';
import { RealPostgres, postgresHome } from '../../support/real-postgres.ts';

const skip = postgresHome() === undefined ? 'needs postgres' : false;

describe('PostgreSQL', { skip }, () => {
  let server: RealPostgres;
  let made = 0;

  before(async () => {
    server = await RealPostgres.start();
  });
  after(async () => {
    await server?.stop();
  });

  async function sql(text: string, database = 'postgres'): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: server.url(database) });
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  async function fresh(): Promise<StateUnderTest & { readonly database: string }> {
    const database = `t${made++}`;
    await sql(`CREATE DATABASE ${database}`);
    const opened: PostgresState[] = [];
    const open = async (): Promise<PostgresState> => {
      const state = await PostgresState.open(server.url(database));
      opened.push(state);
      return state;
    };
    const state = await open();
    return {
      state,
      database,
      other: open,
      reopen: async () => {
        for (const one of opened) await one.close();
        return await open();
      },
      dispose: async () => {
        for (const one of opened) await one.close();
      },
    };
  }

  stateContract('PostgresState', fresh);

  it('shows incidents as a relation', async () => {
    const { state, database, dispose } = await fresh();
    const incident = {
      ...{ id: '7', status: 'firing', severity: 'P1', groupKey: '{}:{a="\u0000"}' },
      ...{ startedAtMs: 1_700_000_000_000, resolvedAtMs: 0 },
    };
    await state.compareAndSet('notify/incident/7', JSON.stringify(incident), 0);
    await state.compareAndSet('notify/incidents', 'not one of them', 0);
    const rows = await sql(
      'SELECT incident_id, status, started_at, resolved_at FROM alert_incidents',
      database,
    );
    assert.deepEqual(rows, [
      {
        ...{ incident_id: '7', status: 'firing', resolved_at: null },
        started_at: new Date(1_700_000_000_000),
      },
    ]);
    await dispose();
  });

  it('says so when nobody is there', async () => {
    const gone = PostgresState.open('postgres://mon@127.0.0.1:1/x');
    await assert.rejects(gone, (thrown) => thrown instanceof MonError && thrown.kind === 'retry');
  });
});
