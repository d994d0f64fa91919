// The version told by the API is the version of the package. A constant in the source, so somebody
// will forget it: this test does not.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { VERSION } from '../../../src/engine/daemons/version.ts';
import { projectRoot } from '../../support/project.ts';

test('the version of the API is the version of the package', () => {
  const text = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  assert.equal(VERSION.version, (JSON.parse(text) as { version: string }).version);
});
