// The Pushgateway's paths: PUT, POST and DELETE under /metrics/job/. Batch jobs and client
// libraries talk to them unchanged. Easy to get wrong: 200 means that the group is kept, not that
// it is already among the samples; the next turn of its target writes it.
import { PUSH_GROUP_BYTES_MAX } from '../limits.ts';
import type { Groups } from '../ports.ts';
import { groupOf } from '../wire/push-path.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused } from './failure-status.ts';
import { refuseCrossSite, unzipped } from './push-handlers.ts';

function groupsOf(parts: ApiParts): Groups {
  if (parts.groups !== undefined) return parts.groups;
  const error = 'this server keeps no groups of pushed metrics';
  throw new Refused({ status: 404, errorType: 'not_found', error });
}

async function push(call: Call, parts: ApiParts, replace: boolean): Promise<void> {
  refuseCrossSite(call);
  const groups = groupsOf(parts);
  const labels = groupOf(call.path);
  const type = call.header('content-type') || 'text/plain';
  await call.withBody(PUSH_GROUP_BYTES_MAX, async (bytes) => {
    await groups.push(labels, await unzipped(call, bytes), type, replace);
  });
  call.response.writeHead(200).end();
}

/** PUT: the group holds what the body holds, and nothing else. */
export function putGroup(call: Call, parts: ApiParts): Promise<void> {
  return push(call, parts, true);
}

/** POST: families of the body replace those of the same names. */
export function postGroup(call: Call, parts: ApiParts): Promise<void> {
  return push(call, parts, false);
}

/** DELETE: the group is forgotten, its series end. */
export async function deleteGroup(call: Call, parts: ApiParts): Promise<void> {
  refuseCrossSite(call);
  await groupsOf(parts).remove(groupOf(call.path));
  call.response.writeHead(202).end();
}
