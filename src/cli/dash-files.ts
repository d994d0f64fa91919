// Where dashboards are found: a file by its path, one's own by name in the folder of the
// configuration, and those that ship with mon. YAML and Grafana's JSON alike. Easy to get wrong: a
// file in the folder beats one of ours with the same name, and a name is never looked for as a
// path.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearestName } from '../engine/daemons/config-reader.ts';
import { parseDashboard, type DashReading } from '../engine/daemons/dash-file.ts';
import { dashboardsFolder } from '../engine/daemons/folders.ts';
import type { ReadDashboard } from '../engine/dash/dashboard.ts';
import { looksLikeJson } from '../engine/dash/grafana-json.ts';
import { UserError } from '../engine/errors.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import type { Environment } from './color.ts';
import { readInput } from './input.ts';
import type { Stage } from './stage.ts';

const FILE = /\.(?:ya?ml|json)$/i;
/** Beside the program, in a checkout and in the package alike. */
const SHIPPED = fileURLToPath(new URL('../../../fixtures/dash/', import.meta.url));

/** A dashboard that can be named. */
export interface KnownDashboard {
  readonly name: string;
  readonly path: string;
  readonly shipped: boolean;
}

/** All that can be named: one's own first, in the order of their names. */
export async function knownDashboards(env: Environment): Promise<KnownDashboard[]> {
  const own = await namesIn(dashboardsFolder(env), false);
  const taken = new Set(own.map(({ name }) => name));
  const shipped = await namesIn(SHIPPED, true);
  return [...own, ...shipped.filter(({ name }) => !taken.has(name))];
}

async function namesIn(folder: string, shipped: boolean): Promise<KnownDashboard[]> {
  if (!(await systemDisk.exists(folder))) return [];
  const files = (await systemDisk.list(folder)).filter((file) => FILE.test(file));
  return files.map((file) => ({
    name: file.replace(FILE, ''),
    path: join(folder, file),
    shipped,
  }));
}

/** The path of what was asked for by name or as a file. @throws UserError with the nearest name. */
export async function dashboardPath(asked: string, env: Environment): Promise<string> {
  if (asked === '-' || FILE.test(asked) || /[\\/]/.test(asked)) return asked;
  const known = await knownDashboards(env);
  const found = known.find(({ name }) => name === asked);
  if (found !== undefined) return found.path;
  const names = known.map(({ name }) => name);
  const near = nearestName(asked, names);
  throw new UserError(`no dashboard is called ${asked}`, {
    hint:
      near === undefined
        ? `there are ${names.join(', ')}; a file is named with its path or ending`
        : `did you mean ${near}?`,
  });
}

/** Reads a dashboard, whichever form it has. @throws UserError with the place of a mistake. */
export async function readDashboard(
  path: string,
  stage: Stage,
  reading: DashReading = {},
): Promise<ReadDashboard> {
  const text = Buffer.from(await readInput(path, stage)).toString('utf8');
  const shown = path === '-' ? '<stdin>' : resolve(path);
  const json = looksLikeJson(text) || /\.json$/i.test(path);
  if (!json) return parseDashboard(text, shown, reading);
  const { importGrafana } = await import('../engine/dash/grafana.ts');
  return importGrafana(text, shown);
}
