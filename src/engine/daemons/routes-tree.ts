// The routing tree, the inhibition rules and mon's escalation policies of a routing file. Easy to
// get wrong: children inherit what they leave out; the deprecated match, match_re, source_match and
// their like still count beside the matchers; label names of the old forms are ASCII alone.
import { isMap } from 'yaml';
import type { Node } from 'yaml';
import { plainBool } from './routes-values.ts';
import { UserError, messageOf } from '../errors.ts';
import type { Matcher } from '../model/matcher.ts';
import type {
  EscalationPolicy,
  EscalationStep,
  InhibitRule,
  RouteNode,
} from '../notify/routing.ts';
import { compileAnchored } from '../promql/regexp.ts';
import { matchersText, parseAlertMatchers, sortMatchers } from '../wire/alert-matchers.ts';
import { Section, words } from './config-reader.ts';
import type { ConfigFile } from './config-reader.ts';

const ROUTE_FIELDS = [
  ...words('receiver group_by match match_re matchers mute_time_intervals labels routes'),
  ...words('active_time_intervals continue group_wait group_interval repeat_interval x-mon'),
];
const INHIBIT_FIELDS = [
  ...words('name source_match source_match_re source_matchers equal'),
  ...words('target_match target_match_re target_matchers'),
];
const OLD_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const ROUTE_DEPTH_MAX = 50;
const REPEAT_MAX = 1000;

/** Names that a route may use. */
export interface KnownNames {
  readonly receivers: ReadonlySet<string>;
  readonly intervals: ReadonlySet<string>;
}

type Under = Pick<
  RouteNode,
  'receiver' | 'groupBy' | 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs' | 'escalation'
> & { readonly key: string; readonly depth: number };

const ROOT: Under = {
  ...{ receiver: '', groupBy: [], escalation: undefined, key: '', depth: 0 },
  ...{ groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 },
};

/** The whole tree. @throws UserError. */
export function readRoot(root: Section, names: KnownNames): RouteNode {
  const { file } = root;
  if (!root.has('route')) file.fail(root.place('route'), 'no route: the file needs a root route');
  const section = new Section(file, root.value('route'), 'route', ROUTE_FIELDS);
  const forbidden = ['match', 'match_re', 'matchers', 'mute_time_intervals'];
  for (const name of [...forbidden, 'active_time_intervals']) {
    const empty = file.follow(section.value(name)) as { items?: readonly unknown[] } | null;
    if ((empty?.items?.length ?? 0) > 0) section.fail(name, `the root route must not have ${name}`);
  }
  if (continues(section)) section.fail('continue', 'the root route cannot continue');
  if ((section.text('receiver') ?? '') === '') {
    section.fail('receiver', 'the root route must name a default receiver');
  }
  return readRoute(file, root.value('route') as Node, names, ROOT);
}

function readRoute(file: ConfigFile, node: Node, names: KnownNames, under: Under): RouteNode {
  if (under.depth > ROUTE_DEPTH_MAX) file.fail(node, 'routes are nested too deep');
  const section = new Section(file, node, 'a route', ROUTE_FIELDS);
  const own = section.text('receiver') ?? '';
  if (own !== '' && !names.receivers.has(own)) {
    section.fail('receiver', `undefined receiver ${JSON.stringify(own)}`, known(names.receivers));
  }
  const intervals = (name: string): string[] => {
    const used = section.texts(name);
    const lost = used.findIndex((one) => !names.intervals.has(one));
    if (lost < 0) return used;
    const words = `undefined time interval ${JSON.stringify(used[lost])}`;
    return file.fail(section.items(name)[lost], words, known(names.intervals));
  };
  const matchers = sortMatchers([
    ...readMatchers(section, 'matchers'),
    ...readMatch(section, 'match', '='),
    ...readMatch(section, 'match_re', '=~'),
  ]);
  const key = `${under.key === '' ? '' : `${under.key}/`}${matchersText(matchers)}`;
  const mon = section.section('x-mon', ['escalation']);
  const escalation = mon.has('escalation') ? readEscalation(mon, names) : under.escalation;
  const options = {
    key,
    escalation,
    receiver: own === '' ? under.receiver : own,
    groupBy: readGroupBy(section) ?? under.groupBy,
    groupWaitMs: section.duration('group_wait') ?? under.groupWaitMs,
    groupIntervalMs: above0(section, 'group_interval') ?? under.groupIntervalMs,
    repeatIntervalMs: above0(section, 'repeat_interval') ?? under.repeatIntervalMs,
  };
  checkLabels(section);
  const inner = { ...options, depth: under.depth + 1 };
  return {
    ...options,
    matchers,
    continues: continues(section),
    muteIntervals: intervals('mute_time_intervals'),
    activeIntervals: intervals('active_time_intervals'),
    routes: section.items('routes').map((item) => readRoute(file, item, names, inner)),
  };
}

function known(names: ReadonlySet<string>): string {
  return names.size === 0 ? 'the file defines none' : `there are ${[...names].join(', ')}`;
}

function above0(section: Section, name: string): number | undefined {
  const ms = section.duration(name);
  return ms === 0 ? section.fail(name, `${name} cannot be zero`) : ms;
}

