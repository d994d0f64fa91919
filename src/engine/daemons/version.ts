// The version that the API tells, as a constant: the package file is not read at run time. A test
// holds it equal to that of package.json.
import type { VersionInfo } from '../api/api-parts.ts';

export const VERSION: VersionInfo = {
  version: '0.1.0',
  branch: 'main',
  runtime: `node ${process.versions.node}`,
};
