// The version that the API tells; a test holds it equal to package.json's.
import type { VersionInfo } from '../api/api-parts.ts';

export const VERSION: VersionInfo = {
  version: '0.1.0',
  branch: 'main',
  runtime: `node ${process.versions.node}`,
};
