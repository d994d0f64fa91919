// The list `policies` under `cardinality:`: what the door does about metrics that nobody asks for,
// that come too often, or that one label multiplies. Part of the configuration. Easy to get wrong:
// an item says what it does by the one field that it has, so two of them in one item are a mistake.
import { COMBINED, type Policy } from '../collector/policy.ts';
import { messageOf } from '../errors.ts';
import { POLICIES_MAX, POLICY_LABELS_MAX } from '../limits-explore.ts';
import { formatDuration } from '../model/duration.ts';
import type { Matcher } from '../model/matcher.ts';
import { parse } from '../promql/parse.ts';
import { compileAnchored } from '../promql/regexp.ts';
import { Section, words } from './config-reader.ts';
import type { Plain } from './config-render-access.ts';

const ACTIONS = ['unqueried', 'keep_every', 'aggregate'] as const;
const FIELDS = [...ACTIONS, ...words('name dry_run except match without')];
/** The fields that belong to one action alone. */
const OWN = {
  unqueried: ['except'],
  keep_every: ['match'],
  aggregate: ['match', 'without'],
} as const;
const WHAT = 'an item of policies';
const HINT = `write a selector such as '{__name__=~"container_.*"}'`;
const IDLE_MS_MIN = 3_600_000;
const EVERY_MS_MIN = 1000;
const EVERY_MS_MAX = 3_600_000;

export function readPolicies(cardinality: Section): readonly Policy[] {
  const items = cardinality.items('policies');
  if (items.length > POLICIES_MAX) {
    cardinality.fail('policies', `there are more than ${POLICIES_MAX} policies`);
  }
  const names = new Set<string>();
  return items.map((item, i) => {
    const section = new Section(cardinality.file, item, WHAT, FIELDS);
    const policy = readPolicy(section, i + 1);
    if (names.has(policy.name)) section.fail('name', `two policies are called ${policy.name}`);
    names.add(policy.name);
    return policy;
  });
}

function readPolicy(section: Section, number: number): Policy {
  const given = ACTIONS.filter((one) => section.has(one));
  if (given.length !== 1) {
    const message = `${WHAT} has one of ${ACTIONS.join(', ')}`;
    section.file.fail(section.place(given[1] ?? 'name'), message);
  }
  const [kind] = given;
  for (const name of ['except', 'match', 'without'] as const) {
    const belongs = (OWN[kind] as readonly string[]).includes(name);
    if (section.has(name) && !belongs) section.fail(name, `${name} does not go with ${kind}`);
  }
  const name = section.text('name') ?? `${kind.replaceAll('_', '-')}-${number}`;
  const any = { name, dryRun: section.bool('dry_run') ?? false };
  if (kind === 'unqueried') return { ...any, kind, ...readUnqueried(section) };
  if (kind === 'keep_every') {
    const everyMs = section.duration('keep_every') ?? 0;
    if (everyMs < EVERY_MS_MIN || everyMs > EVERY_MS_MAX) {
      section.fail('keep_every', 'keep_every must be from 1s to 1h');
    }
    return { ...any, kind, everyMs, ...readMatch(section) };
  }
  const how = section.oneOf('aggregate', COMBINED) ?? 'sum';
  const without = section.texts('without');
  if (without.length === 0 || without.length > POLICY_LABELS_MAX || without.includes('__name__')) {
    section.fail('without', `without names from 1 to ${POLICY_LABELS_MAX} labels to take away`);
  }
  return { ...any, kind, how, without, ...readMatch(section) };
}

function readUnqueried(section: Section): { idleMs: number; except: readonly string[] } {
  const idleMs = section.duration('unqueried') ?? 0;
  if (idleMs < IDLE_MS_MIN) {
    section.fail('unqueried', 'unqueried must be 1h or more', 'as in 30d');
  }
  const except = section.texts('except');
  for (const text of except) {
    try {
      compileAnchored(text);
    } catch (thrown) {
      section.fail('except', messageOf(thrown), 'write names of metrics as RE2 expressions');
    }
  }
  return { idleMs, except };
}

function readMatch(section: Section): { match: string; matchers: readonly Matcher[] } {
  const match = section.text('match') ?? section.fail('match', 'match is missing', HINT);
  try {
    const expr = parse(match);
    if (expr.kind === 'selector') return { match, matchers: expr.matchers };
  } catch (thrown) {
    section.fail('match', messageOf(thrown), HINT);
  }
  return section.fail('match', 'this is no series selector', HINT);
}

/** A policy as the file would say it. */
export function policyFields(policy: Policy): Plain {
  const any = { name: policy.name, ...(policy.dryRun ? { dry_run: true } : {}) };
  if (policy.kind === 'unqueried') {
    const { idleMs, except } = policy;
    const more = except.length === 0 ? {} : { except };
    return { ...any, unqueried: formatDuration(idleMs), ...more };
  }
  if (policy.kind === 'keep_every') {
    return { ...any, match: policy.match, keep_every: formatDuration(policy.everyMs) };
  }
  return { ...any, match: policy.match, aggregate: policy.how, without: policy.without };
}
