// Reading the configuration again in a cluster: the processes that evaluate rules, notify and
// scrape each read their own files, asked one after the other. Easy to get wrong: first those that
// may refuse, so that a mistake in a rule file does not leave half of the cluster with new targets.
import { UserError } from '../errors.ts';
import type { ReloadReport } from '../model/reload-report.ts';
import type { ClusterDirectory } from './cluster-directory.ts';
import type { RoleSettings, RoleWorld } from './role-frame.ts';

/** In the order in which they are asked. */
export const RELOADED: readonly string[] = [
  ...['alert', 'notify', 'aggregate', 'region', 'collector', 'api'],
];

const NOTHING: ReloadReport = {
  ...{ added: [], removed: [], changed: [], kept: 0, restart: [], warnings: [] },
};

interface Addressed {
  readonly address: string;
}

/** What POST /-/reload does; undefined where nobody allowed it. */
export function clusterReload(
  { options }: RoleWorld,
  directory: ClusterDirectory,
): (() => Promise<ReloadReport>) | undefined {
  if (options.settings.lifecycle !== true) return undefined;
  if (options.reloader === undefined) {
    const why = 'the cluster runs without a configuration file';
    return () => Promise.reject(new UserError(why, { hint: 'mon up --cluster --config FILE' }));
  }
  return async () => {
    let report = NOTHING;
    for (const role of RELOADED) {
      const found = directory.members(role).flatMap(({ facts }) => {
        return (facts as Addressed | null)?.address ?? [];
      });
      for (const address of found) {
        const told = await directory.link(address, 'reload').call('reload', []);
        // All collectors read the same file.
        if (told !== undefined) report = told as ReloadReport;
      }
    }
    return report;
  };
}

/** Whether SIGHUP means that this cluster's processes read their files again. */
export function hearsHangup(configPath: string | undefined, settings: RoleSettings): boolean {
  const { rules, routesPath } = settings;
  return configPath !== undefined || rules.files.length > 0 || routesPath !== undefined;
}
