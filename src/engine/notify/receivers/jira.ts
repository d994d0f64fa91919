// Notifications to Jira, as issues: one for each group, found again by a label that names it, made
// when it fires, written anew while it lasts, moved on when it is over. A receiver beside those for
// people on call. Source: Atlassian's REST API 2 and 3, and the fields of Alertmanager's
// jira_configs. Easy to get wrong: a second attempt has to find the issue of the first one, so what
// is there is searched before anything is made.
import { messageOf } from '../../errors.ts';
import { shortHash } from '../fingerprint.ts';
import type { Integration, Settings } from '../routing.ts';
import { textSetting } from '../routing.ts';
import { outcomeOf } from './http-post.ts';
import type { PostAnswer } from './http-post.ts';
import type { Outcome } from './outcome.ts';
import { Texts, cutText } from './sender.ts';
import type { Sender, SenderTools } from './sender.ts';
import { rendered } from './webhook.ts';

const SUMMARY_MAX = 255;
const DESCRIPTION_MAX = 32_767;
const MINUTE_MS = 60_000;

interface Issue {
  readonly key: string;
  readonly done: boolean;
}

/** An answer that ends the attempt. */
class Ended extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

type Call = (method: 'GET' | 'POST' | 'PUT', url: string, body?: unknown) => Promise<unknown>;

export function jiraSender(integration: Integration, tools: SenderTools): Sender {
  return async (message, signal) => {
    const texts = new Texts(integration, message, tools);
    const http = integration.settings['http_config'] as Settings | undefined;
    const call: Call = async (method, url, body) => {
      const answer = await tools.post({
        ...{ url, method, http, signal },
        body: body === undefined ? '' : JSON.stringify(body),
        contentType: 'application/json',
        headers: { 'Accept-Language': 'en', 'Idempotency-Key': message.id },
      });
      const outcome = outcomeOf(answer, tools.clock);
      if (outcome.kind !== 'delivered') throw new Ended(outcome);
      return parsed(answer);
    };
    try {
      await tell(texts, call);
      return { kind: 'delivered' };
    } catch (thrown) {
      if (thrown instanceof Ended) return thrown.outcome;
      throw thrown;
    }
  };
}

async function tell(texts: Texts, call: Call): Promise<void> {
  const { message, settings } = texts;
  const firing = message.status === 'firing';
  const api = textSetting(settings, 'api_url').replace(/\/$/, '');
  const found = await search(texts, call, api);
  if (found === undefined) {
    if (firing) await call('POST', `${api}/issue`, { fields: fieldsOf(texts, api) });
    return;
  }
  const { description, summary, ...fields } = fieldsOf(texts, api);
  const written = {
    ...fields,
    ...(isUpdated(settings['summary']) ? { summary } : {}),
    ...(isUpdated(settings['description']) ? { description } : {}),
  };
  const issue = `${api}/issue/${encodeURIComponent(found.key)}`;
  await call('PUT', issue, { fields: written });
  const wish = textSetting(settings, firing ? 'reopen_transition' : 'resolve_transition');
  if (wish !== '' && found.done === firing) await move(call, `${issue}/transitions`, wish);
}

/** The label by which the issue of a group is found again. */
function labelOf({ message }: Texts): string {
  return `ALERT{${shortHash(message.groupKey, 64)}}`;
}