function readGroupBy(section: Section): RouteNode['groupBy'] | undefined {
  if (!section.has('group_by')) return undefined;
  const names = section.texts('group_by');
  const all = names.includes('...');
  const labels = names.filter((name) => name !== '...');
  if (all && labels.length > 0) {
    section.fail('group_by', "'...' stands alone: it means every label");
  }
  for (const [i, name] of labels.entries()) {
    if (name === '') section.fail('group_by', 'a label name must not be empty');
    if (labels.indexOf(name) !== i) section.fail('group_by', `the label ${name} is twice`);
  }
  return all ? 'all' : labels;
}

function checkLabels(section: Section): void {
  for (const { key, keyNode } of section.file.entries(section.value('labels'), 'labels')) {
    if (key === '') section.file.fail(keyNode, 'a label name must not be empty');
  }
}

function readMatchers(section: Section, name: string): Matcher[] {
  return section.items(name).flatMap((item) => {
    try {
      return parseAlertMatchers(section.file.text(item, `an item of ${name}`));
    } catch (thrown) {
      const hint = thrown instanceof UserError ? thrown.hint : undefined;
      return section.file.fail(item, messageOf(thrown), hint);
    }
  });
}

function readMatch(section: Section, name: string, op: '=' | '=~'): Matcher[] {
  const { file } = section;
  return file.entries(section.value(name), name).map(({ key, keyNode, value }) => {
    if (!OLD_NAME.test(key)) file.fail(keyNode, `invalid label name ${JSON.stringify(key)}`);
    if (op === '=') return { name: key, op, value: value === null ? '' : file.text(value, key) };
    if (value === null) return file.fail(keyNode, `${key} needs a regular expression`);
    const text = file.text(value, key);
    try {
      compileAnchored(text);
    } catch (thrown) {
      file.fail(value, `${JSON.stringify(text)} is no regular expression: ${messageOf(thrown)}`);
    }
    return { name: key, op, value: text };
  });
}

/** The inhibition rules. @throws UserError. */
export function readInhibitRules(root: Section): InhibitRule[] {
  return root.items('inhibit_rules').map((node) => {
    const section = new Section(root.file, node, 'inhibit_rules', INHIBIT_FIELDS);
    const side = (name: 'source' | 'target'): Matcher[] => [
      ...readMatch(section, `${name}_match`, '='),
      ...readMatch(section, `${name}_match_re`, '=~'),
      ...readMatchers(section, `${name}_matchers`),
    ];
    const equal = section.texts('equal');
    if (equal.includes('')) section.fail('equal', 'a label name must not be empty');
    return { source: side('source'), target: side('target'), equal };
  });
}

function continues(section: Section): boolean {
  return section.has('continue') && plainBool(section, 'continue') === true;
}

/**
 * `escalation` in its three forms: the steps themselves, a map from severity to steps, or a list of
 * policies with matchers, steps and repeat. @throws UserError.
 */
export function readEscalation(mon: Section, names: KnownNames): EscalationPolicy[] {
  const { file } = mon;
  const node = mon.value('escalation');
  if (isMap(node)) {
    return file.entries(node, 'escalation').map(({ key, value }) => ({
      matchers: [{ name: 'severity', op: '=', value: key }],
      steps: readSteps(file, value, names),
      repeat: 0,
    }));
  }
  const items = mon.items('escalation');
  const isSteps = items.every((item) =>
    file.entries(item, 'escalation').some(({ key }) => key === 'after'),
  );
  if (isSteps) return [{ matchers: [], steps: readSteps(file, node, names), repeat: 0 }];
  return items.map((item) => {
    const known = ['severity', 'matchers', 'steps', 'repeat'];
    const section = new Section(file, item, 'a policy of escalation', known);
    const severity = section.text('severity');
    const bySeverity = severity === undefined ? [] : severityMatcher(section, severity);
    return {
      matchers: [...bySeverity, ...readMatchers(section, 'matchers')],
      steps: readSteps(file, section.value('steps'), names),
      repeat: section.integer('repeat', 0, REPEAT_MAX) ?? 0,
    };
  });
}

/** A severity, or several as in P1|P2. */
function severityMatcher(section: Section, value: string): Matcher[] {
  try {
    compileAnchored(value);
  } catch {
    section.fail('severity', 'severity is a word, or several as in P1|P2');
  }
  return [{ name: 'severity', op: '=~', value }];
}

function readSteps(file: ConfigFile, node: Node | null, names: KnownNames): EscalationStep[] {
  const steps = file.items(node, 'the steps of an escalation').map((item) => {
    const section = new Section(file, item, 'a step of an escalation', ['after', 'to']);
    const afterMs = section.duration('after');
    const to = section.text('to') ?? '';
    if (afterMs === undefined) return file.fail(item, 'a step needs after', 'as in after: 10m');
    if (!names.receivers.has(to)) {
      section.fail('to', `undefined receiver ${JSON.stringify(to)}`, known(names.receivers));
    }
    return { afterMs, to };
  });
  if (steps.length === 0) file.fail(node, 'an escalation needs steps');
  return steps.sort((a, b) => a.afterMs - b.afterMs);
}
