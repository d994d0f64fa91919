// What `mon push` does: read the input, see what it is, send it, tell what became of it. Easy to
// get wrong: a part of a body may be refused while the rest is stored, and both have to be told.
import { UserError } from '../engine/errors.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import { readInput } from './input.ts';
import type { Listing } from './listing.ts';
import type { Stage } from './stage.ts';

export type PushFormat = 'auto' | 'text' | 'openmetrics' | 'json';

export interface PushQuestion {
  readonly file: string;
  readonly format: PushFormat;
  readonly stage: Stage;
}

const DOORS = {
  text: { path: '/api/v1/push', type: 'text/plain; version=0.0.4; charset=utf-8' },
  openmetrics: {
    path: '/api/v1/push',
    type: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  },
  json: { path: '/metrics', type: 'application/json' },
} as const;

/** Sends the input; the listing has one row with the counts. @throws UserError, MonError. */
export async function pushInput(
  client: PrometheusClient,
  question: PushQuestion,
): Promise<{ listing: Listing; refused: number }> {
  const { stage, file } = question;
  const body = await readInput(file, stage);
  if (body.length === 0) throw new UserError('the input is empty', { hint: 'mon help push' });
  const format = question.format === 'auto' ? formatOf(body) : question.format;
  const { path, type } = DOORS[format];
  const outcome = await client.push(path, body, type, stage.signal);
  for (const example of outcome.examples) await stage.note(`refused: ${example}`);
  const listing: Listing = {
    kind: 'PushOutcome',
    columns: [
      { name: 'accepted', align: 'right' },
      { name: 'refused', align: 'right' },
    ],
    rows: [[outcome.accepted, outcome.refused]],
    valueColumn: 0,
  };
  return { listing, refused: outcome.refused };
}

/** What a body is by its first and last characters. */
export function formatOf(body: Uint8Array): keyof typeof DOORS {
  const head = Buffer.from(body.subarray(0, 4096)).toString('latin1').trimStart();
  const tail = Buffer.from(body.subarray(-64)).toString('latin1').trimEnd();
  // Exposition text may begin with a brace too: {"name", label="value"} 1.
  if (/^\{\s*(?:"[^"]*"\s*:|\})/.test(head)) return 'json';
  return tail.endsWith('# EOF') ? 'openmetrics' : 'text';
}
