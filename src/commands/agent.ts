// `mon agent`: host metrics and local targets to a server far away, over a buffer on disk. Easy to
// get wrong: the server may be away for hours, so nothing waits for it at the start.
import { resolve } from 'node:path';
import { BaseCommand, Flags } from '../base-command.ts';
import { bytesOf } from '../cli/byte-size.ts';

const absolute = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : resolve(path);

export default class Agent extends BaseCommand<typeof Agent> {
  static override summary = 'send the metrics of this host to a server';
  static override description = `Collects this host's metrics, scrapes local targets if a
configuration names some, and sends all of it by remote write to a mon or a Prometheus. While the
server is away samples wait on disk and are delivered in order afterwards.`;
  static override examples = [
    '<%= config.bin %> agent --to http://monitoring.example:9590',
    '<%= config.bin %> agent --to https://prom.example/api/v1/write --config prometheus.yml',
  ];
  static override flags = {
    to: Flags.string({ required: true, helpValue: 'URL', description: 'server to send to' }),
    config: Flags.string({ helpValue: 'FILE', description: 'a prometheus.yml: what to scrape' }),
    'data-dir': Flags.string({ helpValue: 'DIR', description: 'folder of the buffer' }),
    buffer: Flags.string({ helpValue: 'SIZE', description: 'its bound; 512MB by default' }),
    'token-file': Flags.string({
      helpValue: 'FILE',
      description: 'file that holds the bearer token (MON_TOKEN_FILE)',
    }),
    'ca-file': Flags.string({
      helpValue: 'FILE',
      description: 'certificates to trust for https, PEM',
    }),
  };
  static override drains = true;

  protected async work(): Promise<number> {
    const { askedText, decideAgent, runAgent } = await import('../cli/agent-run.ts');
    const { flags, stage } = this;
    const note = (line: string): void => void stage.note(line);
    const asked = await decideAgent(
      {
        to: flags.to,
        configPath: absolute(flags.config),
        dataDir: absolute(flags['data-dir']),
        bufferBytes: flags.buffer === undefined ? undefined : bytesOf(flags.buffer, '--buffer'),
        tokenFile: absolute(flags['token-file'] ?? (stage.env['MON_TOKEN_FILE'] || undefined)),
        caFile: absolute(flags['ca-file']),
      },
      note,
    );
    this.becomeSmall('agent', askedText(asked));
    const print = (line: string): void => void stage.print([`${line}\n`]);
    return await runAgent(asked, { env: stage.env, signal: this.signal, print, note });
  }
}
