// What a server tells of its rules and alerts, read from its JSON. Any Prometheus will do; what a
// server leaves out is empty. Easy to get wrong: the answer comes from outside, so nothing of it
// may be trusted to have a shape.
import type { Labels } from '../model/labels.ts';
import { makeLabels } from '../model/labels.ts';

export interface RemoteAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: string;
  readonly activeAtMs: number;
  readonly value: string;
}

export interface RemoteRule {
  readonly group: string;
  readonly file: string;
  readonly type: string;
  readonly name: string;
  readonly query: string;
  readonly state: string;
  readonly health: string;
  readonly lastError: string;
  readonly alerts: number;
  readonly evaluationSeconds: number;
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function labelsOf(value: unknown): Labels {
  return makeLabels(Object.entries(fields(value)).map(([k, v]) => [k, text(v)] as const));
}

/** The data of /api/v1/alerts. */
export function readAlerts(data: unknown): RemoteAlert[] {
  return list(fields(data)['alerts']).map((one) => {
    const alert = fields(one);
    const activeAtMs = Date.parse(text(alert['activeAt']));
    return {
      labels: labelsOf(alert['labels']),
      annotations: labelsOf(alert['annotations']),
      state: text(alert['state']),
      activeAtMs: Number.isNaN(activeAtMs) ? 0 : activeAtMs,
      value: text(alert['value']),
    };
  });
}

/** The data of /api/v1/rules, rule by rule. */
export function readRules(data: unknown): RemoteRule[] {
  return list(fields(data)['groups']).flatMap((one) => {
    const group = fields(one);
    return list(group['rules']).map((each) => {
      const rule = fields(each);
      const seconds = rule['evaluationTime'];
      return {
        group: text(group['name']),
        file: text(group['file']),
        type: text(rule['type']),
        name: text(rule['name']),
        query: text(rule['query']),
        state: text(rule['state']),
        health: text(rule['health']),
        lastError: text(rule['lastError']),
        alerts: list(rule['alerts']).length,
        evaluationSeconds: typeof seconds === 'number' ? seconds : 0,
      };
    });
  });
}
