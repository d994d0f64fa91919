// `mon watch`: a small process beside the servers that notices when they, their processes or their
// alerts fall silent, and tells somebody. Easy to get wrong: it must not die with what it watches,
// so it loads nothing of the engine.
import { resolve } from 'node:path';
import { BaseCommand, Flags, LIST_FORMATS, outputFlag } from '../base-command.ts';

const absolute = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : resolve(path);
const file = (description: string) => Flags.string({ helpValue: 'FILE', description });
const time = (description: string) => Flags.string({ helpValue: 'DURATION', description });

export default class Watch extends BaseCommand<typeof Watch> {
  static override summary = 'notice when servers, their processes or their alerts fall silent';
  static override description = `Asks each server for its health and that of its processes, writes
a sample and reads it back, looks whether rules are evaluated, and tells a webhook what is down,
late or well again, each once. Two watchers with --peer watch each other.
Exit codes of --once: 0 all well, 3 something is not, 1 nobody could be told.`;
  static override examples = [
    '<%= config.bin %> watch --url http://mon:9590 --tell https://hooks.example/ops',
    '<%= config.bin %> watch --once --url http://mon:9590',
    '<%= config.bin %> watch --config watch.yml --peer http://other:9595',
  ];
  static override flags = {
    url: Flags.string({ multiple: true, helpValue: 'URL', description: 'a server to watch' }),
    peer: Flags.string({ multiple: true, helpValue: 'URL', description: 'another watcher' }),
    tell: Flags.string({
      multiple: true,
      helpValue: 'URL',
      description: 'who is told: an Alertmanager (…/api/v2/alerts), or a hook that takes JSON',
    }),
    config: file('a watch.yml with the same, and more for each server'),
    name: Flags.string({ helpValue: 'NAME', description: 'of this watcher; this host by default' }),
    every: time('between two rounds; 5s'),
    after: time('tell what fails for so long; 10s'),
    late: time('a sample that takes longer to be readable is late; 2s'),
    heartbeat: time('POST /heartbeat has to come within this; off by default'),
    watchdog: Flags.string({ helpValue: 'ALERT', description: 'this alert has to fire' }),
    canary: Flags.boolean({ default: true, allowNo: true, description: 'write and read a sample' }),
    listen: Flags.string({ helpValue: 'HOST:PORT', description: 'own health; 127.0.0.1:9595' }),
    state: file('where it keeps what was told'),
    'token-file': file('bearer token for the servers of --url (MON_TOKEN_FILE)'),
    'ca-file': file('certificates to trust for https, PEM'),
    once: Flags.boolean({ description: 'one round, then say how all is' }),
    ...outputFlag(...LIST_FORMATS),
  };
  static override drains = true;

  protected async work(): Promise<number> {
    const { runWatch } = await import('../cli/watch-run.ts');
    const { stage, flags } = this;
    const files = {
      config: absolute(flags.config),
      state: absolute(flags.state),
      token: absolute(flags['token-file'] ?? (stage.env['MON_TOKEN_FILE'] || undefined)),
      ca: absolute(flags['ca-file']),
    };
    const { listing, code } = await runWatch({ flags, files, stage });
    if (listing !== undefined) await this.printListing(listing);
    return code;
  }
}
