// Replays over HTTP: begins to compute anew what was derived from samples, and tells how much of it
// waits. Harmless, since it is idempotent and works in the background, so it needs no switch. Easy
// to get wrong: the answer comes at once, the work is done by beats.
import type { ApiParts, Replay } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused } from './failure-status.ts';
import { TIME_MS_MIN, timeParam } from './params.ts';
import { JSON_TYPE, sendWhole, successJson } from './respond.ts';

function replayOf({ replays }: ApiParts, group: string): Replay {
  const found = replays?.get(group);
  if (found !== undefined) return found;
  const known = [...(replays?.keys() ?? [])].join(', ');
  const error = `nothing to replay for the group ${JSON.stringify(group)}; known: ${known}`;
  throw new Refused({ status: 400, errorType: 'bad_data', error });
}

/** POST /api/v1/replay?group=&from=: begins; answers `{"waiting": pieces}`. */
export async function beginReplay(call: Call, parts: ApiParts): Promise<void> {
  const params = await call.params();
  const replay = replayOf(parts, params.get('group') ?? '');
  const waiting = await replay.replay(timeParam(params, 'from', TIME_MS_MIN));
  await sendWhole(call.response, call.head(200, JSON_TYPE), successJson({ waiting }));
}

/** GET /api/v1/replay?group=: answers `{"waiting": pieces}`. */
export async function replayState(call: Call, parts: ApiParts): Promise<void> {
  const params = await call.params();
  const waiting = await replayOf(parts, params.get('group') ?? '').waiting();
  await sendWhole(call.response, call.head(200, JSON_TYPE), successJson({ waiting }));
}
