// The admin API of Prometheus: delete series, take what was deleted out of the files, take a
// snapshot. Off unless somebody switched it on, because it cannot be undone. Easy to get wrong: a
// deletion without a selector would delete everything, so it is refused.
import type { Admin } from '../ports.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused } from './failure-status.ts';
import { TIME_MS_MAX, TIME_MS_MIN, timeParam } from './params.ts';
import { JSON_TYPE, sendWhole, successJson } from './respond.ts';
import { parseSelectors } from './selectors.ts';

/** @throws Refused, 403, when the admin API is off. */
function switchedOn({ admin }: ApiParts): Admin {
  if (admin !== undefined) return admin;
  const error = 'the admin API is off; start the server with mon up --enable-admin';
  throw new Refused({ status: 403, errorType: 'forbidden', error });
}

/** POST and PUT /api/v1/admin/tsdb/delete_series?match[]=&start=&end=. */
export async function deleteSeries(call: Call, parts: ApiParts): Promise<void> {
  const admin = switchedOn(parts);
  const params = await call.params();
  const texts = params.getAll('match[]');
  if (texts.length === 0) {
    const error = 'no match[] parameter provided';
    throw new Refused({ status: 400, errorType: 'bad_data', error });
  }
  const start = timeParam(params, 'start', TIME_MS_MIN);
  const end = timeParam(params, 'end', TIME_MS_MAX);
  if (end < start) {
    const error = 'the end of what is deleted lies before its start';
    throw new Refused({ status: 400, errorType: 'bad_data', error });
  }
  await admin.deleteSeries(parseSelectors(texts), start, end);
  call.response.writeHead(204).end();
}

/** POST and PUT /api/v1/admin/tsdb/clean_tombstones. */
export async function cleanTombstones(call: Call, parts: ApiParts): Promise<void> {
  await switchedOn(parts).cleanTombstones();
  call.response.writeHead(204).end();
}

/** POST and PUT /api/v1/admin/tsdb/snapshot: answers the folder's name below snapshots/. */
export async function snapshot(call: Call, parts: ApiParts): Promise<void> {
  const name = await switchedOn(parts).snapshot();
  await sendWhole(call.response, call.head(200, JSON_TYPE), successJson({ name }));
}
