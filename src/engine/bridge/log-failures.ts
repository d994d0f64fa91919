// How the log over Kafka refuses, in the embedded log's own codes: closed, busy, a record that is
// too large, a reader whose offset is not there. Easy to get wrong: an offset that is gone or lies
// past the end is never moved to one that is there.
import { MonError } from '../errors.ts';
import { RECORD_BYTES_MAX } from '../limits.ts';
import type { Offset } from '../ports.ts';

export function closed(): MonError {
  return new MonError('MON_LOG_CLOSED', 'the log is closed');
}

export function tooLarge(bytes: number): MonError {
  const words = `a record of ${bytes} bytes is larger than ${RECORD_BYTES_MAX}`;
  return new MonError('MON_LIMIT_EXCEEDED', words, { hint: 'send smaller batches' });
}

export function busy(pendingBytes: number): MonError {
  return new MonError('MON_LOG_BUSY', 'Kafka does not keep up with what is appended', {
    hint: 'send again a little later',
    fields: { pendingBytes },
  });
}

/** What a reader asks for, and what there is; `end` is -1 where there is no such partition. */
export interface Start {
  readonly reader: string;
  readonly partition: number;
  readonly offset: Offset;
  readonly start: Offset;
  readonly end: Offset;
}

/** Why the reader cannot begin there, or undefined. */
export function offsetFailure(topic: string, start: Start): MonError | undefined {
  const asks = `${start.reader} asks for record ${start.offset} of partition ${start.partition}`;
  if (start.offset > start.end) {
    const words = `${asks}, ${topic} ends at ${Math.max(0, start.end)}`;
    return new MonError('MON_LOG_OFFSET_PAST_END', words, {
      hint: 'this state belongs to another topic, or the topic has lost its end or was made anew',
      fields: { ...start },
    });
  }
  if (start.offset >= start.start) return undefined;
  return new MonError('MON_LOG_OFFSET_GONE', `${asks}, ${topic} begins at ${start.start}`, {
    hint: 'the state is older than what the topic keeps: restore a newer one, or begin anew',
    fields: { ...start },
  });
}
