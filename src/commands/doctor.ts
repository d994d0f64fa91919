// `mon doctor`: what is not well with this machine, the data on it, its files and its servers, what
// that means, and the command that mends it. Exits with 1 when something is lost or will be.
import { resolve } from 'node:path';
import {
  BaseCommand,
  Flags,
  LIST_FORMATS,
  folderFlags,
  outputFlag,
  serverFlags,
} from '../base-command.ts';

export default class Doctor extends BaseCommand<typeof Doctor> {
  static override summary = 'say what is not well here, what it means, and how to mend it';
  static override description = `Looks at Node, disk, sync time, limits, memory, port, terminal,
data folders, log, configuration, rules, routes, and the servers that run here or the one named.
Exits with 1 for an error; with --strict for a warning too. Changes nothing.`;
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --all --config prometheus.yml --routes alertmanager.yml',
    '<%= config.bin %> doctor --url http://mon:9590 --strict -o json',
  ];
  static override flags = {
    ...outputFlag(...LIST_FORMATS),
    ...folderFlags,
    ...serverFlags,
    config: Flags.string({ helpValue: 'FILE', description: 'a prometheus.yml to check' }),
    routes: Flags.string({ helpValue: 'FILE', description: 'an alertmanager.yml to check' }),
    rules: Flags.string({ multiple: true, helpValue: 'GLOB', description: 'rule files to check' }),
    all: Flags.boolean({ description: 'also what is well' }),
    strict: Flags.boolean({ description: 'exit with 1 for warnings too' }),
  };

  protected async work(): Promise<number> {
    const { examine } = await import('../cli/doctor-run.ts');
    const { findingLines, findingsListing } = await import('../cli/doctor-finding.ts');
    const { usualConfig, foldersOf } = await import('../cli/running.ts');
    const { stage, flags } = this;
    const server = flags.demo || flags['data-dir'] !== undefined ? undefined : await this.server();
    const path = (file: string | undefined) => (file === undefined ? undefined : resolve(file));
    const findings = await examine({
      folders: foldersOf(flags, stage.env),
      files: {
        config: path(flags.config) ?? (await usualConfig(stage.env)),
        routes: path(flags.routes),
        rules: (flags.rules ?? []).map((glob) => resolve(glob)),
      },
      server: server?.from === 'default' ? undefined : server,
      ...{ stage, nodeVersion: process.versions.node },
    });
    const shown = flags.all ? findings : findings.filter(({ severity }) => severity !== 'ok');
    const count = (one: string) => findings.filter(({ severity }) => severity === one).length;
    if (flags.output !== 'table') await this.printListing(findingsListing(shown));
    else await stage.print(await findingLines(shown, stage));
    const errors = count('error');
    const warnings = count('warning');
    if (errors + warnings === 0) await stage.note('all is well');
    else await stage.note(`${errors} errors, ${warnings} warnings`);
    return errors > 0 || (flags.strict && warnings > 0) ? 1 : 0;
  }
}
