// `mon up`: all roles in one process on this machine, until it is stopped. Easy to get wrong:
// paths are made absolute here, because the process in the background has another folder.
import { resolve } from 'node:path';
import { BaseCommand, Flags, folderFlags } from '../base-command.ts';
import { clusterFlags, clusterSize } from '../cli/cluster-flags.ts';

const absolute = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : resolve(path);

export default class Up extends BaseCommand<typeof Up> {
  static override summary = 'start a server on this machine';
  static override description = `Collects, stores and answers queries in one process.
Without a configuration it scrapes itself and watches this host.
Ctrl-C drains and stops it; a second one leaves at once.
With a configuration SIGHUP reads it again; so does mon reload.`;
  static override examples = [
    '<%= config.bin %> up --demo',
    '<%= config.bin %> up --config prometheus.yml --detach',
  ];
  static override flags = {
    ...folderFlags,
    config: Flags.string({ helpValue: 'FILE', description: 'a prometheus.yml' }),
    listen: Flags.string({ helpValue: 'HOST:PORT', description: '127.0.0.1:9590 by default' }),
    detach: Flags.boolean({ char: 'd', description: 'go on in the background' }),
    background: Flags.boolean({ hidden: true, description: 'what --detach starts' }),
    'enable-admin': Flags.boolean({ description: 'let the API delete series and take snapshots' }),
    'enable-lifecycle': Flags.boolean({
      description: 'let POST /-/reload and mon reload work without a token',
    }),
    routes: Flags.string({ helpValue: 'FILE', description: 'who is notified: alertmanager.yml' }),
    'token-file': Flags.string({
      helpValue: 'FILE',
      description: 'who asks must know this token; a public address needs one (MON_TOKEN_FILE)',
    }),
    kafka: Flags.string({
      helpValue: 'BROKERS',
      description: 'keep the log in Kafka: HOST:PORT,HOST:PORT',
    }),
    rules: Flags.string({
      multiple: true,
      helpValue: 'GLOB',
      description: 'rule files, beside those of the configuration; SIGHUP reads them anew',
    }),
    ...clusterFlags,
    shards: Flags.integer({ min: 1, max: 64, description: 'worker threads that store and query' }),
  };
  static override drains = true;

  protected async work(): Promise<number> {
    const { up } = await import('../engine/daemons/up.ts');
    const { flags, stage } = this;
    return await up({
      demo: flags.demo,
      configPath: absolute(flags.config),
      dataDir: absolute(flags['data-dir']),
      listen: flags.listen,
      detach: flags.detach,
      background: flags.background,
      tokenFile: absolute(flags['token-file'] ?? (stage.env['MON_TOKEN_FILE'] || undefined)),
      routesPath: absolute(flags.routes),
      enableAdmin: flags['enable-admin'],
      enableLifecycle: flags['enable-lifecycle'],
      onHangup: (listener) => this.onHangup(listener),
      rules: flags.rules?.map((glob) => resolve(glob)),
      shards: flags.shards,
      kafka: flags.kafka,
      ...(flags.cluster ? { cluster: clusterSize(flags) } : {}),
      env: stage.env,
      signal: this.signal,
      print: (line) => void stage.print([`${line}\n`]),
      warn: (line) => void stage.note(line),
    });
  }
}
