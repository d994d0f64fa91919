// Where the project's root and the shared test data lie, seen from a compiled test. Tests that need
// the data say so and skip where it is missing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json; compiled tests lie in dist/test/support. */
export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** The folder of peers' test data, or undefined where this checkout stands without it. */
export function sharedData(): string | undefined {
  const folder = process.env['MON_SHARED'] ?? join(projectRoot, '..', 'shared');
  const data = join(folder, 'data');
  return existsSync(data) ? data : undefined;
}
