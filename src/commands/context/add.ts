// `mon context add`: gives a server a name. Nothing is asked of the server, so that a name can be
// given before it runs.
import { Args, BaseCommand, Flags } from '../../base-command.ts';

export default class ContextAdd extends BaseCommand<typeof ContextAdd> {
  static override summary = 'give a server a name';
  static override description = `The address of any Prometheus will do. The first context
becomes the current one. A context of the same name is replaced.`;
  static override examples = [
    '<%= config.bin %> context add prod https://mon.example.org --token-file ~/.mon-token',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'name', ignoreStdin: true }),
    url: Args.string({ required: true, description: 'address', ignoreStdin: true }),
  };
  static override flags = {
    'token-file': Flags.string({ helpValue: 'FILE', description: 'file with its bearer token' }),
    'ca-file': Flags.string({ helpValue: 'FILE', description: 'certificates to trust, PEM' }),
    use: Flags.boolean({ description: 'make it the current one' }),
  };

  protected async work(): Promise<number> {
    const { addContext } = await import('../../cli/context-run.ts');
    const { flags, args, stage } = this;
    const context = { ...args, tokenFile: flags['token-file'], caFile: flags['ca-file'] };
    await addContext(context, flags.use, stage);
    return 0;
  }
}
