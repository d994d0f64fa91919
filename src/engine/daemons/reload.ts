// Reading the configuration again while the server runs: by SIGHUP, by POST /-/reload. What is
// scraped follows the file at once; everything else is told and waits for a restart. Easy to get
// wrong: a file with a mistake must change nothing at all, and two reloads must not overtake each
// other.
import type { ScrapeConfig } from '../collector/scrape-config.ts';
import { MonError, UserError, messageOf } from '../errors.ts';
import type { ReloadReport } from '../model/reload-report.ts';
import type { Logger } from '../runtime/logger.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { parseConfig } from './config.ts';
import type { MonConfig } from './config.ts';

/** Who scrapes: takes the jobs as they should be from now on. */
export interface ScrapeTaker {
  apply(configs: readonly ScrapeConfig[]): Promise<void>;
}

/** Reads and checks a file. @throws UserError with file, line and column. */
export async function readConfig(
  path: string,
  warn: (sentence: string) => void,
): Promise<MonConfig> {
  let text: string;
  try {
    text = Buffer.from(await systemDisk.readFile(path)).toString('utf8');
  } catch (thrown) {
    throw new UserError(messageOf(thrown), { hint: 'mon config init writes a starter' });
  }
  const { config, warnings } = parseConfig(text, path);
  for (const warning of warnings) warn(warning);
  return config;
}

export class Reloader {
  readonly #path: string;
  #config: MonConfig;
  #takers: ScrapeTaker | undefined;
  #also: ((config: MonConfig) => Promise<unknown>) | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #logger: Logger | undefined;

  constructor(path: string, config: MonConfig) {
    this.#path = path;
    this.#config = config;
  }

  /** The configuration that runs: for what needs a restart still the one of the start. */
  get config(): MonConfig {
    return this.#config;
  }

  /** The way for who has the targets; each reload is told to the logger. */
  over(logger: Logger): () => Promise<ReloadReport> {
    this.#logger = logger;
    return () => {
      return this.reload();
    };
  }

  /** Says who scrapes, and what else is read anew, before anybody asks for a reload. */
  serve(targets: ScrapeTaker, also: (config: MonConfig) => Promise<unknown>): void {
    this.#takers = targets;
    this.#also = also;
  }

  /** Reads the file and applies it. @throws UserError when it has a mistake: nothing changed. */
  reload(): Promise<ReloadReport> {
    const next = this.#turn.then(() => this.#reload());
    this.#turn = next.catch(() => undefined);
    return next;
  }

  async #reload(): Promise<ReloadReport> {
    const warnings: string[] = [];
    try {
      const config = await readConfig(this.#path, (sentence) => warnings.push(sentence));
      const report = reportOf(this.#config, config, warnings);
      // First what may refuse its files, so that a mistake there changes nothing here.
      await this.#also?.(config);
      await this.#takers?.apply(config.scrapes);
      const { scrapes, aggregate, cardinality } = config;
      this.#config = { ...this.#config, scrapes, aggregate, cardinality };
      this.#tell(report);
      return report;
    } catch (thrown) {
      const why = thrown instanceof UserError || thrown instanceof MonError;
      if (why) this.#logger?.error('the configuration stays as it was', { why: thrown.message });
      throw thrown;
    }
  }

  #tell(report: ReloadReport): void {
    const { added, removed, changed, kept, applied = [], restart, warnings } = report;
    for (const warning of warnings) this.#logger?.warn(warning);
    this.#logger?.info('configuration reloaded', {
      added: added.join(' '),
      removed: removed.join(' '),
      changed: changed.join(' '),
      kept,
      applied: applied.join(' '),
    });
    if (restart.length === 0) return;
    this.#logger?.warn('some settings count only after a restart', { settings: restart.join(' ') });
  }
}

/** Names in the file, where they are not those of the options in snake case. */
const IN_FILE: Partial<Record<keyof MonConfig, string>> = {
  retentionMs: 'retention',
  retentionBytes: 'retention_size',
  checkpointMs: 'checkpoint_interval',
  intervalMs: 'scrape_interval',
  timeoutMs: 'scrape_timeout',
  evaluationIntervalMs: 'evaluation_interval',
  behind: 'store',
};

/** What a reload applies at once. */
const APPLIED: ReadonlySet<keyof MonConfig> = new Set(['scrapes', 'aggregate', 'cardinality']);

function nameInFile(key: keyof MonConfig): string {
  return IN_FILE[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function reportOf(before: MonConfig, after: MonConfig, warnings: readonly string[]): ReloadReport {
  const old = new Map(before.scrapes.map((one) => [one.jobName, JSON.stringify(one)]));
  const now = new Map(after.scrapes.map((one) => [one.jobName, JSON.stringify(one)]));
  const both = [...now.keys()].filter((name) => old.has(name));
  const changed = both.filter((name) => old.get(name) !== now.get(name));
  const changes = (key: keyof MonConfig): boolean =>
    JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  // Rollups follow the retention; who changed that need not hear of both.
  const differs = (key: keyof MonConfig): boolean =>
    !APPLIED.has(key) && changes(key) && !(key === 'rollups' && changes('retentionMs'));
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    changed,
    kept: both.length - changed.length,
    applied: [...APPLIED].filter((key) => key !== 'scrapes' && changes(key)).map(nameInFile),
    restart: (Object.keys(after) as (keyof MonConfig)[]).filter(differs).map(nameInFile),
    warnings,
  };
}

/** Reloads at each SIGHUP; what goes wrong is in the log. */
export function reloadOnHangup(
  reloader: { reload(): Promise<unknown> },
  onHangup: ((listener: () => void) => void) | undefined,
  failed: (thrown: unknown) => void,
): void {
  onHangup?.(() => {
    reloader.reload().catch((thrown: unknown) => {
      const told = thrown instanceof UserError || thrown instanceof MonError;
      if (!told) failed(thrown);
    });
  });
}

/** What the API may call; undefined where nobody allowed it or there is no file. */
export function reloadOf<T extends ScrapeTaker>(
  options: {
    readonly lifecycle?: boolean;
    readonly reload?: (targets: T) => Promise<ReloadReport>;
  },
  targets: T,
): (() => Promise<ReloadReport>) | undefined {
  const { lifecycle, reload } = options;
  if (lifecycle !== true) return undefined;
  if (reload !== undefined) return () => reload(targets);
  const why = 'the server runs without a configuration file';
  return () => Promise.reject(new UserError(why, { hint: 'mon up --config FILE' }));
}
