// Templates of notifications: Alertmanager's data and functions over the same engine as rules use.
// The daemon hands it to the notifier as one function. Easy to get wrong: a default template that a
// text names is given in as a value, never as text, or a label value could become a template.
// Source: prometheus/alertmanager, template/template.go.
import { UserError } from '../../errors.ts';
import { parseTemplate } from './parse.ts';
import { Executor } from './execute.ts';
import type { GoFunction } from './execute.ts';
import { templateFunctions } from './functions.ts';
import type { Templates } from './nodes.ts';
import { Moment, Struct, textOf, withMethods } from './values.ts';
import type { GoValue } from './values.ts';

type LabelObject = Readonly<Record<string, string>>;

/** One alert as a notification tells it. */
export interface TemplateAlert {
  readonly status: string;
  readonly labels: LabelObject;
  readonly annotations: LabelObject;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

/** What Alertmanager hands to a template. */
export interface TemplateMessage {
  readonly receiver: string;
  readonly status: string;
  readonly groupLabels: LabelObject;
  readonly commonLabels: LabelObject;
  readonly commonAnnotations: LabelObject;
  readonly externalURL: string;
  readonly alerts: readonly TemplateAlert[];
}

const NAMED = /\{\{(-?)\s*template\s+"([^"]+)"\s+\.\s*(-?)\}\}/g;

function listOf(value: GoValue): GoValue[] {
  if (Array.isArray(value)) return value;
  throw new UserError('expected a list');
}

const FUNCTIONS: readonly (readonly [string, GoFunction])[] = [
  ['join', (by, list) => listOf(list).map(textOf).join(textOf(by))],
  ['trimSpace', (text) => textOf(text).trim()],
  ['stringSlice', (...all) => all],
  ['safeUrl', (text) => textOf(text)],
  ['urlUnescape', (text) => decoded(textOf(text))],
  ['toJson', (value) => JSON.stringify(plain(value))],
];

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new UserError('invalid URL escape');
  }
}

function plain(value: GoValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Struct) return entries(value.fields);
  return value instanceof Map ? entries(value) : value;
}

function entries(map: ReadonlyMap<string, GoValue>): unknown {
  return Object.fromEntries([...map].map(([key, one]) => [key, plain(one)]));
}

const functions = new Map<string, GoFunction>([
  ...templateFunctions({ externalUrl: '', timeMs: 0, query: () => [], template: () => '' }),
  ...FUNCTIONS,
]);
for (const name of ['query', 'tmpl', 'pathPrefix', 'externalURL', 'now']) functions.delete(name);
const NAMES: ReadonlySet<string> = new Set(functions.keys());

/** Writes a text that is a default template for whoever knows its name. */
export type DefaultTemplate = (name: string) => (() => string) | undefined;

/** A text without the default templates that it names, and the variables in their places. */
function withVariables(text: string, defaults: DefaultTemplate) {
  const makers: (() => string)[] = [];
  const body = text.replaceAll(NAMED, (whole, before: string, name: string, after: string) => {
    const make = defaults(name);
    if (make === undefined) return whole;
    makers.push(make);
    return `{{${before} $default${makers.length - 1} ${after}}}`;
  });
  return { body, makers, names: makers.map((_, i) => `$default${i}`) };
}

/**
 * What template files define, to be named in texts.
 * @throws UserError for a file that is no template.
 */
export function definedIn(text: string): Templates {
  const all = new Map(parseTemplate(text, NAMES));
  all.delete('');
  return all;
}

/** @throws UserError when the text is no template that could run. */
export function checkMessageTemplate(text: string, defaults: DefaultTemplate): void {
  const { body, names } = withVariables(text, defaults);
  parseTemplate(body, NAMES, names);
}

/** The text of a template for a message. @throws UserError. */
export function renderMessage(
  text: string,
  message: TemplateMessage,
  defaults: DefaultTemplate,
  defined: Templates,
): string {
  const { body, makers, names } = withVariables(text, defaults);
  const templates = new Map([...defined, ...parseTemplate(body, NAMES, names)]);
  const variables = makers.map((make, i) => [names[i], make()] as const);
  return new Executor({ templates, functions, variables }).run('', dataOf(message));
}

function dataOf(message: TemplateMessage): Struct {
  const alerts = message.alerts.map(alertOf);
  const of = (status: string): GoValue[] => {
    return alerts.filter((_, i) => message.alerts[i].status === status);
  };
  return new Struct('template.Data', {
    Receiver: message.receiver,
    Status: message.status,
    Alerts: withMethods([...alerts], { Firing: of('firing'), Resolved: of('resolved') }),
    GroupLabels: pairsOf(message.groupLabels),
    CommonLabels: pairsOf(message.commonLabels),
    CommonAnnotations: pairsOf(message.commonAnnotations),
    ExternalURL: message.externalURL,
  });
}

function alertOf(alert: TemplateAlert): Struct {
  return new Struct('template.Alert', {
    Status: alert.status,
    Labels: pairsOf(alert.labels),
    Annotations: pairsOf(alert.annotations),
    StartsAt: new Moment(alert.startsAtMs),
    EndsAt: new Moment(alert.endsAtMs),
    GeneratorURL: alert.generatorURL,
    Fingerprint: alert.fingerprint,
  });
}

/** A template.KV: a map with the lists that Alertmanager's methods answer. */
function pairsOf(labels: LabelObject): GoValue {
  const names = Object.keys(labels).toSorted();
  const first = names.filter((name) => name === 'alertname');
  const sorted = [...first, ...names.filter((name) => name !== 'alertname')];
  const map: ReadonlyMap<string, GoValue> = new Map(Object.entries(labels));
  return withMethods(map, {
    SortedPairs: sorted.map((name) => {
      return new Struct('template.Pair', { Name: name, Value: labels[name] });
    }),
    Names: sorted,
    Values: sorted.map((name) => labels[name]),
  });
}
