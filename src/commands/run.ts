// `mon run ROLE`: one role as a process of its own, on this machine or as one of many. Easy to get
// wrong: it drains when it is told to stop, so it takes as long as that takes.
import { resolve } from 'node:path';
import { Args, BaseCommand, Flags } from '../base-command.ts';

const absolute = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : resolve(path);
const file = (description: string) => Flags.string({ helpValue: 'FILE', description });

export default class Run extends BaseCommand<typeof Run> {
  static override summary = 'run one role of a cluster';
  static override description = `Roles: log, store, query, alert, notify, aggregate, region,
collector, api; over Kafka, state instead of log. The log (or state) lends the state of the
cluster at its --socket; every other role finds it by --hub. mon up --cluster starts all here.`;
  static override examples = [
    '<%= config.bin %> run log --socket 10.0.0.1:9591 --cluster-token-file token',
    '<%= config.bin %> run store --hub 10.0.0.1:9591 --zone a --member store-0 --config mon.yml',
  ];
  static override args = { role: Args.string({ required: true, description: 'what it does' }) };
  static override flags = {
    config: file('a prometheus.yml'),
    'data-dir': Flags.string({ helpValue: 'DIR', description: 'folder of this process' }),
    hub: Flags.string({ helpValue: 'ADDRESS', description: 'where mon run log listens' }),
    socket: Flags.string({
      helpValue: 'ADDRESS',
      default: '127.0.0.1:0',
      description: 'HOST:PORT or unix:/path where the other roles reach this one',
    }),
    advertise: Flags.string({ helpValue: 'ADDRESS', description: 'its address for the others' }),
    member: Flags.string({ helpValue: 'NAME', description: 'its name, such as store-0' }),
    zone: Flags.string({ default: 'a', description: 'a store: every zone holds everything once' }),
    zones: Flags.string({ helpValue: 'A,B', description: 'all zones that there are' }),
    'cluster-token-file': file('a secret that all processes of the cluster know'),
    objects: Flags.string({ helpValue: 'DIR', description: 'object store of sealed blocks' }),
    listen: Flags.string({ helpValue: 'HOST:PORT', description: 'the HTTP API of the role api' }),
    'token-file': file('who asks the API must know this token'),
    'enable-lifecycle': Flags.boolean({ description: 'let mon reload work without a token' }),
    'enable-admin': Flags.boolean({ description: 'let the API delete series' }),
    rules: Flags.string({
      multiple: true,
      helpValue: 'GLOB',
      description: 'rule files of the role alert, beside those of the configuration',
    }),
    routes: file('who is notified by the role notify: alertmanager.yml'),
    kafka: Flags.string({ helpValue: 'BROKERS', description: 'the log is in Kafka' }),
    shards: Flags.integer({ min: 1, max: 64, description: 'worker threads of a store' }),
    demo: Flags.boolean({ description: 'watch a made-up fleet' }),
    'log-file': file('instead of stderr'),
    supervised: Flags.boolean({ hidden: true, description: 'ends with its stdin' }),
  };
  static override drains = true;

  protected async work(): Promise<number> {
    const { run } = await import('../engine/daemons/run.ts');
    const { flags, stage } = this;
    return await run({
      ...{ role: this.args.role, member: flags.member, zone: flags.zone, demo: flags.demo },
      zones: flags.zones?.split(','),
      ...{ hub: flags.hub, socket: flags.socket, advertise: flags.advertise },
      ...{ listen: flags.listen, enableAdmin: flags['enable-admin'], shards: flags.shards },
      rules: flags.rules?.map((glob) => resolve(glob)),
      ...{ routesPath: absolute(flags.routes), kafka: flags.kafka },
      configPath: absolute(flags.config),
      dataDir: absolute(flags['data-dir']),
      tokenFile: absolute(flags['token-file']),
      clusterTokenFile: absolute(flags['cluster-token-file']),
      objects: absolute(flags.objects),
      logFile: absolute(flags['log-file']),
      supervisor: flags.supervised ? stage.stdin : undefined,
      enableLifecycle: flags['enable-lifecycle'],
      onHangup: (listener) => this.onHangup(listener),
      ...{ env: stage.env, signal: this.signal },
      print: (line) => void stage.print([`${line}\n`]),
      warn: (line) => void stage.note(line),
    });
  }
}
