// The receivers of a routing file: each entry's fields, what it inherits from the global section,
// and what has to be given. The verdicts are Alertmanager's. Easy to get wrong: "at most one of X
// and X_file" holds in the global section and in each entry apart, and an entry that gives either
// inherits neither.
import type { Node } from 'yaml';
import type { Integration, IntegrationKind, Receiver, Settings } from '../notify/routing.ts';
import { Section } from './config-reader.ts';
import type { ConfigFile } from './config-reader.ts';
import { RECEIVER_FIELDS } from './routes-fields.ts';
import { checkHttp } from './routes-http.ts';
import { RECEIVER_RULES } from './routes-rules.ts';
import { readSettings } from './routes-values.ts';

const KINDS = Object.keys(RECEIVER_FIELDS) as IntegrationKind[];
const SUFFIX = '_configs';
/** Kinds whose entries tell of resolved alerts only when they say so. */
const QUIET: readonly IntegrationKind[] = ['email', 'slack', 'wechat', 'rocketchat'];

/** All receivers by name. @throws UserError. */
export function readReceivers(root: Section, global: Settings): Map<string, Receiver> {
  const { file } = root;
  const out = new Map<string, Receiver>();
  for (const node of root.items('receivers')) {
    const known = ['name', 'labels', ...KINDS.map((kind) => kind + SUFFIX)];
    const section = new Section(file, node, 'a receiver', known);
    const name = section.text('name') ?? '';
    if (name === '') file.fail(node, 'missing name in a receiver');
    if (out.has(name)) section.fail('name', `the receiver ${JSON.stringify(name)} is twice`);
    checkLabels(section, name);
    const integrations: Integration[] = [];
    for (const kind of KINDS) {
      for (const item of section.items(kind + SUFFIX)) {
        const { length: index } = integrations;
        integrations.push(readIntegration(file, item, { kind, index, global }));
      }
    }
    out.set(name, { name, integrations });
  }
  return out;
}

function checkLabels(section: Section, name: string): void {
  for (const { key, value } of section.file.entries(section.value('labels'), 'labels')) {
    const text = value === null ? '' : section.file.text(value, key);
    if (key === 'name' && text !== name) {
      section.fail('labels', `the label name must be the receiver's name ${JSON.stringify(name)}`);
    }
  }
}

function readIntegration(
  file: ConfigFile,
  node: Node,
  about: { readonly kind: IntegrationKind; readonly index: number; readonly global: Settings },
): Integration {
  const { kind, index, global } = about;
  const table = RECEIVER_FIELDS[kind];
  const section = new Section(file, node, kind + SUFFIX, Object.keys(table));
  const settings = readSettings(section, table);
  if (section.has('http_config')) checkHttp(section.section('http_config', httpNames(table)));
  RECEIVER_RULES[kind](section, settings, global);
  if ('http_config' in table) settings['http_config'] ??= global['http_config'];
  const { send_resolved: given } = settings;
  const sendResolved = typeof given === 'boolean' ? given : !QUIET.includes(kind);
  return { kind, index, sendResolved, settings };
}

function httpNames(table: (typeof RECEIVER_FIELDS)[IntegrationKind]): string[] {
  return Object.keys(table['http_config'] as object);
}