async function search(texts: Texts, call: Call, api: string): Promise<Issue | undefined> {
  const { message, settings } = texts;
  const wontFix = textSetting(settings, 'wont_fix_resolution');
  const minutes = Math.floor(Number(settings['reopen_duration'] ?? 0) / MINUTE_MS);
  const reopens = textSetting(settings, 'reopen_transition') !== '' && minutes > 0;
  const parts = [
    // `!=` alone leaves out what has no resolution yet.
    ...(wontFix === '' ? [] : [`(resolution is EMPTY or resolution != ${quoted(wontFix)})`]),
    message.status === 'firing' && reopens
      ? `(resolutiondate is EMPTY or resolutiondate >= -${minutes}m)`
      : 'statusCategory != Done',
    `project = ${quoted(texts.text('project'))}`,
    `labels = ${quoted(labelOf(texts))}`,
  ];
  const jql = `${parts.join(' and ')} order by status ASC, resolutiondate DESC`;
  const isCloud =
    settings['api_type'] === 'cloud' ||
    ((settings['api_type'] ?? 'auto') === 'auto' && new URL(api).host.endsWith('atlassian.net'));
  const url = isCloud ? `${api.replace('/rest/api/2', '/rest/api/3')}/search/jql` : `${api}/search`;
  const answer = await call('POST', url, { jql, maxResults: 2, fields: ['status'] });
  const [first] = listOf(answer, 'issues');
  if (first === undefined) return undefined;
  const { key, fields } = first as { key?: unknown; fields?: Record<string, unknown> };
  if (typeof key !== 'string' || key === '') throw again('answered an issue without a key');
  const status = fields?.['status'] as { statusCategory?: { key?: unknown } } | undefined;
  return { key, done: status?.statusCategory?.key === 'done' };
}

async function move(call: Call, url: string, wish: string): Promise<void> {
  const answer = await call('GET', url);
  const found = listOf(answer, 'transitions').find(
    (one) => (one as { name?: unknown } | null)?.name === wish,
  ) as { id?: unknown } | undefined;
  if (found === undefined) {
    throw new Ended({ kind: 'refused', why: `the issue has no transition ${quoted(wish)}` });
  }
  await call('POST', url, { transition: { id: found.id } });
}

function fieldsOf(texts: Texts, api: string) {
  const { settings } = texts;
  const own = rendered(settings['fields'] ?? {}, texts) as Record<string, unknown>;
  const labels = ((settings['labels'] ?? []) as readonly string[]).map((one) => texts.render(one));
  const priority = texts.text('priority', '{{ template "jira.default.priority" . }}').trim();
  const text = cutText(fieldText(texts, 'description'), DESCRIPTION_MAX);
  return {
    ...own,
    project: { key: texts.text('project') },
    issuetype: { name: texts.text('issue_type') },
    summary: cutText(fieldText(texts, 'summary').replaceAll(/\s+/g, ' '), SUMMARY_MAX),
    description: api.endsWith('/3') ? documentOf(text) : text,
    labels: [...labels, labelOf(texts)].toSorted(),
    ...(priority === '' ? {} : { priority: { name: priority } }),
  };
}

/** A field that is a text, or a section with a template. */
function fieldText(texts: Texts, name: string): string {
  const given = texts.settings[name];
  const own = typeof given === 'object' ? (given as Settings | null)?.['template'] : given;
  const fallback = `{{ template "jira.default.${name}" . }}`;
  return texts.render(typeof own === 'string' ? own : fallback);
}

function isUpdated(field: unknown): boolean {
  return (field as Settings | null | undefined)?.['enable_update'] !== false;
}

/** API 3 wants a document: the template's own where it is one, else the text's lines. */
function documentOf(text: string): unknown {
  try {
    const own: unknown = JSON.parse(text);
    if (typeof own === 'object' && own !== null) return own;
  } catch {
    // It is plain text.
  }
  const content = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ type: 'paragraph', content: [{ type: 'text', text: line }] }));
  return { type: 'doc', version: 1, content };
}

/** A text within JQL. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function again(why: string): Ended {
  return new Ended({ kind: 'again', why });
}

function parsed({ body }: PostAnswer): unknown {
  if (body.trim() === '') return undefined;
  try {
    return JSON.parse(body);
  } catch (thrown) {
    throw again(`answered no JSON: ${messageOf(thrown).slice(0, 100)}`);
  }
}

function listOf(answer: unknown, name: string): readonly unknown[] {
  const list = (answer as Record<string, unknown> | null | undefined)?.[name];
  if (!Array.isArray(list)) throw again(`answered without ${name}`);
  return list as unknown[];
}
