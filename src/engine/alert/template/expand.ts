// Expands the template of a label or an annotation for one sample. Queries inside are answered by
// whoever evaluates: a template that asks runs again until all its queries are known. Easy to get
// wrong: a mistake never fails a rule; the text then says what went wrong, as in Prometheus.
import { UserError, messageOf } from '../../errors.ts';
import { TEMPLATE_QUERIES_MAX } from '../../limits.ts';
import type { Labels } from '../../model/labels.ts';
import { isTemplate, parsedTemplate } from './check-template.ts';
import { Executor } from './execute.ts';
import { templateFunctions } from './functions.ts';
import { Struct } from './values.ts';
import type { GoValue } from './values.ts';

/** One sample of a query inside a template. */
export interface TemplateSample {
  readonly labels: Labels;
  readonly value: number;
}

export interface TemplateData {
  readonly labels: Labels;
  readonly value: number;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  readonly timeMs: number;
  /** Answers a query at the time of evaluation. */
  readonly query: (text: string) => Promise<readonly TemplateSample[]>;
}

/** A query that has not been asked yet. */
class Unanswered extends Error {
  readonly text: string;
  constructor(text: string) {
    super('a query is to be asked');
    this.text = text;
  }
}

/** The text; one with a mistake in it says so, as Prometheus words it. */
export async function expandTemplate(text: string, data: TemplateData): Promise<string> {
  if (!isTemplate(text)) return text;
  try {
    return await expanded(text, data);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return `<error expanding template: error executing template: ${messageOf(thrown)}>`;
  }
}

async function expanded(text: string, data: TemplateData): Promise<string> {
  const answers = new Map<string, GoValue[] | UserError>();
  for (let round = 0; round <= TEMPLATE_QUERIES_MAX; round++) {
    try {
      return run(text, data, answers);
    } catch (thrown) {
      if (!(thrown instanceof Unanswered)) throw thrown;
      answers.set(thrown.text, await asked(thrown.text, data));
    }
  }
  throw new UserError(`a template asks more than ${TEMPLATE_QUERIES_MAX} queries`);
}

async function asked(text: string, data: TemplateData): Promise<GoValue[] | UserError> {
  try {
    const samples = await data.query(text);
    return samples.map(({ labels, value }) => {
      return new Struct('template.sample', { Labels: mapOf(labels), Value: value });
    });
  } catch (thrown) {
    return new UserError(messageOf(thrown));
  }
}

function run(
  text: string,
  data: TemplateData,
  answers: ReadonlyMap<string, GoValue[] | UserError>,
): string {
  const templates = parsedTemplate(text);
  const labels = mapOf(data.labels);
  const externalLabels = mapOf(data.externalLabels);
  const { externalUrl, timeMs, value } = data;
  const query = (words: string): GoValue[] => {
    const answer = answers.get(words);
    if (answer === undefined) throw new Unanswered(words);
    if (answer instanceof UserError) throw answer;
    return answer;
  };
  const template = (name: string, inner: GoValue): string => executor.run(name, inner);
  const functions = templateFunctions({ externalUrl, timeMs, query, template });
  const variables = [
    ['$labels', labels],
    ['$externalLabels', externalLabels],
    ['$externalURL', externalUrl],
    ['$value', value],
  ] as const;
  const executor: Executor = new Executor({ templates, functions, variables });
  const dot = { Labels: labels, ExternalLabels: externalLabels, ExternalURL: externalUrl };
  return executor.run('', new Struct('template.Data', { ...dot, Value: value }));
}

function mapOf(labels: Labels): ReadonlyMap<string, GoValue> {
  const map = new Map<string, GoValue>();
  for (let i = 0; i < labels.length; i += 2) map.set(labels[i], labels[i + 1]);
  return map;
}
