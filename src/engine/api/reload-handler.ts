// POST and PUT /-/reload: the configuration is read again, as by SIGHUP. Off unless the server was
// started with --enable-lifecycle or has a token, because whoever reaches the address could do it.
// Easy to get wrong: a file with a mistake changes nothing, and the answer says where the mistake
// is, with status 500 as Prometheus gives it.
import { MonError, UserError } from '../errors.ts';
import { isCrossSite } from './access.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused } from './failure-status.ts';
import { JSON_TYPE, TEXT_TYPE, sendWhole, successJson } from './respond.ts';

/** Answers what changed. */
export async function reload(call: Call, parts: ApiParts): Promise<void> {
  if (parts.reload === undefined) {
    return await sendWhole(
      call.response,
      call.head(403, TEXT_TYPE),
      'Lifecycle API is not enabled.',
    );
  }
  if (isCrossSite(call.request)) {
    const error = 'a page of another site must not reload the configuration';
    throw new Refused({ status: 403, errorType: 'forbidden', error });
  }
  try {
    const report = await parts.reload();
    await sendWhole(call.response, call.head(200, JSON_TYPE), successJson(report));
  } catch (thrown) {
    if (!(thrown instanceof UserError || thrown instanceof MonError)) throw thrown;
    const error = `failed to reload config: ${thrown.message}`;
    throw new Refused({ status: 500, errorType: 'internal', error, hint: thrown.hint });
  }
}
