// What `mon doctor` does: every check there is, each on its own, the worst told first. Easy to get
// wrong: a check that breaks must not hide the others.
import { systemHost } from '../engine/runtime/host-reader.ts';
import type { HttpTarget } from '../engine/remote/http-request.ts';
import { configFindings, folderFindings } from './doctor-data.ts';
import type { FilesToCheck } from './doctor-data.ts';
import { looked, sorted, well } from './doctor-finding.ts';
import type { DoctorFinding } from './doctor-finding.ts';
import {
  diskFindings,
  nodeFinding,
  portFinding,
  processFindings,
  terminalFindings,
} from './doctor-machine.ts';
import { serverFindings } from './doctor-server.ts';
import { runningIn } from './running.ts';
import type { Stage } from './stage.ts';

export interface DoctorOptions {
  readonly folders: readonly string[];
  readonly files: FilesToCheck;
  /** A server that was named; those that run here are asked anyway. */
  readonly server: HttpTarget | undefined;
  readonly stage: Stage;
  readonly nodeVersion: string;
}

/** Looks at everything. */
export async function examine(options: DoctorOptions): Promise<readonly DoctorFinding[]> {
  const { folders, files, server, stage, nodeVersion } = options;
  const running = runningIn(folders);
  const held = new Set(running.map(({ folder }) => folder));
  // Where nothing runs it is the first folder that a server would take.
  const disks = held.size > 0 ? [...held] : folders.slice(0, 1);
  const pids = running.map(({ owner }) => owner.pid);
  const whose: readonly (number | 'self')[] = pids.length > 0 ? pids : ['self'];
  const targets = running.flatMap(({ owner }) =>
    owner.listen === '' ? [] : [{ url: `http://${owner.listen}` }],
  );
  const asked = server === undefined ? targets : [server];
  const found = [
    nodeFinding(nodeVersion),
    ...(await all(disks, 'disk', (one) => diskFindings(one, systemHost, stage))),
    ...(await all(whose, 'process', (pid) => processFindings(pid, systemHost))),
    ...(await looked('port', async () => [portFinding(running)])),
    ...(await all(folders, 'folder', folderFindings)),
    ...(await looked('config', () => configFindings(files))),
    ...(await all(asked, 'server', (one) => serverFindings(one, stage))),
    ...(await looked('terminal', () => terminalFindings(stage))),
  ];
  if (asked.length === 0) found.push(well('server', 'none runs here and none was named'));
  return sorted(found);
}

async function all<T>(
  list: readonly T[],
  check: string,
  look: (one: T) => Promise<readonly DoctorFinding[]>,
): Promise<readonly DoctorFinding[]> {
  const found = await Promise.all(list.map((one) => looked(check, () => look(one))));
  return found.flat();
}
