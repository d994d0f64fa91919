// OpenSLO objects by kind and name, of all files that are read together, before any of them is
// looked into. Easy to get wrong: names are unique for a kind, not over all; and a description has
// a bound that the specification sets.
import { ConfigFile, Section, words } from './config-reader.ts';
import { required } from './slo-fields.ts';

const OPENSLO_KINDS = words(
  'DataSource SLO SLI AlertPolicy AlertCondition AlertNotificationTarget Service',
);

/** An object with a name, still to be read. */
export interface OpenSloObject {
  readonly kind: string;
  readonly name: string;
  readonly root: Section;
}

/** Everything that was read together, by kind and name. */
export class OpenSloObjects {
  readonly all: OpenSloObject[] = [];
  readonly #known = new Map<string, OpenSloObject>();

  /** @throws UserError for an unknown kind, or a second object of the same name. */
  add(file: ConfigFile): void {
    const root = new Section(file, file.root, 'an OpenSLO object', [
      ...words('apiVersion kind metadata spec'),
    ]);
    const kind = root.oneOf('kind', OPENSLO_KINDS) ?? root.fail('kind', 'kind is missing');
    const name = nameOf(root);
    const key = `${kind} ${name}`;
    if (this.#known.has(key)) root.fail('metadata', `${kind} ${name} is defined twice`);
    const object = { kind, name, root };
    this.#known.set(key, object);
    this.all.push(object);
    checkSpec(object);
  }

  find(kind: string, name: string): OpenSloObject | undefined {
    return this.#known.get(`${kind} ${name}`);
  }

  /** Whether services are written down at all: then a name that is not among them is a mistake. */
  get hasServices(): boolean {
    return this.all.some(({ kind }) => kind === 'Service');
  }
}

const SPEC_FIELDS: Readonly<Record<string, readonly string[]>> = {
  DataSource: words('description type connectionDetails'),
  SLO: [
    ...words('description service indicator indicatorRef timeWindow budgetingMethod objectives'),
    'alertPolicies',
  ],
  SLI: words('description thresholdMetric ratioMetric'),
  AlertPolicy: [
    ...words('description alertWhenNoData alertWhenResolved alertWhenBreaching conditions'),
    'notificationTargets',
  ],
  AlertCondition: words('description severity condition'),
  AlertNotificationTarget: words('description target'),
  Service: words('description'),
};

/** The spec of an object, its fields known. */
export function specOf({ kind, root }: Pick<OpenSloObject, 'kind' | 'root'>): Section {
  return root.section('spec', SPEC_FIELDS[kind]);
}

function checkSpec(object: OpenSloObject): void {
  const spec = specOf(object);
  const text = spec.text('description') ?? '';
  if (text.length > DESCRIPTION_MAX) {
    spec.fail('description', `description is longer than ${DESCRIPTION_MAX} characters`);
  }
}

const DESCRIPTION_MAX = 1050;
const NAME = /^[a-zA-Z0-9](?:[-a-zA-Z0-9_.]{0,251}[a-zA-Z0-9])?$/;

/** metadata.name of an object. */
export function nameOf(root: Section): string {
  const metadata = root.section('metadata', words('name displayName labels annotations'));
  const name = required(metadata, 'name');
  if (NAME.test(name)) return name;
  const hint = 'letters, digits and dashes, beginning and ending with a letter or a digit';
  return metadata.fail('name', `name ${JSON.stringify(name)} is no name of an object`, hint);
}
