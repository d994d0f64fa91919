// SLO files of every kind, read together: Sloth's, OpenSLO v1 and v1alpha, several documents a
// file. Easy to get wrong: OpenSLO objects refer to one another across files, so all are read
// before the first SLO is made; and two SLOs of one id would make rules that overwrite each other.
import type { AlertWindows } from '../alert/slo/burn-windows.ts';
import { UserError } from '../errors.ts';
import { SLOS_MAX } from '../limits.ts';
import type { Slo } from '../model/slo.ts';
import { ConfigFile } from './config-reader.ts';
import { readAlpha } from './slo-alpha.ts';
import { readOpenSlos } from './slo-openslo.ts';
import { OpenSloObjects } from './slo-openslo-objects.ts';
import { readAlertWindows, readServiceLevel, readSloth } from './slo-sloth.ts';

export interface SloText {
  /** As complaints name it. */
  readonly path: string;
  readonly text: string;
}

/** Documents by what they say they are. */
const KINDS: Readonly<Record<string, string>> = {
  'version prometheus/v1': 'sloth',
  'apiVersion sloth.slok.dev/v1 PrometheusServiceLevel': 'service-level',
  'apiVersion sloth.slok.dev/v1 AlertWindows': 'windows',
};

/**
 * The SLOs of all files, in their order. `periodMs` is for files that name none.
 * @throws UserError with file, line, column and field of the first mistake.
 */
export function parseSloFiles(files: readonly SloText[], periodMs: number): Slo[] {
  const documents = files.flatMap(({ text, path }) => {
    const found = ConfigFile.all(text, path).filter(({ root }) => root !== null);
    if (found.length === 0) throw new UserError(`${path}: there is no SLO in it`);
    return found.map((file) => ({ file, kind: kindOf(file) }));
  });
  const of = (kind: string): ConfigFile[] =>
    documents.filter((one) => one.kind === kind).map(({ file }) => file);
  const windows: AlertWindows[] = of('windows').map(readAlertWindows);
  const defaults = { periodMs, windows };
  const objects = new OpenSloObjects();
  for (const file of of('openslo')) objects.add(file);
  const slos = [
    ...of('sloth').flatMap((file) => readSloth(file, defaults)),
    ...of('service-level').flatMap((file) => readServiceLevel(file, defaults)),
    ...of('alpha').flatMap((file) => readAlpha(file, defaults)),
    ...readOpenSlos(objects, defaults),
  ];
  const order = new Map(files.map(({ path }, i) => [path, i]));
  const rank = ({ place }: Slo): number => order.get(place.file) ?? 0;
  slos.sort((a, b) => rank(a) - rank(b) || a.place.line - b.place.line);
  checkTogether(slos);
  return slos;
}

function kindOf(file: ConfigFile): string {
  const texts = new Map<string, string>();
  for (const { key, value } of file.entries(file.root, 'an SLO file')) {
    const asked = ['version', 'apiVersion', 'kind'].includes(key);
    if (asked && value !== null) texts.set(key, file.text(value, key));
  }
  const api = texts.get('apiVersion');
  if (api === 'openslo/v1') return 'openslo';
  if (api === 'openslo/v1alpha') return 'alpha';
  const key =
    api === undefined
      ? `version ${texts.get('version')}`
      : `apiVersion ${api} ${texts.get('kind')}`;
  const kind = Object.hasOwn(KINDS, key) ? KINDS[key] : undefined;
  if (kind !== undefined) return kind;
  return file.fail(file.root, 'version or apiVersion names no format of SLOs', FORMATS);
}

const FORMATS = 'version: prometheus/v1 (Sloth), or apiVersion: openslo/v1';

function checkTogether(slos: readonly Slo[]): void {
  if (slos.length > SLOS_MAX) {
    throw new UserError(`${slos.length} SLOs in one run; ${SLOS_MAX} are the most`);
  }
  const known = new Map<string, Slo>();
  for (const slo of slos) {
    const { file, line, column } = slo.place;
    const first = known.get(slo.id);
    if (first !== undefined) {
      const hint = `the first is at ${first.place.file}:${first.place.line}`;
      throw new UserError(`${file}:${line}:${column}: name: SLO ${slo.id} is there twice`, {
        hint,
      });
    }
    known.set(slo.id, slo);
  }
}
