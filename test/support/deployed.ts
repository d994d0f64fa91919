// What the files under deploy/ would run: every command line of mon in them, as words, with the
// file that has it. Easy to get wrong: variables of compose, Kubernetes and systemd are no words
// of ours, so they stand as they are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { projectRoot } from './project.ts';

/** One command line without the word `mon`. */
export interface DeployedCommand {
  readonly file: string;
  /** The service, pod or unit. */
  readonly name: string;
  readonly words: readonly string[];
}

/** A Kubernetes object, as far as tests look into it. */
export interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec; readonly metadata: Labelled };
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
    readonly serviceName?: string;
  };
}

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

export interface PodSpec {
  readonly containers: readonly {
    readonly image: string;
    readonly args: readonly string[];
    readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
    readonly resources: { readonly requests: object; readonly limits: object };
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    readonly [probe: string]: unknown;
  }[];
  readonly volumes: readonly { readonly name: string }[];
}

export interface ComposeService {
  readonly image: string;
  readonly command?: string;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
}

const KUBE_FILES = [
  '10-config.yaml',
  '20-log.yaml',
  '30-stores.yaml',
  '40-query.yaml',
  '50-collectors.yaml',
  '60-api.yaml',
];
export const UNITS = ['mon.service', 'mon-role@.service', 'mon-agent.service'];

export function deployed(path: string): string {
  return readFileSync(join(projectRoot, 'deploy', path), 'utf8');
}

export function compose(): Compose {
  return parse(deployed('compose/compose.yaml'), { merge: true }) as Compose;
}

export function kubeObjects(): KubeObject[] {
  return KUBE_FILES.flatMap((name) => {
    return parseAllDocuments(deployed(`kubernetes/${name}`)).map((one) => {
      if (one.errors.length > 0) throw one.errors[0];
      return one.toJS() as KubeObject;
    });
  });
}

export function deployedCommands(): DeployedCommand[] {
  const composed = Object.entries(compose().services).flatMap(([name, { command }]) => {
    if (command === undefined) return [];
    return [{ file: 'compose.yaml', name, words: command.split(/\s+/) }];
  });
  const pods = kubeObjects().flatMap(({ metadata, spec }) => {
    const containers = spec?.template?.spec.containers ?? [];
    return containers.map(({ args }) => ({ file: 'kubernetes', name: metadata.name, words: args }));
  });
  const units = UNITS.flatMap((file) => {
    const lines = [
      ...deployed(`systemd/${file}`).matchAll(/^Exec\w+=\/usr\/local\/bin\/mon (.*)$/gm),
    ];
    return lines.map(([, line]) => ({ file, name: file, words: line.split(' ') }));
  });
  const image = /^CMD (\[.*\])$/m.exec(deployed('Dockerfile'))?.[1] ?? '[]';
  const words = JSON.parse(image) as string[];
  return [...composed, ...pods, ...units, { file: 'Dockerfile', name: 'image', words }];
}
