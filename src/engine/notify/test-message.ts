// The message of `mon notify test`: one alert that says what it is. Easy to get wrong: it must not
// look like a real alert to whoever is woken by it.
import { messageOf } from '../errors.ts';
import type { TestOutcome } from '../model/alerting.ts';
import { makeLabels } from '../model/labels.ts';
import { fingerprintOf, shortHash } from './fingerprint.ts';
import type { Outcome } from './receivers/outcome.ts';
import type { SendRecord } from './records.ts';
import type { Integration } from './routing.ts';

export function testMessage(receiver: string, { index }: Integration, nowMs: number): SendRecord {
  const labels = makeLabels([
    ['alertname', 'MonNotifyTest'],
    ['severity', 'info'],
    ['receiver', receiver],
  ]);
  const annotations = makeLabels([['summary', 'A test by mon notify test. Nothing is wrong.']]);
  return {
    id: shortHash(`test ${receiver} ${index} ${nowMs}`),
    ...{ order: 0, group: 'test', groupKey: `{}:{alertname="MonNotifyTest"} ${nowMs}` },
    groupLabels: makeLabels([['alertname', 'MonNotifyTest']]),
    ...{ receiver, index, kind: 'notify', reason: 'test', decidedMs: nowMs, incident: '' },
    alerts: [
      {
        ...{ fingerprint: fingerprintOf(labels), firing: true, labels, annotations },
        ...{ startsAtMs: nowMs, endsAtMs: 0, generatorUrl: '' },
      },
    ],
  };
}

/** What became of it, in one line. */
export function testOutcome(
  receiver: string,
  { kind }: Integration,
  outcome: Outcome | unknown,
): TestOutcome {
  if (typeof outcome === 'object' && outcome !== null && 'kind' in outcome) {
    const { kind: ended, why } = outcome as { kind: string; why?: string };
    return { receiver, kind, ok: ended === 'delivered', words: why ?? 'delivered' };
  }
  return { receiver, kind, ok: false, words: messageOf(outcome) };
}
