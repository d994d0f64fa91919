// file_sd_configs: target groups in JSON or YAML files that other programs write. Files are read
// again and again and compared by content, so no watcher of the operating system is needed. Easy to
// get wrong: a file that is broken, or half written, keeps its old targets; one that is gone takes
// them along.
import { dirname, basename, join } from 'node:path';
import { messageOf, MonError } from '../errors.ts';
import { DISCOVERY_POLL_MS } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import { parseJson } from '../wire/json-text.ts';
import type { Discovery } from './discovery.ts';
import type { FileDiscoveryConfig, TargetGroup } from './scrape-config.ts';

interface KnownFile {
  readonly text: string;
  readonly groups: readonly TargetGroup[];
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/**
 * Name and value pairs of a group; numbers and booleans are taken as their text, as YAML writes
 * them.
 */
function labelsOf(value: unknown, where: string): Record<string, string> {
  const labels = Object.create(null) as Record<string, string>;
  if (value === undefined || value === null) return labels;
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${where}: labels`);
  for (const [name, text] of Object.entries(value)) {
    if (!isText(text)) throw new Error(`${where}: the label ${JSON.stringify(name)} is no text`);
    labels[name] = text;
  }
  return labels;
}

/**
 * A list of groups as file and HTTP discovery have them; `origin` stands in each as `originLabel`.
 * @throws Error with a sentence when it is not one.
 */
export function targetGroups(list: unknown, origin: string, originLabel: string): TargetGroup[] {
  if (list === null || list === '') return [];
  if (!Array.isArray(list)) throw new Error('not a list of target groups');
  return list.map((group: unknown, i) => {
    const where = `group ${i + 1}`;
    if (typeof group !== 'object' || group === null) throw new Error(`${where} is no map`);
    const { targets, labels, ...more } = group as Record<string, unknown>;
    const extra = Object.keys(more)[0];
    if (extra !== undefined) throw new Error(`${where}: unknown field ${JSON.stringify(extra)}`);
    if (!Array.isArray(targets) || !targets.every(isText)) {
      throw new Error(`${where}: targets is no list of addresses`);
    }
    const given = labelsOf(labels, where);
    given[originLabel] = origin;
    return { source: `${origin}:${i}`, targets, labels: given };
  });
}

/**
 * The groups of one discovery file. JSON is YAML too, so one parser reads both.
 * @throws Error with a sentence when the text is not a list of groups.
 */
export async function parseTargetFile(text: string, path: string): Promise<TargetGroup[]> {
  const list: unknown = path.toLowerCase().endsWith('.json')
    ? parseJson(text)
    : await parseYaml(text);
  return targetGroups(list, path, '__meta_filepath');
}

/** The parser is large: who has no such file does without it. */
async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  return parse(text, { schema: 'failsafe', maxAliasCount: 100 });
}

/** A shell pattern of one path element as a regular expression: * and ? only. */
function globPattern(glob: string): RegExp {
  const text = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${text.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

/** The files that a path of file_sd_configs names now. */
async function matchingFiles(disk: Disk, path: string): Promise<string[]> {
  const name = basename(path);
  if (!/[*?]/.test(name)) return [path];
  const pattern = globPattern(name);
  const names = await disk.list(dirname(path));
  return names.filter((n) => pattern.test(n)).map((n) => join(dirname(path), n));
}

export interface FileDiscoveryOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly config: FileDiscoveryConfig;
  readonly changed: () => void;
  readonly warn: (sentence: string) => void;
}

/** Watches the files of one file_sd_config. `groups` are those of the last good reading. */
export class FileDiscovery implements Discovery {
  /** Readings that failed: a file broken, unreadable or missing. */
  failures = 0;
  readonly #options: FileDiscoveryOptions;
  readonly #files = new Map<string, KnownFile>();
  /** Complaints made, so that each is made once until it changes. */
  readonly #said = new Map<string, string>();
  readonly #stopping = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(options: FileDiscoveryOptions) {
    this.#options = options;
  }

  groups(): TargetGroup[] {
    return [...this.#files.values()].flatMap((file) => file.groups);
  }

  /** Reads all files once, then goes on in the background. */
  async start(): Promise<void> {
    await this.#readAll();
    this.#done = this.#poll(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#options;
    for (;;) {
      await clock.sleep(Math.min(config.refreshMs, DISCOVERY_POLL_MS), signal);
      if (signal.aborted) return;
      if (await this.#readAll()) this.#options.changed();
    }
  }

  /** True when the targets changed. */
  async #readAll(): Promise<boolean> {
    const { disk, config } = this.#options;
    const present = new Set<string>();
    let changed = false;
    let unsure = false;
    for (const path of config.files) {
      try {
        for (const file of await matchingFiles(disk, path)) present.add(file);
        this.#said.delete(path);
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        unsure ||= thrown.code !== 'MON_NOT_FOUND';
        this.#complain(path, thrown.message);
      }
    }
    for (const path of present) {
      const result = await this.#readOne(path);
      if (result === 'gone') present.delete(path);
      else if (result === 'changed') changed = true;
    }
    for (const path of this.#files.keys()) {
      if (present.has(path) || unsure) continue;
      this.#files.delete(path);
      changed = true;
    }
    return changed;
  }

  async #readOne(path: string): Promise<'changed' | 'same' | 'gone'> {
    let text: string;
    try {
      text = new TextDecoder().decode(await this.#options.disk.readFile(path));
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      this.#complain(path, thrown.message);
      return thrown.code === 'MON_NOT_FOUND' ? 'gone' : 'same';
    }
    if (this.#files.get(path)?.text === text) return 'same';
    try {
      this.#files.set(path, { text, groups: await parseTargetFile(text, path) });
      this.#said.delete(path);
      return 'changed';
    } catch (thrown) {
      this.#complain(path, messageOf(thrown).split('\n', 1)[0]);
      return 'same';
    }
  }

  #complain(path: string, reason: string): void {
    this.failures++;
    if (this.#said.get(path) === reason) return;
    this.#said.set(path, reason);
    this.#options.warn(`file discovery: ${path}: ${reason}; the targets known so far stay`);
  }
}
